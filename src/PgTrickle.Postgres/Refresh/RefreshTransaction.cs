using System.Globalization;
using System.Text;
using Npgsql;
using NpgsqlTypes;
using PgTrickle.Postgres.Ports;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Postgres.Refresh;

/// <summary>One line of what refresh_close returns.</summary>
internal sealed record ClosedMember(long PgtId, string Action, long RowsInserted, long RowsDeleted, long DeltaRows);

/// <summary>
/// One refresh transaction with the clean-up of its session, sent as one pipelined batch: an ordinary refresh costs one round trip and one fsync.
/// </summary>
internal sealed class RefreshTransaction(NpgsqlDataSource worker, NodeIdentity node, RefreshEngineOptions? options = null, TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly KeptPlans _plans = new((options ?? RefreshEngineOptions.Default).KeptPlans, (options ?? RefreshEngineOptions.Default).PlanFrom);

    /// <summary>Users' code may have left anything behind in the session.</summary>
    private const string CleanUp = "SELECT pgtrickle.clean_session()";

    /// <summary>Runs open, the owners' functions in the given order, close and COMMIT, or ROLLBACK where nothing is to be kept.</summary>
    /// <param name="members">Ids and names of the functions in schema pgtrickle_run, in topological order.</param>
    /// <param name="strategy">What to ask refresh_open for.</param>
    /// <param name="initiator">Who asked.</param>
    /// <param name="cancellation">Cancels the running statement; the transaction is rolled back.</param>
    /// <exception cref="PostgresException">The transaction was rolled back. The exception tells whose function raised it (<see cref="FailureClassifier.MemberOf"/>).</exception>
    public async Task<List<ClosedMember>> RunAsync(
        IReadOnlyList<(long PgtId, string RunName)> members, RefreshStrategy strategy, RefreshInitiator initiator, CancellationToken cancellation)
    {
        await using var connection = await worker.OpenConnectionAsync(cancellation);
        long[] ids = [.. members.Select(member => member.PgtId)];
        var kept = strategy == RefreshStrategy.Auto && _plans.MayKeep(connection.ProcessID, ids);
        await using var batch = Compose(connection, members, strategy == RefreshStrategy.Auto && !kept ? RefreshStrategy.Fresh : strategy, initiator, out var commit);
        try
        {
            var started = _time.GetTimestamp();
            var closed = await ExecuteAsync(batch, commit, cancellation);
            if (KeptPlans.AreJudgedBy(closed) && _plans.MustForget(ids, kept, _time.GetElapsedTime(started)))
            {
                await ForgetPlansAsync(connection);
            }

            return closed;
        }
        catch (Exception exception) when (exception is NpgsqlException or OperationCanceledException)
        {
            foreach (var (id, runName) in members)
            {
                if (exception is PostgresException { BatchCommand.CommandText: { } failed } && failed == CallOf(runName))
                {
                    FailureClassifier.TellMember(exception, id);
                }
            }

            await RollBackAsync(connection);
            throw;
        }
    }

    private NpgsqlBatch Compose(
        NpgsqlConnection connection, IReadOnlyList<(long PgtId, string RunName)> members, RefreshStrategy strategy, RefreshInitiator initiator, out int commit)
    {
        var batch = new NpgsqlBatch(connection);
        if ((strategy & (RefreshStrategy.Setup | RefreshStrategy.Analyse)) != 0)
        {
            Add(batch, "BEGIN");
            // CREATE TRIGGER that waits for a writer makes all later writers wait behind it: give up soon, come back later.
            Add(batch, "SET LOCAL lock_timeout = '20ms'");
        }
        else
        {
            Add(batch, "BEGIN ISOLATION LEVEL REPEATABLE READ");
        }

        long[] ids = [.. members.Select(member => member.PgtId)];
        Add(batch, "SELECT pgtrickle.refresh_open($1, $2, $3, $4)", Credentials(ids, strategy.ToSql()));
        foreach (var (_, runName) in members)
        {
            Add(batch, CallOf(runName));
        }

        if (strategy.HasFlag(RefreshStrategy.Judge))
        {
            commit = Add(batch, "ROLLBACK");
        }
        else
        {
            Add(batch, "SET LOCAL search_path = pg_catalog, pg_temp");
            Add(batch, "SELECT * FROM pgtrickle.refresh_close($1, $2, $3, $4)", Credentials(ids, initiator.ToString().ToUpperInvariant()));
            commit = Add(batch, "COMMIT");
        }

        Add(batch, CleanUp);
        return batch;
    }

    /// <summary>With its arguments, so that no other function of that name is meant: anybody may make one.</summary>
    private static string CallOf(string runName) => new StringBuilder("SELECT pgtrickle_run.").Append(new SqlIdentifier(runName))
        .Append("(NULL::pg_catalog.pg_snapshot, NULL::pg_catalog.xid8[], NULL::pg_catalog.timestamptz)").ToString();

    private static async Task<List<ClosedMember>> ExecuteAsync(NpgsqlBatch batch, int commit, CancellationToken cancellation)
    {
        var closed = new List<ClosedMember>();
        try
        {
            await using var reader = await batch.ExecuteReaderAsync(cancellation);
            do
            {
                while (reader.FieldCount == 5 && await reader.ReadAsync(cancellation))
                {
                    closed.Add(new(reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4)));
                }
            }
            while (await reader.NextResultAsync(cancellation));
        }
        catch (PostgresException exception) when (exception.BatchCommand is { } failed && batch.BatchCommands.IndexOf(failed) > commit)
        {
            // Committed: what failed is the clean-up of a session that users' code has disturbed. The session must not be used again.
            await TerminateAsync(batch.Connection!);
        }

        return closed;
    }

    /// <summary>Leaves the session clean, or ended.</summary>
    private static async Task RollBackAsync(NpgsqlConnection connection)
    {
        if (connection.FullState.HasFlag(System.Data.ConnectionState.Broken) || connection.State != System.Data.ConnectionState.Open)
        {
            return;
        }

        try
        {
            await using var batch = new NpgsqlBatch(connection);
            Add(batch, "ROLLBACK");
            Add(batch, CleanUp);

            await batch.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (NpgsqlException)
        {
            await TerminateAsync(connection);
        }
    }

    /// <summary>The refresh has committed: a session that can not be told to forget is broken, and its plans are gone with it.</summary>
    private static async Task ForgetPlansAsync(NpgsqlConnection connection)
    {
        if (connection.FullState != System.Data.ConnectionState.Open)
        {
            return;
        }

        try
        {
            await using var command = new NpgsqlCommand("DISCARD PLANS", connection);
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (NpgsqlException)
        {
            await TerminateAsync(connection);
        }
    }

    private static async Task TerminateAsync(NpgsqlConnection connection)
    {
        try
        {
            await using var command = new NpgsqlCommand("SELECT pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid())", connection);
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (NpgsqlException)
        {
            // Ending one's own session is answered by an error.
        }
    }

    private static int Add(NpgsqlBatch batch, string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter);
        }

        batch.BatchCommands.Add(command);
        return batch.BatchCommands.Count - 1;
    }

    private NpgsqlParameter[] Credentials(long[] ids, string last) =>
    [
        new() { Value = ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint },
        new() { Value = node.NodeId, NpgsqlDbType = NpgsqlDbType.Bigint },
        new() { Value = node.Token.ToArray(), NpgsqlDbType = NpgsqlDbType.Bytea },
        new() { Value = last, NpgsqlDbType = NpgsqlDbType.Text },
    ];

    /// <summary>For logs; never the token.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"refreshes of {node}");
}
