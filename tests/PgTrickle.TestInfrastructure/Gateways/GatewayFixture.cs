using System.Net;
using Npgsql;
using PgTrickle.Gateway;
using PgTrickle.Postgres.Catalog;
using Xunit;

namespace PgTrickle.TestInfrastructure.Gateways;

/// <summary>A database with the schema installed, a gateway in front of it, and a stand-in for the cluster.</summary>
public sealed class GatewayFixture : IAsyncDisposable
{
    private static readonly DatabaseTemplate Installed = new(async database =>
        await database.Server.WithRolesLockedAsync(() => new Installer().InstallAsync(database.Superuser.ConnectionString)));

    private const string ControlName = "gateway";

    private readonly NpgsqlDataSource _control;
    private readonly GatewayMetrics _metrics = new();
    private readonly ErrorLog _errors = new();

    private GatewayFixture(TestDatabase database, NpgsqlDataSource control, Func<GatewayOptions, GatewayOptions> configure)
    {
        Database = database;
        _control = control;
        Node = new StandInNode(database);
        var options = new GatewayOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Server = new ServerAddress("127.0.0.1", database.Server.Postgres.Port, SslMode.Disable),
            Database = database.Name,
        };
        _options = configure(options);
        Gateway = StartAnother();
        Connections = NpgsqlDataSource.Create(ConnectionString);
    }

    private readonly GatewayOptions _options;

    public TestDatabase Database { get; }

    public StandInNode Node { get; }

    public GatewayServer Gateway { get; }

    public int Port => Gateway.EndPoint.Port;

    /// <summary>Sessions of the database's owner through the gateway.</summary>
    public NpgsqlDataSource Connections { get; }

    public string ConnectionString => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Database = Database.Name,
        Username = Database.OwnerRole,
        SslMode = SslMode.Disable,
        Timeout = 60,
        CommandTimeout = 300,
        IncludeErrorDetail = true,
    }.ConnectionString;

    public static async Task<GatewayFixture> StartAsync(PostgresVersion version, Func<GatewayOptions, GatewayOptions>? configure = null)
    {
        var database = await TestDatabase.CreateAsync(version, Installed);
        await database.Superuser.ExecuteAsync($"GRANT CREATE ON SCHEMA public TO {database.OwnerRole}");
        await database.ExecuteAsync("CREATE TABLE public.t (k int PRIMARY KEY, v int); INSERT INTO public.t VALUES (1, 10), (2, 20)");
        var control = DatabaseConnections.Control(database.Superuser.ConnectionString, ControlName, builder => builder.MaxPoolSize = 5);
        return new GatewayFixture(database, control, configure ?? (options => options));
    }

    /// <summary>Starts a further gateway of the same database; the caller disposes it.</summary>
    public GatewayServer StartAnother(Func<GatewayOptions, GatewayOptions>? configure = null, TimeProvider? time = null) =>
        GatewayServer.Start(configure?.Invoke(_options) ?? _options, _control, _metrics, _errors, time ?? TimeProvider.System);

    /// <summary>Cuts the gateways off from the catalog, or lets them back; sessions that are open stay.</summary>
    public async Task SetCatalogReachableAsync(bool reachable)
    {
        await Database.Server.Maintenance.ExecuteAsync($"ALTER DATABASE {Database.Name} ALLOW_CONNECTIONS {reachable}");
        if (!reachable)
        {
            await Database.Server.Maintenance.ExecuteAsync(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name = $2", Database.Name, ControlName);
        }
    }

    /// <summary>How many stream tables there are of a name.</summary>
    public Task<long> CountAsync(string name) =>
        Database.Superuser.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.stream_tables WHERE pgt_name = $1", name);

    /// <summary>Waits until the gateway has something to wait for.</summary>
    public Task UntilPendingAsync() => Eventually.TrueAsync(
        async () => await Database.Superuser.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.commands WHERE status = 'PENDING'") > 0, "a command is pending");

    /// <summary>Waits until the server runs a statement.</summary>
    public Task UntilRunningAsync(string sql) => Eventually.TrueAsync(
        async () => await Database.Superuser.ScalarAsync<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE query = $1 AND state = 'active' AND datname = current_database() AND pid <> pg_backend_pid()", sql) == 1,
        "the statement runs");

    public async ValueTask DisposeAsync()
    {
        await Connections.DisposeAsync();
        await Gateway.DisposeAsync();
        await Node.DisposeAsync();
        await _control.DisposeAsync();
        _metrics.Dispose();
        await Database.DisposeAsync();
        Assert.Empty(_errors.Entries);
    }
}
