using System.Collections.Immutable;
using System.Data.Common;
using Npgsql;

namespace PgTrickle.Gateway.Outcomes;

/// <summary>
/// Watches the commands that sessions wait for. One query, on one connection, asks for all of them; while nobody waits, none runs. It is asked often in the
/// beginning, since most calls take milliseconds, less often the longer the youngest wait lasts, and at once when this node itself has ended a command.
/// </summary>
internal sealed class CommandWatch(NpgsqlDataSource control, TimeProvider time) : ICommandOutcomes
{
    private const string LookUp =
        "SELECT command_id, kind, status, error_code, error_message, error_detail, error_hint FROM pgtrickle.commands WHERE command_id = ANY ($1)";

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PauseAfterError = TimeSpan.FromMilliseconds(250);

    /// <summary>How long the database may be out of reach before a session is told that the outcome is not known.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly List<Waiter> _waiters = [];
    private bool _runs;
    private TaskCompletionSource _look = NewSignal();

    /// <summary>Told of what nodes may want to look at.</summary>
    public CommandHints Hints { get; init; } = CommandHints.None;

    public async Task<ImmutableArray<CommandOutcome>> WaitAsync(ImmutableArray<long> commands, CancellationToken cancellation)
    {
        var waiter = new Waiter(commands, time.GetTimestamp());
        await using var registration = cancellation.Register(() => waiter.Completion.TrySetCanceled(cancellation));
        var start = false;
        lock (_lock)
        {
            _waiters.Add(waiter);
            start = !_runs;
            _runs = true;
        }

        Hints.Waits();
        if (start)
        {
            _ = RunAsync();
        }

        return await waiter.Completion.Task;
    }

    public async Task AbortAsync(long command, string sqlState, string message, CancellationToken cancellation)
    {
        try
        {
            await using var query = control.CreateCommand("SELECT pgtrickle._abort_command($1, $2, $3)");
            query.Parameters.Add(new() { Value = command });
            query.Parameters.Add(new() { Value = sqlState });
            query.Parameters.Add(new() { Value = message });
            await query.ExecuteNonQueryAsync(cancellation);
        }
        catch (Exception error) when (error is DbException or IOException)
        {
            throw new OutcomeUnknownException(error);
        }

        Hints.Ended(command);
    }

    public async Task CancelBlockersAsync(int processId, CancellationToken cancellation)
    {
        await using var query = control.CreateCommand("SELECT pgtrickle._cancel_blockers($1)");
        query.Parameters.Add(new() { Value = processId });
        await query.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Looks until nobody waits any more. Never throws: errors of the database go to those who wait.</summary>
    private async Task RunAsync()
    {
        while (true)
        {
            Waiter[] waiters;
            lock (_lock)
            {
                _waiters.RemoveAll(waiter => waiter.Completion.Task.IsCompleted);
                waiters = [.. _waiters];
                _runs = waiters.Length > 0;
            }

            if (waiters.Length == 0)
            {
                return;
            }

            try
            {
                await RoundAsync(waiters);
                if (!waiters.All(waiter => waiter.Completion.Task.IsCompleted))
                {
                    await PauseAsync(Pause(waiters));
                }
            }
            catch (Exception error) when (error is DbException or IOException or InvalidOperationException)
            {
                Despair(waiters, error);
                await Task.Delay(PauseAfterError, time);
            }
        }
    }

    /// <summary>Looks now rather than after the present pause.</summary>
    public void LookNow() => Volatile.Read(ref _look).TrySetResult();

    private async Task PauseAsync(TimeSpan length)
    {
        using var slept = new CancellationTokenSource();
        await Task.WhenAny(Task.Delay(length, time, slept.Token), _look.Task);
        await slept.CancelAsync();

        // Before the next look, so that what ends from here on is either seen by it or signalled anew.
        if (_look.Task.IsCompleted)
        {
            Volatile.Write(ref _look, NewSignal());
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task RoundAsync(Waiter[] waiters)
    {
        await using var query = control.CreateCommand(LookUp);
        query.Parameters.Add(new() { Value = waiters.SelectMany(waiter => waiter.Commands).Distinct().ToArray() });
        var found = new Dictionary<long, (bool Finished, CommandOutcome Outcome)>();
        await using (var reader = await query.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                var status = reader.GetString(2);
                var error = status == "FAILED" ? new CommandError(Text(reader, 3) ?? "XX000", Text(reader, 4) ?? "the call failed", Text(reader, 5), Text(reader, 6)) : null;
                found[reader.GetInt64(0)] = (status is "DONE" or "FAILED", new CommandOutcome(reader.GetInt64(0), reader.GetString(1), error));
            }
        }

        foreach (var waiter in waiters)
        {
            waiter.ReachedAt = time.GetTimestamp();
            var present = waiter.Commands.Where(found.ContainsKey).Select(command => found[command]).ToList();
            if (present.TrueForAll(command => command.Finished))
            {
                waiter.Completion.TrySetResult([.. present.Select(command => command.Outcome)]);
            }
        }
    }

    private void Despair(Waiter[] waiters, Exception error)
    {
        foreach (var waiter in waiters.Where(waiter => time.GetElapsedTime(waiter.ReachedAt) > Patience))
        {
            waiter.Completion.TrySetException(new OutcomeUnknownException(error));
        }
    }

    /// <summary>A tenth of what the youngest has waited.</summary>
    private TimeSpan Pause(Waiter[] waiters)
    {
        var youngest = waiters.Min(waiter => time.GetElapsedTime(waiter.Since)) / 10;
        return youngest < FirstPause ? FirstPause : youngest > LongestPause ? LongestPause : youngest;
    }

    private static string? Text(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private sealed class Waiter(ImmutableArray<long> commands, long since)
    {
        public ImmutableArray<long> Commands { get; } = commands;

        public long Since { get; } = since;

        public long ReachedAt { get; set; } = since;

        public TaskCompletionSource<ImmutableArray<CommandOutcome>> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
