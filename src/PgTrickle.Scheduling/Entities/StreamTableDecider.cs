using System.Collections.Immutable;
using PgTrickle.Scheduling.Assignments;
using PgTrickle.Scheduling.Workers;

namespace PgTrickle.Scheduling.Entities;

/// <summary>
/// Decides what an entity does about an input. Pure: the time and a random number come with the call. The shell applies the events in
/// order, does what each asks for, and then sets its one timer to <see cref="DueTimes.NextWake"/>.
/// </summary>
public static class StreamTableDecider
{
    /// <summary>SQLSTATE for requests that the state forbids.</summary>
    internal const string NotInPrerequisiteState = "55000";

    /// <summary>The events of an input; none when it changes nothing.</summary>
    /// <param name="state">The present state.</param>
    /// <param name="input">What the entity is told.</param>
    /// <param name="now">The present moment, of the process whose earlier moments are in the state.</param>
    public static ImmutableArray<EntityEvent> Decide(StreamTableState state, EntityInput input, Moment now)
    {
        var turn = new Turn(state);
        React(turn, input, now);
        if (turn.State is { IsRetired: false, Assignment: not null })
        {
            SettleRequests(turn);
            SettleWaiting(turn);
            StartWhatIsDue(turn, now);
        }

        return turn.Events;
    }

    private static void React(Turn turn, EntityInput input, Moment now)
    {
        switch (input)
        {
            case SlotGranted granted:
                AttemptDecisions.OnGrant(turn, granted, now);
                break;
            case AttemptCompleted completed:
                AttemptDecisions.OnCompletion(turn, completed, now);
                break;
            case AttemptBroken broken:
                AttemptDecisions.OnFailure(turn, broken, now);
                break;
            case Withdrawn when !turn.State.IsRetired:
                OnWithdrawal(turn);
                break;
            case RefreshRequested requested when IsKnown(turn.State, requested.Request):
                break;
            case RefreshRequested requested when turn.State.IsRetired:
                turn.Emit(new RequestRefused(requested.Request, "42P01", "the stream table is gone"));
                break;
            case var _ when turn.State.IsRetired:
            case Tick:
                break;
            case AssignmentReceived received:
                OnAssignment(turn, received, now);
                break;
            case RefreshRequested requested:
                turn.Emit(new RequestAccepted(requested.Request));
                break;
            case RequestWithdrawn withdrawn when IsKnown(turn.State, withdrawn.Request):
                OnRequestWithdrawn(turn, withdrawn.Request);
                break;
            case HoldRequested hold when turn.State.Holds.HasFlag(hold.Hold) != hold.On:
                turn.Emit(new HoldChanged(hold.Hold, hold.On));
                break;
            case SuspendRequested or ResumeRequested or FuseResetRequested or VolumeObserved:
                OnStatusInput(turn, input);
                break;
            default:
                OnHint(turn, input, now);
                break;
        }
    }

    private static bool IsKnown(StreamTableState state, long request) =>
        state.Requests.Contains(request) || (state.Phase is RunningPhase running && running.Requests.Contains(request));

    private static void OnRequestWithdrawn(Turn turn, long request)
    {
        turn.Emit(new RequestDropped(request));
        if (turn.State.Phase is RunningPhase { Origin: AttemptOrigin.Request, Requests.IsEmpty: true, IsAbandoned: false } running)
        {
            turn.Emit(new AttemptAbandoned(running.Attempt));
        }
    }

    private static void OnAssignment(Turn turn, AssignmentReceived received, Moment now)
    {
        var state = turn.State;
        if (received.Generation < state.Generation)
        {
            turn.Emit(new StaleAssignmentIgnored(received.Generation));
        }
        else if (received.Assignment != state.Assignment)
        {
            // A passenger's refreshes happen elsewhere, so the catalog knows better how they went.
            var adopts = state.Assignment is null or { IsPassenger: true } && state.Phase is IdlePhase;
            turn.Emit(new Assigned(received.Generation, received.Assignment, adopts ? received.Memory : null, now));
        }
    }

    private static void OnHint(Turn turn, EntityInput input, Moment now)
    {
        var kinds = input switch
        {
            SourcesChanged changed when turn.State.Assignment is { } mine && changed.Sources.Any(mine.WatchedSources.Contains) => WorkKinds.Sources,
            UpstreamAdvanced advanced when turn.State.Assignment is { } mine && mine.WatchedUpstream.Contains(advanced.Upstream) => WorkKinds.Upstream,
            AnythingMayHaveChanged => WorkKinds.Unknown,
            _ => WorkKinds.None,
        };
        if ((kinds & ~turn.State.Work.Kinds) != WorkKinds.None)
        {
            turn.Emit(new WorkNoticed(kinds, now.Monotonic));
        }
    }

    private static void OnStatusInput(Turn turn, EntityInput input)
    {
        var stopped = turn.State.Status is StreamTableStatus.Suspended or StreamTableStatus.Error;
        switch (input)
        {
            case SuspendRequested when turn.State.Status != StreamTableStatus.Suspended:
                turn.Emit(new Suspended(SuspensionReason.Owner));
                break;
            case ResumeRequested or FuseResetRequested when !stopped:
                turn.Emit(new ResumeRefused());
                break;
            case ResumeRequested:
                turn.Emit(new Resumed());
                break;
            case FuseResetRequested reset:
                turn.Emit(new FuseReset(reset.Action));
                turn.Emit(new Resumed());
                break;
            case VolumeObserved volume when turn.State is { Assignment: { FuseCeiling: { } ceiling } mine, Status: not StreamTableStatus.Suspended }:
                ObserveVolume(turn, volume.Rows > ceiling, mine.FuseSensitivity);
                break;
            default:
                break;
        }
    }

    private static void ObserveVolume(Turn turn, bool above, int sensitivity)
    {
        var consecutive = above ? turn.State.FuseObservations + 1 : 0;
        if (consecutive != turn.State.FuseObservations)
        {
            turn.Emit(new FuseObserved(consecutive));
        }

        if (consecutive >= sensitivity)
        {
            turn.Emit(new Suspended(SuspensionReason.Fuse));
        }
    }

    private static void OnWithdrawal(Turn turn)
    {
        if (turn.State.Phase is WaitingPhase waiting)
        {
            turn.Emit(new SlotCancelled(waiting.Attempt));
        }

        foreach (var request in turn.State.Requests)
        {
            turn.Emit(new RequestRefused(request, "42P01", "the stream table is gone"));
            turn.Emit(new RequestDropped(request));
        }

        turn.Emit(new Retired());
    }

    // Requests that cannot be served here and now get their answer at once, whichever of the two came first.
    private static void SettleRequests(Turn turn)
    {
        var state = turn.State;
        if (state.Requests.IsEmpty)
        {
            return;
        }

        if (state is { Assignment: { IsPassenger: true } passenger, Status: StreamTableStatus.Active })
        {
            turn.Emit(new RequestsForwarded(state.Requests, passenger.Driver));
            return;
        }

        var obstacle = state switch
        {
            { Status: StreamTableStatus.Suspended } => "it is suspended",
            _ when state.Holds.HasFlag(Hold.Draining) => "the system is being drained",
            _ when DueTimes.IsBlocked(state) => "a member of its atomic group is suspended, in error or not filled yet",
            _ => null,
        };
        foreach (var request in obstacle is null ? [] : state.Requests)
        {
            turn.Emit(new RequestRefused(request, NotInPrerequisiteState, $"cannot refresh {state.Assignment!.Name}: {obstacle}"));
            turn.Emit(new RequestDropped(request));
        }
    }

    private static void SettleWaiting(Turn turn)
    {
        if (turn.State.Phase is not WaitingPhase waiting)
        {
            return;
        }

        // A request does not queue behind scheduled work: the slot is asked for again, at its priority.
        var urgent = !turn.State.Requests.IsEmpty;
        var keeps = waiting.Origin == AttemptOrigin.Request ? urgent : !urgent && MayStartScheduled(turn.State);
        if (!keeps)
        {
            turn.Emit(new SlotCancelled(waiting.Attempt));
        }
    }

    private static void StartWhatIsDue(Turn turn, Moment now)
    {
        var state = turn.State;
        if (state.Phase is not IdlePhase || state.Holds.HasFlag(Hold.Draining))
        {
            return;
        }

        if (!state.Requests.IsEmpty)
        {
            if (state.Failures.NotBefore is not { } earliest || earliest <= now.Monotonic)
            {
                turn.Emit(new SlotRequested(state.LastAttempt + 1, AttemptOrigin.Request, SlotPriority.Requested(now.Monotonic)));
            }

            return;
        }

        if (DueTimes.NextDue(state, now) is not { } due || due > now.Monotonic)
        {
            return;
        }

        if (!DueTimes.HasWork(state))
        {
            turn.Emit(new DueSkipped(SkipReason.NothingChanged, now));
        }
        else if (MayStartScheduled(state))
        {
            var origin = state.Status == StreamTableStatus.Initializing ? AttemptOrigin.Initial : AttemptOrigin.Schedule;
            turn.Emit(new SlotRequested(state.LastAttempt + 1, origin, SlotPriority.Scheduled(state.Assignment!.Tier, due)));
        }
        else if (state is { IsPopulated: true } && state.Holds.HasFlag(Hold.Gated) && !(due <= state.Anchor?.Monotonic))
        {
            turn.Emit(new DueSkipped(SkipReason.Gated, now));
        }
    }

    private static bool MayStartScheduled(StreamTableState state) =>
        state is { Status: not StreamTableStatus.Suspended, Holds: Hold.None }
        && !DueTimes.IsBlocked(state)
        && DueTimes.IsScheduledHere(state);
}
