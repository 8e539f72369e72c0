using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using PgTrickle.Postgres.Capture;
using PgTrickle.Postgres.Ports;
using PgTrickle.Postgres.Refresh;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Refresh;

/// <summary>
/// A database with the schema installed, nodes that refresh, and the oracle. Tables and stream tables belong to a role that is neither superuser nor owner
/// of the database; nodes use the two roles of production.
/// </summary>
internal sealed class RefreshHarness : IAsyncDisposable
{
    private readonly Dictionary<string, (long Id, string Query)> _streamTables = [];

    private RefreshHarness(InstalledDatabase database, TestNode node)
    {
        Database = database;
        Node = node;
    }

    public InstalledDatabase Database { get; }

    /// <summary>The first node.</summary>
    public TestNode Node { get; }

    public RefreshEngine Engine => Node.Engine;

    /// <summary>A database and a node. How long refreshes took is no reason for anything, unless a test asks for that.</summary>
    public static async Task<RefreshHarness> CreateAsync(PostgresVersion version, string? setup = null, RefreshEngineOptions? options = null, bool measures = false)
    {
        var database = await InstalledDatabase.CreateAsync(version);
        if (!measures)
        {
            await database.Control.ExecuteAsync("INSERT INTO pgtrickle.settings (name, value) VALUES ('differential_max_change_ratio', '0')");
        }

        var harness = new RefreshHarness(database, await TestNode.StartAsync(database, options));
        if (setup is not null)
        {
            await harness.ExecuteAsync(setup);
        }

        return harness;
    }

    /// <summary>Another node of the same cluster.</summary>
    public Task<TestNode> AddNodeAsync(RefreshEngineOptions? options = null) => TestNode.StartAsync(Database, options);

    public Task<int> ExecuteAsync(string sql) => Database.ExecuteAsync(sql);

    /// <summary>Creates a stream table as the user and fills it.</summary>
    public async Task<long> CreateAsync(string name, string query, string mode = "AUTO", NpgsqlDataSource? owner = null)
    {
        var id = await DefineAsync(name, query, mode, owner);
        await Engine.InitializeAsync(id, fill: true, CancellationToken.None);
        return id;
    }

    /// <summary>Creates a stream table as the user; no node has seen it yet.</summary>
    public async Task<long> DefineAsync(string name, string query, string mode = "AUTO", NpgsqlDataSource? owner = null)
    {
        await (owner ?? Database.User).ExecuteAsync("SELECT pgtrickle.create_stream_table($1, $2, schedule => '1s', refresh_mode => $3)", name, query, mode);
        var id = await Database.Control.ScalarAsync<long>("SELECT pgt_id FROM pgtrickle.stream_tables WHERE pgt_name = $1", name);
        _streamTables[name] = (id, query);
        return id;
    }

    /// <summary>Gives a stream table another query, as the user.</summary>
    public async Task RedefineAsync(string name, string query)
    {
        await Database.User.ExecuteAsync("SELECT pgtrickle.alter_stream_table($1, query => $2)", name, query);
        _streamTables[name] = (Id(name), query);
    }

    public void Forget(string name) => _streamTables.Remove(name);

    public long Id(string name) => _streamTables[name].Id;

    /// <summary>Refreshes stream tables in one transaction; returns the outcome of the last.</summary>
    public async Task<MemberOutcome> RefreshAsync(params string[] names) => (await RefreshAllAsync(names)).Members[^1];

    public Task<RefreshOutcome> RefreshAllAsync(params string[] names) =>
        Engine.RefreshAsync(new([.. names.Select(Id)], RefreshInitiator.Manual), CancellationToken.None);

    /// <summary>Refreshes each stream table in the order of creation and compares it with its query.</summary>
    public async Task RefreshAndCompareAsync()
    {
        foreach (var name in _streamTables.Keys)
        {
            await RefreshAsync(name);
        }

        await CompareAsync();
    }

    /// <summary>Compares every stream table with its query, in one snapshot each.</summary>
    public async Task CompareAsync()
    {
        foreach (var name in _streamTables.Keys)
        {
            await CompareAsync(name);
        }
    }

    public async Task CompareAsync(string name) =>
        await Database.Database.AssertSameMultisetAsync($"SELECT {await VisibleColumnsAsync(name)} FROM {name}", _streamTables[name].Query);

    /// <summary>Compares as text: values that are equal but look different count as different.</summary>
    public async Task CompareImagesAsync(string name) => await Database.Database.AssertSameMultisetAsync(
        $"SELECT q::text FROM (SELECT {await VisibleColumnsAsync(name)} FROM {name}) AS q", $"SELECT q::text FROM ({_streamTables[name].Query}) AS q");

    /// <summary>The columns that the query yields, without hidden ones.</summary>
    public async Task<string> VisibleColumnsAsync(string name) => (await Database.Database.Superuser.ScalarAsync<string>(
        """
        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attname NOT LIKE '\_\_pgt\_%'
        """,
        name))!;

    /// <summary>A refresh in the same steps as a node's, that stops before it closes.</summary>
    public async Task<List<string>> RefreshPausedAsync(Func<NpgsqlConnection, Task> beforeClose, params string[] names) =>
        await Node.RefreshPausedAsync(connection => Task.CompletedTask, beforeClose, [.. names.Select(Id)]);

    public Task<T?> StateAsync<T>(string name, string column) => Database.Control.ScalarAsync<T>(
        $"SELECT {column} FROM pgtrickle.stream_table_state WHERE pgt_id = $1", Id(name));

    /// <summary>What the user gets who asks for a plan: how many variants, and how many statements.</summary>
    public Task<string?> PlannedAsync(long id) => Database.ScalarAsync<string>(
        "SELECT concat(count(p.variant), ' ', sum(cardinality(p.statements))) FROM pgtrickle.refresh_plan($1, 1, '{1,2,3}') AS p", id);

    /// <summary>The last row of the history.</summary>
    public Task<T?> HistoryAsync<T>(string name, string column) => Database.Control.ScalarAsync<T>(
        $"SELECT {column} FROM pgtrickle.pgt_refresh_history WHERE pgt_id = $1 ORDER BY refresh_id DESC LIMIT 1", Id(name));

    /// <summary>The capture that a stream table reads its first source through.</summary>
    public Task<int> CaptureAsync(string name) => Database.Control.ScalarAsync<int>(
        "SELECT p.capture_ids[1] FROM pgtrickle.plans p JOIN pgtrickle.stream_table_state s USING (pgt_id, plan_version) WHERE pgt_id = $1", Id(name));

    public async Task<long> BufferRowsAsync(string name, string where = "true") =>
        await Database.Control.ScalarAsync<long>($"SELECT count(*) FROM pgtrickle_changes.b_{await CaptureAsync(name)} WHERE {where}");

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        await Database.DisposeAsync();
    }
}

/// <summary>A registered node with its connections and engine.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private readonly NodeConnections _connections;

    private TestNode(NodeConnections connections, NodeIdentity identity, RefreshEngineOptions? options)
    {
        _connections = connections;
        Identity = identity;
        Engine = new RefreshEngine(connections, identity, TimeProvider.System, NullLogger<RefreshEngine>.Instance, options);
        Detector = new ChangeDetector(connections.Control);
    }

    public NodeIdentity Identity { get; }

    public RefreshEngine Engine { get; }

    public ChangeDetector Detector { get; }

    public NpgsqlDataSource Worker => _connections.Worker;

    public static async Task<TestNode> StartAsync(InstalledDatabase database, RefreshEngineOptions? options = null)
    {
        var token = RandomNumberGenerator.GetBytes(16);
        var id = await database.Control.ScalarAsync<long>(
            """
            INSERT INTO pgtrickle.cluster_members (node_name, address, system_name, roles, token_hash, state)
            VALUES ('test', gen_random_uuid()::text, 'test', '{worker}', sha256($1), 'joined') RETURNING node_id
            """,
            token);
        var identity = new NodeIdentity(id, token);
        return new TestNode(await NodeConnections.OpenAsync(database.ControlConnectionString, identity, 12, CancellationToken.None), identity, options);
    }

    /// <summary>A refresh in the same steps as the engine's, with stops after it has opened and before it closes.</summary>
    public async Task<List<string>> RefreshPausedAsync(Func<NpgsqlConnection, Task> afterOpen, Func<NpgsqlConnection, Task> beforeClose, long[] ids, string strategy = "AUTO")
    {
        await using var connection = await Worker.OpenConnectionAsync();
        try
        {
            await connection.ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ");
            await connection.ScalarAsync<bool>("SELECT pgtrickle.refresh_open($1, $2, $3, $4)", ids, Identity.NodeId, Identity.Token.ToArray(), strategy);
            await afterOpen(connection);
            foreach (var id in ids)
            {
                var run = await _connections.Control.ScalarAsync<string>("SELECT run_name FROM pgtrickle.stream_tables WHERE pgt_id = $1", id);
                await connection.ExecuteAsync($"SELECT pgtrickle_run.{run}(NULL, NULL, NULL)");
            }

            await beforeClose(connection);
            var closed = await connection.QueryAsync(
                "SELECT action FROM pgtrickle.refresh_close($1, $2, $3, 'MANUAL')", ids, Identity.NodeId, Identity.Token.ToArray());
            await connection.ExecuteAsync("COMMIT");
            return [.. closed.Column<string>()];
        }
        finally
        {
            if (connection.State == System.Data.ConnectionState.Open)
            {
                await connection.ExecuteAsync("ROLLBACK; RESET ALL");
            }
        }
    }

    public async ValueTask DisposeAsync() => await _connections.DisposeAsync();
}
