using System.Globalization;
using Npgsql;
using PgTrickle.Postgres.Catalog;
using PgTrickle.Postgres.Embedded;
using PgTrickle.Postgres.Refresh;
using PgTrickle.TestInfrastructure;
using PgTrickle.Workloads.Running;

namespace PgTrickle.Benchmarks.Harness;

/// <summary>A server with the schema installed and one registered node's engine, all owned by the server's superuser.</summary>
internal sealed class BenchServer : IAsyncDisposable
{
    private readonly EmbeddedPostgres _postgres;

    private BenchServer(EmbeddedPostgres postgres, NpgsqlDataSource database, StreamTables tables)
    {
        _postgres = postgres;
        Database = database;
        StreamTables = tables;
    }

    public NpgsqlDataSource Database { get; }

    public StreamTables StreamTables { get; }

    public RefreshEngine Engine => StreamTables.Engine;

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
        return new(postgres, database, await StreamTables.OpenAsync(database, postgres.ConnectionString("postgres")));
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
        await StreamTables.DisposeAsync();
        await Database.DisposeAsync();
        await _postgres.DisposeAsync();
    }
}
