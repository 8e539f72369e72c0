using PgTrickle.Scheduling.Assignments;

namespace PgTrickle.Scheduling.Entities;

/// <summary>An event that cannot happen in the state it was applied to: a programming error.</summary>
public sealed class ImpossibleTransitionException(string message) : InvalidOperationException(message);

/// <summary>Where an entity's present attempt stands. The hierarchy is closed.</summary>
public abstract record Phase
{
    private protected Phase()
    {
    }
}

/// <summary>No attempt.</summary>
public sealed record IdlePhase : Phase
{
    /// <summary>The one value.</summary>
    public static IdlePhase Instance { get; } = new();
}

/// <summary>An attempt waits for a worker.</summary>
public sealed record WaitingPhase(long Attempt, AttemptOrigin Origin) : Phase;

/// <summary>An attempt runs; it took the work and the requests that it will have served when it commits.</summary>
public sealed record RunningPhase(
    long Attempt, AttemptOrigin Origin, Moment StartedAt, PendingWork Work, EquatableArray<long> Requests) : Phase
{
    /// <summary>True when all who asked for it have gone: it is being cancelled.</summary>
    public bool IsAbandoned { get; init; }
}

/// <summary>What there is to refresh for, and since when.</summary>
public readonly record struct PendingWork(WorkKinds Kinds, TimeSpan Since)
{
    /// <summary>With more of it.</summary>
    public PendingWork And(WorkKinds kinds, TimeSpan at) =>
        kinds == WorkKinds.None ? this : new(Kinds | kinds, Kinds == WorkKinds.None || at < Since ? at : Since);
}

/// <summary>Failures since the last success.</summary>
/// <param name="Counted">Those that count towards suspension.</param>
/// <param name="InARow">All.</param>
/// <param name="Last">How the last one was taken.</param>
/// <param name="NotBefore">The monotonic time before which nothing is tried again; null without a delay.</param>
public sealed record FailureStreak(int Counted, int InARow, FailureClass? Last, TimeSpan? NotBefore)
{
    /// <summary>No failure.</summary>
    public static FailureStreak None { get; } = new(0, 0, null, null);
}

/// <summary>
/// The state of a stream table's entity; <see cref="StreamTableDecider"/> decides, <see cref="Apply"/> carries out.
/// <code>
/// phase          SlotRequested              AttemptStarted
///        Idle ------------------> Waiting -----------------> Running
///         ^ ^      SlotCancelled     |                          |
///         | +------------------------+                          |
///         +----- AttemptSucceeded, AttemptFailed, AttemptStopped +
///
/// status                  AttemptSucceeded
///        INITIALIZING ----------------------------> ACTIVE &lt;----+---------------+
///             |                                      |  |       | Resumed       | Resumed,
///             |  Suspended (errors, owner, fuse)     |  |       |               | AttemptSucceeded
///             +--------------------+-----------------+  |       |               |
///             |                    +---------------------> SUSPENDED            |
///             |  MovedToError                           |                       |
///             +-----------------------------------------+---------------------> ERROR
///
/// Resumed leads to INITIALIZING instead when it was never filled. SUSPENDED starts nothing. ERROR starts what is asked for, and a
/// recheck from time to time. Phase and status are independent: suspending lets a running attempt end.
/// </code>
/// </summary>
public sealed record StreamTableState
{
    /// <summary>The stream table's <c>pgt_id</c>.</summary>
    public required long Id { get; init; }

    /// <summary>The settings.</summary>
    public required EntitySettings Settings { get; init; }

    /// <summary>What the coordinator assigned; null until it has.</summary>
    public Assignment? Assignment { get; private init; }

    /// <summary>The generation of the assignment.</summary>
    public long Generation { get; private init; }

    /// <summary>The state that users see.</summary>
    public StreamTableStatus Status { get; private init; }

    /// <summary>True once it was filled.</summary>
    public bool IsPopulated { get; private init; }

    /// <summary>Where the present attempt stands.</summary>
    public Phase Phase { get; private init; } = IdlePhase.Instance;

    /// <summary>The number of the latest attempt; they count up from 1.</summary>
    public long LastAttempt { get; private init; }

    /// <summary>What no attempt has taken yet.</summary>
    public PendingWork Work { get; private init; }

    /// <summary>The last start or skip, from which the schedule counts; null before the first.</summary>
    public Moment? Anchor { get; private init; }

    /// <summary>Failures since the last success.</summary>
    public FailureStreak Failures { get; private init; } = FailureStreak.None;

    /// <summary>What the interval is multiplied by while refreshes take too long for it: 1, 2, 4 or 8.</summary>
    public int IntervalFactor { get; private init; } = 1;

    /// <summary>Requests that no attempt has taken yet, in order of arrival.</summary>
    public EquatableArray<long> Requests { get; private init; }

    /// <summary>Reasons not to start work.</summary>
    public Hold Holds { get; private init; }

    /// <summary>Observations in a row above the fuse's ceiling.</summary>
    public int FuseObservations { get; private init; }

    /// <summary>True when the stream table is gone.</summary>
    public bool IsRetired { get; private init; }

    /// <summary>An entity that has just started and waits for its assignment.</summary>
    public static StreamTableState Start(long id, EntitySettings settings) => new() { Id = id, Settings = settings };

    /// <summary>The state after an event.</summary>
    /// <exception cref="ImpossibleTransitionException">The event cannot happen in this state.</exception>
    public StreamTableState Apply(EntityEvent occurred) => occurred switch
    {
        Assigned assigned => AfterAssignment(assigned),
        WorkNoticed noticed => this with { Work = Work.And(noticed.Kinds, noticed.At) },
        RequestAccepted accepted => this with
        {
            Requests = Requests.Append(accepted.Request).ToEquatableArray(),
            Failures = Failures with { NotBefore = null },
        },
        RequestsForwarded forwarded => this with { Requests = Requests.Except(forwarded.Requests).ToEquatableArray() },
        RequestDropped dropped => AfterDrop(dropped.Request),
        RequestsAnswered answered => this with { Requests = Requests.Except(answered.Requests).ToEquatableArray() },
        SlotRequested requested => AfterSlotRequest(requested),
        SlotCancelled cancelled => InPhase<WaitingPhase>(cancelled, waiting => waiting.Attempt == cancelled.Attempt, _ => this with { Phase = IdlePhase.Instance }),
        AttemptStarted started => InPhase<WaitingPhase>(started, waiting => waiting.Attempt == started.Attempt, waiting => AfterStart(started, waiting)),
        AttemptSucceeded succeeded => InPhase<RunningPhase>(succeeded, running => running.Attempt == succeeded.Attempt, _ => AfterSuccess()),
        AttemptFailed failed => InPhase<RunningPhase>(failed, running => running.Attempt == failed.Attempt, running => AfterFailure(failed, running)),
        AttemptAbandoned abandoned => InPhase<RunningPhase>(
            abandoned, running => running.Attempt == abandoned.Attempt && running.Requests.IsEmpty, running => this with { Phase = running with { IsAbandoned = true } }),
        AttemptStopped stopped => InPhase<RunningPhase>(
            stopped,
            running => running.Attempt == stopped.Attempt && running.IsAbandoned,
            running => this with { Phase = IdlePhase.Instance, Work = Work.And(running.Work.Kinds, running.Work.Since) }),
        IntervalStretched stretched => this with { IntervalFactor = stretched.Factor },
        DueSkipped skipped => this with { Anchor = skipped.At },
        Suspended => this with { Status = StreamTableStatus.Suspended },
        MovedToError => this with { Status = StreamTableStatus.Error },
        Resumed => AfterResumption(),
        FuseObserved observed => this with { FuseObservations = observed.Consecutive },
        HoldChanged changed => this with { Holds = changed.On ? Holds | changed.Hold : Holds & ~changed.Hold },
        Retired => this with { IsRetired = true },
        StaleAssignmentIgnored or RequestRefused or SlotReturned or LateResultIgnored or AdvanceAnnounced or ResumeRefused or FuseReset => this,
        _ => throw Impossible(occurred),
    };

    private StreamTableState AfterAssignment(Assigned assigned)
    {
        if (assigned.Generation < Generation || assigned.Assignment.Id != Id)
        {
            throw Impossible(assigned);
        }

        var redefined = Assignment is not null && Assignment.DefinitionVersion != assigned.Assignment.DefinitionVersion;
        var next = this with
        {
            Generation = assigned.Generation,
            Assignment = assigned.Assignment,
            Work = Work.And(WorkKinds.Unknown, assigned.At.Monotonic),
            Failures = redefined ? FailureStreak.None : Failures,
            IntervalFactor = redefined ? 1 : IntervalFactor,
        };
        return assigned.Adopted is not { } memory ? next : next with
        {
            Status = memory.Status,
            IsPopulated = memory.IsPopulated,
            Failures = FailureStreak.None with { Counted = memory.ConsecutiveErrors },
            Anchor = memory.LastRefreshAt is { } last ? assigned.At.Recall(last)
                : memory.IsPopulated || memory.FillAtOnce ? null
                : assigned.At,
        };
    }

    private StreamTableState AfterSlotRequest(SlotRequested requested)
    {
        var allowed = Phase is IdlePhase && requested.Attempt == LastAttempt + 1 && Status != StreamTableStatus.Suspended && !IsRetired;
        return allowed
            ? this with { Phase = new WaitingPhase(requested.Attempt, requested.Origin), LastAttempt = requested.Attempt }
            : throw Impossible(requested);
    }

    private StreamTableState AfterStart(AttemptStarted started, WaitingPhase waiting) => this with
    {
        Phase = new RunningPhase(waiting.Attempt, waiting.Origin, started.At, Work, Requests),
        Work = default,
        Requests = [],
        Anchor = started.At,
    };

    private StreamTableState AfterDrop(long request) => this with
    {
        Requests = Requests.Where(other => other != request).ToEquatableArray(),
        Phase = Phase is RunningPhase running && running.Requests.Contains(request)
            ? running with { Requests = running.Requests.Where(other => other != request).ToEquatableArray() }
            : Phase,
    };

    private StreamTableState AfterSuccess() => this with
    {
        Phase = IdlePhase.Instance,
        IsPopulated = true,
        Failures = FailureStreak.None,
        Status = Status == StreamTableStatus.Suspended ? Status : StreamTableStatus.Active,
    };

    // The requests are back in line: the decider answers them at once unless the failure is one that is tried again.
    private StreamTableState AfterFailure(AttemptFailed failed, RunningPhase running) => this with
    {
        Phase = IdlePhase.Instance,
        Work = Work.And(running.Work.Kinds, running.Work.Since),
        Requests = running.Requests.Concat(Requests).ToEquatableArray(),
        Failures = new FailureStreak(
            Failures.Counted + (failed.Failure.Class == FailureClass.Query ? 1 : 0),
            Failures.InARow + 1,
            failed.Failure.Class,
            failed.NotBefore),
    };

    private StreamTableState AfterResumption() => this with
    {
        Status = IsPopulated ? StreamTableStatus.Active : StreamTableStatus.Initializing,
        Failures = FailureStreak.None,
        FuseObservations = 0,
    };

    private StreamTableState InPhase<TPhase>(EntityEvent occurred, Func<TPhase, bool> allowed, Func<TPhase, StreamTableState> next)
        where TPhase : Phase => Phase is TPhase phase && allowed(phase) ? next(phase) : throw Impossible(occurred);

    private ImpossibleTransitionException Impossible(EntityEvent occurred) =>
        new($"stream table {Id}: {occurred.GetType().Name} in phase {Phase.GetType().Name}, status {Status}, attempt {LastAttempt}, generation {Generation}");
}
