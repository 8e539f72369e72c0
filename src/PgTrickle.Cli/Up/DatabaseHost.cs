using System.Net;
using Npgsql;
using PgTrickle.Cli.Connections;
using PgTrickle.Postgres.Embedded;

namespace PgTrickle.Cli.Up;

/// <summary>How an embedded server should be started.</summary>
/// <param name="DataDirectory">Kept when the server stops; null uses a temporary one.</param>
/// <param name="Port">On 127.0.0.1; null takes a free one.</param>
internal sealed record EmbeddedPlace(string? DataDirectory = null, int? Port = null);

/// <summary>A PostgreSQL server to work with: started here, and then stopped by disposal, or given.</summary>
internal sealed class DatabaseHost : IAsyncDisposable
{
    private readonly EmbeddedPostgres? _server;

    private DatabaseHost(EmbeddedPostgres? server, NpgsqlConnectionStringBuilder administrator)
    {
        _server = server;
        Administrator = administrator;
    }

    /// <summary>Whether the server was started here, so that it is this command's alone and its password no secret.</summary>
    public bool IsEmbedded => _server is not null;

    /// <summary>Who installs: the superuser of a server started here, else the role of the given connection.</summary>
    public NpgsqlConnectionStringBuilder Administrator { get; }

    /// <summary>What people connect with. Without password for a given server: who gave it knows it.</summary>
    public string DirectUri => _server?.ConnectionUri(Administrator.Database!) ?? PostgresUri.WithoutSecrets(Administrator);

    /// <summary>The same by way of a gateway.</summary>
    public string GatewayUri(DnsEndPoint gateway)
    {
        var connection = new NpgsqlConnectionStringBuilder(Administrator.ConnectionString) { Host = gateway.Host, Port = gateway.Port };
        return IsEmbedded ? PostgresUri.WithPassword(connection) : PostgresUri.WithoutSecrets(connection);
    }

    /// <summary>Starts the server, or checks that the given one can be reached.</summary>
    /// <exception cref="EmbeddedPostgresException">It can't be started.</exception>
    /// <exception cref="NpgsqlException">It can't be reached.</exception>
    public static async Task<DatabaseHost> StartAsync(
        PostgresTarget target, EmbeddedPlace place, IProgress<EmbeddedProgress> progress, CancellationToken cancellation)
    {
        if (target is PostgresTarget.Given given)
        {
            var host = new DatabaseHost(null, Complete(given.Connection));
            await using var probe = await ShortConnection.OpenAsync(host.Administrator, cancellation);
            return host;
        }

        var options = new EmbeddedPostgresOptions
        {
            MajorVersion = ((PostgresTarget.Embedded)target).MajorVersion,
            DataDirectory = place.DataDirectory,
            Port = place.Port,
            Settings = new Dictionary<string, string>
            {
                ["max_connections"] = "200",
                ["max_prepared_transactions"] = "50",
            },
        };
        var server = await EmbeddedPostgres.StartAsync(options, progress, cancellation);
        return new DatabaseHost(server, new NpgsqlConnectionStringBuilder(server.ConnectionString()) { IncludeErrorDetail = true });
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    /// <summary>The database's name is needed; as with libpq, it is the role's unless given.</summary>
    private static NpgsqlConnectionStringBuilder Complete(NpgsqlConnectionStringBuilder given)
    {
        var complete = new NpgsqlConnectionStringBuilder(given.ConnectionString);
        complete.Username ??= Environment.UserName;
        complete.Database ??= complete.Username;
        return complete;
    }
}
