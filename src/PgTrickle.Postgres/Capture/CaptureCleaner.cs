using Npgsql;
using PgTrickle.Postgres.Refresh;

namespace PgTrickle.Postgres.Capture;

/// <summary>Removes what nobody needs any more: captures without consumers, change rows that all have behind them, old log rows.</summary>
internal sealed class CaptureCleaner(NpgsqlDataSource control, RefreshEngineOptions options)
{
    /// <summary>Runs once over all captures; what is locked at the moment is left for the next time.</summary>
    /// <returns>The number of change rows removed.</returns>
    public async Task<long> RunAsync(CancellationToken cancellation)
    {
        var removed = 0L;
        foreach (var (capture, isConsumed) in await ListAsync(cancellation))
        {
            try
            {
                removed += isConsumed ? await CleanBufferAsync(capture, cancellation) : await DropAsync(capture, cancellation);
            }
            catch (PostgresException exception) when (FailureClassifier.IsWorthRetrying(exception) || exception.SqlState is PostgresErrorCodes.UndefinedTable)
            {
                // Locked by a writer, or dropped by another node: next time.
            }
        }

        await TrimAsync(cancellation);
        return removed;
    }

    private async Task<List<(int Capture, bool IsConsumed)>> ListAsync(CancellationToken cancellation)
    {
        await using var command = control.CreateCommand(
            """
            SELECT c.capture_id, u.is_consumed
            FROM pgtrickle.captures c
            CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM pgtrickle.capture_consumers u WHERE u.capture_id = c.capture_id)) AS u(is_consumed)
            -- An empty buffer has nothing to remove: a thousand idle sources cost one query.
            WHERE NOT u.is_consumed OR pg_relation_size(c.buffer_relid::regclass) > 0
            ORDER BY 1
            """);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var captures = new List<(int, bool)>();
        while (await row.ReadAsync(cancellation))
        {
            captures.Add((row.GetInt32(0), row.GetBoolean(1)));
        }

        return captures;
    }

    private async Task<long> CleanBufferAsync(int capture, CancellationToken cancellation)
    {
        var total = 0L;
        long removed;
        do
        {
            await using var command = control.CreateCommand("SELECT pgtrickle._clean_buffer($1, $2, $3)");
            command.Parameters.Add(new() { Value = capture });
            command.Parameters.Add(new() { Value = options.CleanUpBatch });
            command.Parameters.Add(new() { Value = options.TruncateFrom });
            removed = (long)(await command.ExecuteScalarAsync(cancellation))!;
            total += removed;
        }
        while (removed >= options.CleanUpBatch);
        return total;
    }

    private async Task<long> DropAsync(int capture, CancellationToken cancellation)
    {
        while (await CaptureSetup.DropMemberAsync(control, capture, cancellation))
        {
        }

        return 0;
    }

    private async Task TrimAsync(CancellationToken cancellation)
    {
        await using var command = control.CreateCommand("SELECT pgtrickle._trim_log($1)");
        command.Parameters.Add(new() { Value = options.LogRetention });
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
