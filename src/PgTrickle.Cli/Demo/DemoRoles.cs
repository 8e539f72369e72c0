using System.Net;
using System.Security.Cryptography;
using Npgsql;
using PgTrickle.Cli.Connections;

namespace PgTrickle.Cli.Demo;

/// <summary>
/// A database of the demo's own on a server, and its two plain roles: one owns the tables and the stream tables, another writes. All are dropped on disposal.
/// </summary>
internal sealed class DemoRoles : IAsyncDisposable
{
    private readonly NpgsqlConnectionStringBuilder _server;
    private readonly string _name;
    private readonly Dictionary<string, string> _connections = [];

    private DemoRoles(NpgsqlConnectionStringBuilder server, string name)
    {
        _server = server;
        _name = name;
        Administrator = In(server, name);
    }

    /// <summary>The role that was given, in the new database.</summary>
    public NpgsqlConnectionStringBuilder Administrator { get; }

    /// <summary>Creates tables and stream tables, and reads them.</summary>
    public NpgsqlDataSource Owner { get; private set; } = null!;

    /// <summary>May insert, update and delete rows of the tables, and nothing else.</summary>
    public NpgsqlDataSource Writer { get; private set; } = null!;

    private string OwnerName => _name + "_owner";

    private string WriterName => _name + "_writer";

    /// <summary>Creates database and roles; needs CREATEDB and CREATEROLE.</summary>
    public static async Task<DemoRoles> CreateAsync(NpgsqlConnectionStringBuilder server, CancellationToken cancellation)
    {
        var roles = new DemoRoles(server, "pgtrickle_demo_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4)));
        try
        {
            await using (var connection = await ShortConnection.OpenAsync(server, cancellation))
            {
                await ServerFormatted.ExecuteAsync(connection, "CREATE DATABASE %I", cancellation, roles._name);
                roles.Owner = await roles.CreateRoleAsync(connection, roles.OwnerName, cancellation);
                roles.Writer = await roles.CreateRoleAsync(connection, roles.WriterName, cancellation);
            }

            await using var inside = await ShortConnection.OpenAsync(roles.Administrator, cancellation);
            await ServerFormatted.ExecuteAsync(inside, "GRANT USAGE, CREATE ON SCHEMA public TO %I", cancellation, roles.OwnerName);
            return roles;
        }
        catch
        {
            await roles.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets the writer write the owner's tables.</summary>
    public async Task GrantTablesAsync(IEnumerable<string> tables, CancellationToken cancellation)
    {
        await using var connection = await Owner.OpenConnectionAsync(cancellation);
        foreach (var table in tables)
        {
            await ServerFormatted.ExecuteAsync(connection, "GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO %I", cancellation, table, WriterName);
        }

        await ServerFormatted.ExecuteAsync(connection, "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO %I", cancellation, WriterName);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var source in (NpgsqlDataSource?[])[Owner, Writer])
        {
            if (source is not null)
            {
                await source.DisposeAsync();
            }
        }

        await using var connection = await ShortConnection.OpenAsync(_server, CancellationToken.None);
        await DropDatabaseAsync(connection);
        await ServerFormatted.ExecuteAsync(connection, "DROP ROLE IF EXISTS %I, %I", CancellationToken.None, OwnerName, WriterName);
    }

    /// <summary>Who is no superuser may not end the sessions of others; those that are about to end are waited for by the server, some seconds.</summary>
    private async Task DropDatabaseAsync(NpgsqlConnection connection)
    {
        try
        {
            await ServerFormatted.ExecuteAsync(connection, "DROP DATABASE IF EXISTS %I WITH (FORCE)", CancellationToken.None, _name);
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            await ServerFormatted.ExecuteAsync(connection, "DROP DATABASE IF EXISTS %I", CancellationToken.None, _name);
        }
    }

    /// <summary>From now on both roles connect by way of a gateway.</summary>
    public async Task UseGatewayAsync(DnsEndPoint gateway)
    {
        await Owner.DisposeAsync();
        await Writer.DisposeAsync();
        (Owner, Writer) = (Through(OwnerName), Through(WriterName));

        NpgsqlDataSource Through(string name) => NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(_connections[name]) { Host = gateway.Host, Port = gateway.Port, SslMode = SslMode.Prefer });
    }

    private async Task<NpgsqlDataSource> CreateRoleAsync(NpgsqlConnection connection, string name, CancellationToken cancellation)
    {
        var password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        await ServerFormatted.ExecuteAsync(connection, "CREATE ROLE %I LOGIN PASSWORD %L", cancellation, name, password);
        _connections[name] = new NpgsqlConnectionStringBuilder(Administrator.ConnectionString)
        {
            Username = name,
            Password = password,
            Options = null,
            MaxPoolSize = 20,
        }.ConnectionString;
        return NpgsqlDataSource.Create(_connections[name]);
    }

    private static NpgsqlConnectionStringBuilder In(NpgsqlConnectionStringBuilder server, string database) =>
        new(server.ConnectionString) { Database = database };
}
