using System.Collections.Immutable;
using System.Globalization;
using PgTrickle.Gateway.Outcomes;
using PgTrickle.Wire.Backend;

namespace PgTrickle.Gateway.Calls;

/// <summary>Waits for the outcome of the calls of one transaction that has ended, and decides what the client is told.</summary>
internal sealed class Hold(Settlement settlement, bool isReplaceable, IHeldSession session, ICommandOutcomes outcomes, GatewayOptions options, TimeProvider time)
{
    private const string Cancelled = "57014";

    private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _since = time.GetTimestamp();

    /// <summary>Whether the results can still be replaced by an error, and the error would be the whole truth.</summary>
    private bool AnswersWithError => isReplaceable && settlement.IsSole;

    private ImmutableArray<long> Commands => [.. settlement.Marks.Select(mark => mark.CommandId)];

    /// <summary>The client asked to cancel.</summary>
    public void Cancel() => _cancelled.TrySetResult();

    /// <summary>Waits and decides.</summary>
    public async Task<Verdict> RunAsync(CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            var waiting = outcomes.WaitAsync(Commands, ended.Token);
            return await WaitAsync(waiting, cancellation) is { } reason
                ? await GiveUpAsync(reason, cancellation)
                : await JudgeAsync(await waiting, cancellation);
        }
        catch (OutcomeUnknownException error)
        {
            return new Verdict(null, [Verdict.Warning(new CommandError("08006", error.Message, error.InnerException?.Message, null))]);
        }
        finally
        {
            await ended.CancelAsync();
        }
    }

    /// <summary>Waits for the outcomes; returns why the client no longer wants them, or null when they are there.</summary>
    private async Task<string?> WaitAsync(Task waiting, CancellationToken cancellation)
    {
        if (settlement.Cycle.IsCancelled)
        {
            Cancel();
        }

        var told = _since;
        while (true)
        {
            var left = Deadline is { } limit ? limit - time.GetElapsedTime(settlement.Cycle.StartedAt) : options.KeepAlive;
            if (left > TimeSpan.Zero && !waiting.IsCompleted)
            {
                using var tick = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
                await Task.WhenAny(waiting, _cancelled.Task, Task.Delay(left < options.KeepAlive ? left : options.KeepAlive, time, tick.Token));
                await tick.CancelAsync();
            }

            cancellation.ThrowIfCancellationRequested();
            if (waiting.IsCompleted)
            {
                return null;
            }

            if (_cancelled.Task.IsCompleted)
            {
                return "canceling statement due to user request";
            }

            if (left <= TimeSpan.Zero)
            {
                return "canceling statement due to statement timeout";
            }

            await session.KeepAliveAsync(cancellation);
            if (time.GetElapsedTime(told) > options.ProgressInterval)
            {
                told = time.GetTimestamp();
                var seconds = ((long)time.GetElapsedTime(_since).TotalSeconds).ToString(CultureInfo.InvariantCulture);
                await session.TellAsync(ServerMessage.Of("NOTICE", "00000", $"still waiting for the call to be carried out, for {seconds} s"), cancellation);
            }
        }
    }

    /// <summary>The caller's statement_timeout; the shortest, should it have changed in between.</summary>
    private TimeSpan? Deadline => settlement.Marks.Min(mark => mark.StatementTimeout);

    private async Task<Verdict> GiveUpAsync(string reason, CancellationToken cancellation)
    {
        var error = new CommandError(Cancelled, reason, null, null);
        if (!AnswersWithError)
        {
            // What has committed with it relies on it: it goes on, only the client does not wait.
            return new Verdict(null, [Verdict.Warning(error with { Hint = "The call goes on in the background; CALL pgtrickle.wait_for(name, timeout) waits for it." })]);
        }

        foreach (var command in Commands)
        {
            await outcomes.AbortAsync(command, Cancelled, reason, cancellation);
        }

        return await JudgeAsync(await outcomes.WaitAsync(Commands, cancellation), cancellation);
    }

    private async Task<Verdict> JudgeAsync(ImmutableArray<CommandOutcome> ended, CancellationToken cancellation)
    {
        var failures = ended.Where(outcome => outcome.Error is not null).ToList();
        if (failures.Count == 0)
        {
            return Verdict.Success;
        }

        if (AnswersWithError && await TakeBackAsync(ended, failures[0].Error!, cancellation))
        {
            return Verdict.Failure(failures[0].Error!);
        }

        return new Verdict(null, [.. failures.Select(failure => Verdict.Warning(failure.Error!))]);
    }

    /// <summary>Leaves nothing of a call behind: what it created goes, the last first.</summary>
    private async Task<bool> TakeBackAsync(ImmutableArray<CommandOutcome> ended, CommandError error, CancellationToken cancellation)
    {
        var all = true;
        foreach (var created in ended.Where(outcome => outcome.Kind == "create").OrderByDescending(outcome => outcome.CommandId))
        {
            if (created.Error is null)
            {
                // One of several that a call created, which succeeds or fails as a whole.
                await outcomes.AbortAsync(created.CommandId, error.SqlState, error.Message, cancellation);
            }

            all &= await session.TakeBackAsync(created.CommandId, cancellation);
        }

        return all;
    }
}
