using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using PgTrickle.Postgres.Catalog;
using PgTrickle.Postgres.Embedded;
using PgTrickle.Postgres.Ports;
using PgTrickle.Postgres.Refresh;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Benchmarks.Harness;

/// <summary>A server with the schema installed and one registered node's engine, all owned by the server's superuser.</summary>
internal sealed class BenchServer : IAsyncDisposable
{
    private readonly EmbeddedPostgres _postgres;
    private readonly NodeConnections? _connections;

    private BenchServer(EmbeddedPostgres postgres, NpgsqlDataSource database, NodeConnections connections, NodeIdentity node)
    {
        _postgres = postgres;
        Database = database;
        _connections = connections;
        Engine = new RefreshEngine(connections, node, TimeProvider.System, NullLogger<RefreshEngine>.Instance);
    }

    public NpgsqlDataSource Database { get; }

    public RefreshEngine Engine { get; }

    public string ConnectionString => _postgres.ConnectionString("postgres");

    /// <summary>The postmaster.</summary>
    public int ProcessId => int.Parse(File.ReadLines(Path.Combine(_postgres.DataDirectory, "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    /// <summary>Starts a server.</summary>
    /// <param name="version">The major version.</param>
    /// <param name="isDurable">
    /// Whether commits wait for the disk. Without, the figures are those of the work itself; with it, every small refresh and its counterpart cost the same fsync.
    /// </param>
    public static async Task<BenchServer> StartAsync(int version, bool isDurable, int maxConnections = 100)
    {
        var postgres = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions
        {
            MajorVersion = version,
            Authentication = EmbeddedAuthentication.Trust,
            Settings = new Dictionary<string, string>
            {
                ["fsync"] = isDurable ? "on" : "off",
                ["synchronous_commit"] = isDurable ? "on" : "off",
                ["shared_buffers"] = "2GB",
                ["work_mem"] = "64MB",
                ["max_wal_size"] = "8GB",
                ["checkpoint_timeout"] = "1h",
                ["max_connections"] = maxConnections.ToString(CultureInfo.InvariantCulture),
            },
        });
        await new Installer().InstallAsync(postgres.ConnectionString("postgres"), new InstallOptions());
        var database = new NpgsqlDataSourceBuilder(postgres.ConnectionString("postgres") + ";Command Timeout=0;No Reset On Close=true").Build();
        var token = RandomNumberGenerator.GetBytes(16);
        var id = await database.ScalarAsync<long>(
            """
            INSERT INTO pgtrickle.cluster_members (node_name, address, system_name, roles, token_hash, state)
            VALUES ('bench', 'bench', 'bench', '{worker}', sha256($1), 'joined') RETURNING node_id
            """,
            token);
        var node = new NodeIdentity(id, token);
        return new(postgres, database, await NodeConnections.OpenAsync(postgres.ConnectionString("postgres"), node, 4, CancellationToken.None), node);
    }

    /// <summary>Creates a stream table and fills it.</summary>
    public async Task<long> CreateAsync(string name, string query)
    {
        await Database.ExecuteAsync("SELECT pgtrickle.create_stream_table($1, $2, refresh_mode => 'DIFFERENTIAL')", name, query);
        var id = await Database.ScalarAsync<long>("SELECT pgt_id FROM pgtrickle.stream_tables WHERE pgt_name = $1", name);
        await Engine.InitializeAsync(id, fill: true, CancellationToken.None);
        return id;
    }

    public async ValueTask DisposeAsync()
    {
        if (_connections is not null)
        {
            await _connections.DisposeAsync();
        }

        await Database.DisposeAsync();
        await _postgres.DisposeAsync();
    }
}
