using System.Data;
using Npgsql;

namespace PgTrickle.Cli.Demo.Writing;

/// <summary>
/// One writer: transaction after transaction of random steps, in the shapes that make change capture hard (rolled back as a whole, in part, open
/// for long, at a higher isolation level).
/// </summary>
/// <param name="session">Its connection.</param>
/// <param name="counters">Shared with the other writers.</param>
/// <param name="keepsOpen">Whether its transactions stay open for seconds and so commit after many that began later.</param>
/// <param name="time">For pauses.</param>
internal sealed class Writer(WriteSession session, WorkloadCounters counters, bool keepsOpen, TimeProvider time)
{
    /// <summary>Conflicts between writers, which applications retry. Anything else would be a writer that capture has failed.</summary>
    private static readonly string[] Conflicts =
    [
        PostgresErrorCodes.SerializationFailure, PostgresErrorCodes.DeadlockDetected, PostgresErrorCodes.UniqueViolation,
    ];

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan LongestOpen = TimeSpan.FromSeconds(3);

    /// <summary>Writes until <paramref name="stop"/>; the transaction that is open then is brought to its end.</summary>
    /// <param name="stop">Ends the run orderly.</param>
    /// <param name="cancellation">Ends it at once.</param>
    public async Task RunAsync(CancellationToken stop, CancellationToken cancellation)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await RunTransactionAsync(stop, cancellation);
            }
            catch (PostgresException conflict) when (Conflicts.Contains(conflict.SqlState))
            {
                counters.Abort();
            }

            await PauseAsync(LongestPause, stop);
        }
    }

    private async Task RunTransactionAsync(CancellationToken stop, CancellationToken cancellation)
    {
        var shape = session.Random.Next(100);
        if (!keepsOpen && shape < 15)
        {
            // A single statement has its transaction to itself; a step may be more than one, which then commit one by one.
            counters.Commit(await StepAsync(cancellation), isLong: false);
            return;
        }

        var level = session.Random.Next(10) == 0 ? IsolationLevel.RepeatableRead : IsolationLevel.ReadCommitted;
        await using var transaction = await session.Connection.BeginTransactionAsync(level, cancellation);
        long changes = await StepAsync(cancellation);
        if (keepsOpen)
        {
            await PauseAsync(LongestOpen, stop);
        }

        if (session.Random.Next(4) == 0)
        {
            await transaction.SaveAsync("demo", cancellation);
            await StepAsync(cancellation);
            await transaction.RollbackAsync("demo", cancellation);
        }

        for (var more = session.Random.Next(3); more > 0; more--)
        {
            changes += await StepAsync(cancellation);
        }

        if (session.Random.Next(8) == 0)
        {
            await transaction.RollbackAsync(cancellation);
            counters.RollBack();
        }
        else
        {
            await transaction.CommitAsync(cancellation);
            counters.Commit(changes, keepsOpen);
        }
    }

    private Task<int> StepAsync(CancellationToken cancellation) =>
        WorkloadStep.Choose(WorkloadStep.All, session.Random).RunAsync(session, cancellation);

    private async Task PauseAsync(TimeSpan longest, CancellationToken stop)
    {
        try
        {
            await Task.Delay(longest * session.Random.NextDouble(), time, stop);
        }
        catch (OperationCanceledException)
        {
            // Time to end: the caller looks at the token.
        }
    }
}
