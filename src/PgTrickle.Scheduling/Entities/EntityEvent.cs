using PgTrickle.Scheduling.Assignments;
using PgTrickle.Scheduling.Workers;

namespace PgTrickle.Scheduling.Entities;

/// <summary>
/// A decision of an entity: it changes the state (<see cref="StreamTableState.Apply"/>), and most tell the shell to do something, as
/// each says. The hierarchy is closed.
/// </summary>
public abstract record EntityEvent
{
    private protected EntityEvent()
    {
    }
}

/// <summary>A new assignment is in force; <paramref name="Adopted"/> is null when the entity knows better than the catalog.</summary>
public sealed record Assigned(long Generation, Assignment Assignment, EntityMemory? Adopted, Moment At) : EntityEvent;

/// <summary>An assignment of an older generation came late. Nothing to do.</summary>
public sealed record StaleAssignmentIgnored(long Generation) : EntityEvent;

/// <summary>There is something to refresh for. Nothing to do.</summary>
public sealed record WorkNoticed(WorkKinds Kinds, TimeSpan At) : EntityEvent;

/// <summary>A request waits for its attempt. Nothing to do.</summary>
public sealed record RequestAccepted(long Request) : EntityEvent;

/// <summary>To do: answer the request with this error.</summary>
public sealed record RequestRefused(long Request, string SqlState, string Message) : EntityEvent;

/// <summary>To do: pass the requests on to the entity that drives the group.</summary>
public sealed record RequestsForwarded(EquatableArray<long> Requests, long Driver) : EntityEvent;

/// <summary>The request waits no longer. Nothing to do.</summary>
public sealed record RequestDropped(long Request) : EntityEvent;

/// <summary>To do: answer the requests; without a failure, the refresh that they asked for has committed.</summary>
public sealed record RequestsAnswered(EquatableArray<long> Requests, Failure? Failure) : EntityEvent;

/// <summary>To do: ask the node's workers for a slot.</summary>
public sealed record SlotRequested(long Attempt, AttemptOrigin Origin, SlotPriority Priority) : EntityEvent;

/// <summary>To do: take the request for a slot back.</summary>
public sealed record SlotCancelled(long Attempt) : EntityEvent;

/// <summary>To do: give back a slot that came too late.</summary>
public sealed record SlotReturned(long Attempt) : EntityEvent;

/// <summary>To do: refresh the members in one transaction, and tell the result with the attempt's number.</summary>
public sealed record AttemptStarted(long Attempt, AttemptOrigin Origin, EquatableArray<long> Members, Moment At) : EntityEvent;

/// <summary>To do: cancel the running attempt, which nobody wants any more. Its end is told like any other's.</summary>
public sealed record AttemptAbandoned(long Attempt) : EntityEvent;

/// <summary>An abandoned attempt has ended without a result, which is no failure. To do: release the slot.</summary>
public sealed record AttemptStopped(long Attempt) : EntityEvent;

/// <summary>To do: release the slot.</summary>
public sealed record AttemptSucceeded(long Attempt, TimeSpan Took) : EntityEvent;

/// <summary>To do: release the slot and record the failure. No scheduled attempt follows before <paramref name="NotBefore"/>.</summary>
public sealed record AttemptFailed(long Attempt, Failure Failure, TimeSpan NotBefore) : EntityEvent;

/// <summary>A result of an attempt that is not the running one. Nothing to do but to log it.</summary>
public sealed record LateResultIgnored(long Attempt) : EntityEvent;

/// <summary>The interval is now multiplied by this factor, since refreshes take too long for it or do no longer. To do: log it.</summary>
public sealed record IntervalStretched(int Factor) : EntityEvent;

/// <summary>To do: tell <see cref="UpstreamAdvanced"/> to these entities.</summary>
public sealed record AdvanceAnnounced(EquatableArray<AdvanceLink> Links) : EntityEvent;

/// <summary>A due time passed without an attempt. To do: record a skip when the reason is a gate.</summary>
public sealed record DueSkipped(SkipReason Reason, Moment At) : EntityEvent;

/// <summary>To do: write the status SUSPENDED and raise the alert of the reason.</summary>
public sealed record Suspended(SuspensionReason Reason) : EntityEvent;

/// <summary>To do: write the status ERROR.</summary>
public sealed record MovedToError(Failure Failure) : EntityEvent;

/// <summary>Errors are cleared and work goes on. To do: write the status, raise the alert.</summary>
public sealed record Resumed : EntityEvent;

/// <summary>To do: answer 22023, for it is neither suspended nor in error.</summary>
public sealed record ResumeRefused : EntityEvent;

/// <summary>To do: what the action says, before the next refresh.</summary>
public sealed record FuseReset(FuseAction Action) : EntityEvent;

/// <summary>So many observations in a row were above the fuse's ceiling. Nothing to do.</summary>
public sealed record FuseObserved(int Consecutive) : EntityEvent;

/// <summary>A hold appears or goes. Nothing to do.</summary>
public sealed record HoldChanged(Hold Hold, bool On) : EntityEvent;

/// <summary>To do: stop; the stream table is gone.</summary>
public sealed record Retired : EntityEvent;

/// <summary>Why an attempt is made.</summary>
public enum AttemptOrigin
{
    /// <summary>It is due.</summary>
    Schedule,

    /// <summary>Somebody asked.</summary>
    Request,

    /// <summary>It was never filled.</summary>
    Initial,
}

/// <summary>Why a due time passed without an attempt.</summary>
public enum SkipReason
{
    /// <summary>No source changed.</summary>
    NothingChanged,

    /// <summary>A source is gated.</summary>
    Gated,
}

/// <summary>Why a stream table is suspended.</summary>
public enum SuspensionReason
{
    /// <summary>Too many counted errors in a row.</summary>
    Errors,

    /// <summary>Its owner asked for it.</summary>
    Owner,

    /// <summary>Its fuse is blown.</summary>
    Fuse,
}

/// <summary>Why there is something to refresh for.</summary>
[Flags]
public enum WorkKinds
{
    /// <summary>There is nothing.</summary>
    None = 0,

    /// <summary>A relation changed.</summary>
    Sources = 1,

    /// <summary>An upstream stream table advanced.</summary>
    Upstream = 2,

    /// <summary>Unknown: the entity has just started or its assignment changed, so any source may have changed unnoticed.</summary>
    Unknown = 4,
}
