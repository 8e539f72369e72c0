using Npgsql;
using PgTrickle.Postgres.Ports;
using PgTrickle.Postgres.Refresh;
using Polly;

namespace PgTrickle.Postgres.Capture;

/// <summary>
/// Makes the buffers and triggers that a stream table's captures lack, through its owner's function, one source a transaction: CREATE TRIGGER stops
/// the writers behind it while it waits for those before it.
/// </summary>
internal sealed class CaptureSetup(NpgsqlDataSource control, RefreshTransaction transaction, ResiliencePipeline retries)
{
    /// <summary>Repeats until nothing is missing or left over. Can be interrupted anywhere and started again anywhere.</summary>
    public async Task RunAsync(long pgtId, string runName, CancellationToken cancellation)
    {
        // Each pass makes a buffer or the triggers of one source; more passes than that are a source that changes faster than it can be captured.
        for (var pass = 0; pass < 200 && await PendingAsync(pgtId, cancellation) is { Count: > 0 } pending; pass++)
        {
            foreach (var (capture, _) in pending.Where(static capture => capture.HasStrays))
            {
                await DropStrayMembersAsync(capture, cancellation);
            }

            if (pending.Any(static capture => !capture.HasStrays))
            {
                await retries.ExecuteAsync(
                    async token => await transaction.RunAsync([(pgtId, runName)], RefreshStrategy.Setup, RefreshInitiator.Initial, token), cancellation);
            }
        }
    }

    /// <summary>Removes the triggers of partitions that were detached: what is written to them is no change of the source.</summary>
    private async Task DropStrayMembersAsync(int capture, CancellationToken cancellation)
    {
        while (await retries.ExecuteAsync(async token => await DropMemberAsync(control, capture, token), cancellation))
        {
        }
    }

    /// <summary>Drops one trigger function that does not belong; false when there is none.</summary>
    internal static async Task<bool> DropMemberAsync(NpgsqlDataSource control, int capture, CancellationToken cancellation)
    {
        await using var command = control.CreateCommand("SELECT pgtrickle._drop_capture_member($1)");
        command.Parameters.Add(new() { Value = capture });
        return (bool)(await command.ExecuteScalarAsync(cancellation))!;
    }

    /// <summary>The captures that lack a buffer or a trigger, and those that have triggers where none belong.</summary>
    private async Task<List<(int Capture, bool HasStrays)>> PendingAsync(long pgtId, CancellationToken cancellation)
    {
        await using var command = control.CreateCommand("SELECT capture_id, has_strays FROM pgtrickle._pending_setup($1)");
        command.Parameters.Add(new() { Value = pgtId });
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var pending = new List<(int, bool)>();
        while (await row.ReadAsync(cancellation))
        {
            pending.Add((row.GetInt32(0), row.GetBoolean(1)));
        }

        return pending;
    }
}
