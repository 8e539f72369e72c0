using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using PgTrickle.Postgres.Ports;
using PgTrickle.Postgres.Refresh;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Workloads.Running;

/// <summary>A stream table of a workload.</summary>
/// <param name="Id">In the catalog.</param>
/// <param name="Query">What it holds.</param>
/// <param name="Mode">What its plan really is: DIFFERENTIAL or FULL.</param>
/// <param name="Reason">Why it is not differential; null if it is.</param>
public sealed record MaintainedQuery(long Id, WorkloadQuery Query, string Mode, string? Reason)
{
    /// <summary>The stream table.</summary>
    public string Table => "st_" + Query.Name;

    /// <summary>Whether its plan has deltas.</summary>
    public bool IsDifferential => Mode == "DIFFERENTIAL";
}

/// <summary>Stream tables in a database that has schema pgtrickle, refreshed by one registered node's engine without anything around it.</summary>
public sealed class StreamTables : IAsyncDisposable
{
    private readonly NodeConnections _connections;

    private StreamTables(NpgsqlDataSource database, NodeConnections connections, RefreshEngine engine)
    {
        Database = database;
        _connections = connections;
        Engine = engine;
    }

    /// <summary>The superuser's connections; it owns tables and stream tables.</summary>
    public NpgsqlDataSource Database { get; }

    /// <summary>The node's engine.</summary>
    public RefreshEngine Engine { get; }

    /// <summary>Registers a node.</summary>
    /// <param name="database">Connections of a superuser; the caller's.</param>
    /// <param name="connectionString">Of the same superuser and database.</param>
    public static async Task<StreamTables> OpenAsync(NpgsqlDataSource database, string connectionString)
    {
        var token = RandomNumberGenerator.GetBytes(16);
        var id = await database.ScalarAsync<long>(
            """
            INSERT INTO pgtrickle.cluster_members (node_name, address, system_name, roles, token_hash, state)
            VALUES ('bench', gen_random_uuid()::text, 'bench', '{worker}', sha256($1), 'joined') RETURNING node_id
            """,
            token);
        var node = new NodeIdentity(id, token);
        var connections = await NodeConnections.OpenAsync(connectionString, node, 4, CancellationToken.None);
        return new(database, connections, new RefreshEngine(connections, node, TimeProvider.System, NullLogger<RefreshEngine>.Instance));
    }

    /// <summary>Creates and fills a stream table: differential, or, where that is refused, as the compiler chooses.</summary>
    public async Task<MaintainedQuery> CreateAsync(WorkloadQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        try
        {
            return await CreateAsync(query, "DIFFERENTIAL");
        }
        catch (RefreshFailedException refusal) when (refusal.Kind == FailureKind.Permanent)
        {
            await DropAsync(query);
            return await CreateAsync(query, "AUTO");
        }
    }

    /// <summary>Creates a stream table that is empty yet.</summary>
    /// <param name="query">What it will hold.</param>
    /// <param name="mode">As in <c>create_stream_table</c>.</param>
    public Task DefineAsync(WorkloadQuery query, string mode)
    {
        ArgumentNullException.ThrowIfNull(query);
        return Database.ExecuteAsync("SELECT pgtrickle.create_stream_table($1, $2, refresh_mode => $3)", "st_" + query.Name, query.Text, mode);
    }

    /// <summary>Fills a new stream table.</summary>
    public async Task<MaintainedQuery> FillAsync(WorkloadQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        var id = await Database.ScalarAsync<long>("SELECT pgt_id FROM pgtrickle.stream_tables WHERE pgt_name = $1", "st_" + query.Name);
        await Engine.InitializeAsync(id, fill: true, CancellationToken.None);
        var plan = (await Database.QueryAsync(
            """
            SELECT p.mode, s.downgrade_reason FROM pgtrickle.stream_table_state s JOIN pgtrickle.plans p USING (pgt_id, plan_version) WHERE s.pgt_id = $1
            """,
            id)).Rows[0];
        return new(id, query, (string)plan[0]!, (string?)plan[1]);
    }

    /// <summary>Brings it up to date; milliseconds and what was done.</summary>
    public async Task<(double Milliseconds, MemberOutcome Outcome)> RefreshAsync(MaintainedQuery table)
    {
        ArgumentNullException.ThrowIfNull(table);
        var started = Stopwatch.GetTimestamp();
        var outcome = await Engine.RefreshAsync(new([table.Id], RefreshInitiator.Manual), CancellationToken.None);
        return (Stopwatch.GetElapsedTime(started).TotalMilliseconds, outcome.Members[0]);
    }

    /// <summary>What the counterpart of a refresh costs: the query into a temporary table; milliseconds.</summary>
    public async Task<double> EvaluateAsync(WorkloadQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        await using var connection = await Database.OpenConnectionAsync();
        var started = Stopwatch.GetTimestamp();
        await connection.ExecuteAsync($"CREATE TEMP TABLE evaluated AS {query.Text}");
        var taken = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        await connection.ExecuteAsync("DROP TABLE evaluated");
        return taken;
    }

    /// <summary>How a stream table differs from its query, in one snapshot; null if it does not.</summary>
    public async Task<string?> DifferenceAsync(MaintainedQuery table)
    {
        ArgumentNullException.ThrowIfNull(table);
        await using var connection = await Database.OpenConnectionAsync();
        var columns = await connection.ScalarAsync<string>(
            """
            SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
            WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attname NOT LIKE '\_\_pgt\_%'
            """,
            table.Table);
        return await MultisetAssert.DifferenceAsync(connection, $"SELECT {columns} FROM {table.Table}", table.Query.Text);
    }

    /// <summary>Removes a stream table.</summary>
    public Task DropAsync(WorkloadQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        return Database.ExecuteAsync("SELECT pgtrickle.drop_stream_table($1)", "st_" + query.Name);
    }

    public ValueTask DisposeAsync() => _connections.DisposeAsync();

    private async Task<MaintainedQuery> CreateAsync(WorkloadQuery query, string mode)
    {
        await DefineAsync(query, mode);
        return await FillAsync(query);
    }
}
