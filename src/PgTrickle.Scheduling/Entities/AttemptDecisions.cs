using PgTrickle.Scheduling.Assignments;

namespace PgTrickle.Scheduling.Entities;

/// <summary>Decisions about attempts: granted, completed, failed, and results that come too late.</summary>
internal static class AttemptDecisions
{
    private const int LargestFactor = 8;

    // An attempt that takes more than this part of its interval is late for the next one.
    private const double OnTime = 0.95;

    public static void OnGrant(Turn turn, SlotGranted granted, Moment now)
    {
        if (turn.State is { IsRetired: false, Assignment: { } mine, Phase: WaitingPhase waiting } && waiting.Attempt == granted.Attempt)
        {
            turn.Emit(new AttemptStarted(waiting.Attempt, waiting.Origin, MembersOf(turn.State, mine), now));
        }
        else
        {
            turn.Emit(new SlotReturned(granted.Attempt));
        }
    }

    public static void OnCompletion(Turn turn, AttemptCompleted completed, Moment now)
    {
        if (turn.State.Phase is not RunningPhase running || running.Attempt != completed.Attempt)
        {
            turn.Emit(new LateResultIgnored(completed.Attempt));
            return;
        }

        var took = now.Monotonic - running.StartedAt.Monotonic;
        turn.Emit(new AttemptSucceeded(running.Attempt, took));
        if (!running.Requests.IsEmpty)
        {
            turn.Emit(new RequestsAnswered(running.Requests, null));
        }

        var links = turn.State.Assignment!.Announce.Where(link => completed.Advanced.Contains(link.Advanced)).ToEquatableArray();
        if (!links.IsEmpty)
        {
            turn.Emit(new AdvanceAnnounced(links));
        }

        Stretch(turn, took);
    }

    public static void OnFailure(Turn turn, AttemptBroken broken, Moment now)
    {
        if (turn.State.Phase is not RunningPhase running || running.Attempt != broken.Attempt)
        {
            turn.Emit(new LateResultIgnored(broken.Attempt));
            return;
        }

        if (running.IsAbandoned)
        {
            turn.Emit(new AttemptStopped(running.Attempt));
            return;
        }

        var failure = broken.Failure;
        turn.Emit(new AttemptFailed(running.Attempt, failure, now.Monotonic + DelayAfter(turn.State, failure, broken.Jitter)));

        // A transient failure is none of the caller's business: the request stays and is tried again.
        if ((failure.Class != FailureClass.Transient || turn.State.IsRetired) && !running.Requests.IsEmpty)
        {
            turn.Emit(new RequestsAnswered(running.Requests, failure));
        }

        var state = turn.State;
        if (state.IsRetired || state.Status is StreamTableStatus.Suspended or StreamTableStatus.Error)
        {
            return;
        }

        if (failure.Class == FailureClass.Permanent)
        {
            turn.Emit(new MovedToError(failure));
        }
        else if (state.Failures.Counted >= state.Settings.MaxConsecutiveErrors && failure.Class == FailureClass.Query)
        {
            turn.Emit(new Suspended(SuspensionReason.Errors));
        }
    }

    private static EquatableArray<long> MembersOf(StreamTableState state, Assignment mine) =>
        mine.Group is { IsDriver: true } membership && state.Status != StreamTableStatus.Initializing ? membership.Group.Members : [state.Id];

    private static TimeSpan DelayAfter(StreamTableState state, Failure failure, double jitter)
    {
        var settings = state.Settings;
        var inARow = state.Failures.InARow + 1;
        return failure.Class switch
        {
            FailureClass.Transient => settings.TransientBackoff.Delay(inARow, jitter),
            FailureClass.MissingRights => settings.QueryBackoff.Delay(inARow, jitter),
            FailureClass.Permanent => settings.ErrorRecheck,
            _ when state.Status == StreamTableStatus.Error => settings.ErrorRecheck,
            _ => settings.QueryBackoff.Delay(inARow, jitter),
        };
    }

    // Back only when the shorter interval would do, else two factors would alternate for ever.
    private static void Stretch(Turn turn, TimeSpan took)
    {
        if (turn.State is not { Assignment.Timetable.Interval: { } interval, Settings.AutoBackoff: true, IntervalFactor: var factor })
        {
            return;
        }

        if (took > interval * factor * OnTime && factor < LargestFactor)
        {
            turn.Emit(new IntervalStretched(factor * 2));
        }
        else if (factor > 1 && took <= interval * (factor / 2) * OnTime)
        {
            turn.Emit(new IntervalStretched(factor / 2));
        }
    }
}
