using PgTrickle.Scheduling.Assignments;

namespace PgTrickle.Scheduling.Entities;

/// <summary>Anything that an entity is told. The hierarchy is closed.</summary>
public abstract record EntityInput
{
    private protected EntityInput()
    {
    }
}

/// <summary>What the catalog remembers of a stream table when its entity starts.</summary>
/// <param name="Status">Its state.</param>
/// <param name="IsPopulated">True once it was filled.</param>
/// <param name="FillAtOnce">False when it was created without being filled: its first refresh, at its schedule, fills it.</param>
/// <param name="ConsecutiveErrors">Counted errors since the last success.</param>
/// <param name="LastRefreshAt">When the last refresh started, by the wall clock.</param>
public sealed record EntityMemory(
    StreamTableStatus Status, bool IsPopulated, bool FillAtOnce, int ConsecutiveErrors, DateTimeOffset? LastRefreshAt);

/// <summary>The coordinator's assignment. Sending it again changes nothing; one with a lower generation is ignored.</summary>
public sealed record AssignmentReceived(long Generation, Assignment Assignment, EntityMemory Memory) : EntityInput;

/// <summary>The timer that <see cref="DueTimes.NextWake"/> asked for; harmless at any other time.</summary>
public sealed record Tick : EntityInput;

/// <summary>The change detector saw committed changes of these relations; other than watched ones are ignored.</summary>
public sealed record SourcesChanged(EquatableArray<uint> Sources) : EntityInput;

/// <summary>The change detector lost track, or any source may have changed for another reason.</summary>
public sealed record AnythingMayHaveChanged : EntityInput;

/// <summary>An upstream stream table has new data.</summary>
public sealed record UpstreamAdvanced(long Upstream) : EntityInput;

/// <summary>The number of change rows that wait for this stream table, for its fuse.</summary>
public sealed record VolumeObserved(long Rows) : EntityInput;

/// <summary>Somebody asks for a refresh now, whatever schedule, tier or gate say.</summary>
public sealed record RefreshRequested(long Request) : EntityInput;

/// <summary>Whoever asked has gone.</summary>
public sealed record RequestWithdrawn(long Request) : EntityInput;

/// <summary>A worker is free for the attempt.</summary>
public sealed record SlotGranted(long Attempt) : EntityInput;

/// <summary>The attempt committed.</summary>
/// <param name="Attempt">The number from <see cref="AttemptStarted"/>.</param>
/// <param name="Advanced">The members whose contents changed.</param>
public sealed record AttemptCompleted(long Attempt, EquatableArray<long> Advanced) : EntityInput;

/// <summary>The attempt changed nothing.</summary>
/// <param name="Attempt">The number from <see cref="AttemptStarted"/>.</param>
/// <param name="Failure">Why.</param>
/// <param name="Jitter">A random number from 0 to 1.</param>
public sealed record AttemptBroken(long Attempt, Failure Failure, double Jitter) : EntityInput;

/// <summary>Its owner suspends it.</summary>
public sealed record SuspendRequested : EntityInput;

/// <summary>Its owner makes it active again, errors cleared.</summary>
public sealed record ResumeRequested : EntityInput;

/// <summary>Its owner resets the fuse; <paramref name="Action"/> is what becomes of the changes that blew it.</summary>
public sealed record FuseResetRequested(FuseAction Action) : EntityInput;

/// <summary>A reason not to start work appears or goes.</summary>
public sealed record HoldRequested(Hold Hold, bool On) : EntityInput;

/// <summary>The stream table is gone.</summary>
public sealed record Withdrawn : EntityInput;

/// <summary>What becomes of the changes that blew a fuse.</summary>
public enum FuseAction
{
    /// <summary>They are applied.</summary>
    Apply,

    /// <summary>The stream table is computed anew.</summary>
    Reinitialize,

    /// <summary>They are passed over.</summary>
    SkipChanges,
}

/// <summary>Reasons not to start work.</summary>
[Flags]
public enum Hold
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The operator paused its schedule; requests are served.</summary>
    Paused = 1,

    /// <summary>A source is gated; requests are served, and each due time is recorded as skipped.</summary>
    Gated = 2,

    /// <summary>The operator drains the system: nothing starts.</summary>
    Draining = 4,
}
