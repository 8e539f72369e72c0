using System.Collections.Immutable;

namespace PgTrickle.Actors.Contracts.Messages;

/// <summary>Assignments were computed from the catalog.</summary>
/// <param name="Generation">Grows by one with each.</param>
/// <param name="At">When.</param>
/// <param name="StreamTables">How many there are.</param>
/// <param name="Changed">How many assignments differ from the generation before.</param>
/// <param name="Cause">What made the coordinator look.</param>
public sealed record GenerationPlanned(long Generation, DateTimeOffset At, int StreamTables, int Changed, string Cause) : ICoordinatorEvent;

/// <summary>An atomic group was formed or its members changed.</summary>
public sealed record GroupFormed(long Generation, long Owner, ImmutableArray<long> Members, string Policy) : ICoordinatorEvent;

/// <summary>An atomic group is no more.</summary>
public sealed record GroupDissolved(long Generation, long Owner) : ICoordinatorEvent;

/// <summary>Something that the coordinator decides upon changed: the audit trail.</summary>
/// <param name="Generation">The generation in which it takes effect.</param>
/// <param name="PgtId">The stream table.</param>
/// <param name="Name">Its name at that time.</param>
/// <param name="Subject">What changed.</param>
/// <param name="Before">Old value; null for a new stream table.</param>
/// <param name="After">New value; null for one that is gone.</param>
/// <param name="AskedBy">The role that asked, or <c>system</c>, or <c>catalog</c> when it was seen there before the command arrived.</param>
/// <param name="At">When.</param>
public sealed record DecisionNoted(
    long Generation, long PgtId, string Name, DecisionSubject Subject, string? Before, string? After, string AskedBy, DateTimeOffset At)
    : ICoordinatorEvent;

/// <summary>What a <see cref="DecisionNoted"/> is about.</summary>
public enum DecisionSubject
{
    /// <summary>The stream table appeared or went.</summary>
    Existence,

    /// <summary>Its tier.</summary>
    Tier,

    /// <summary>Suspended, resumed, in error.</summary>
    Status,

    /// <summary>Its refresh mode.</summary>
    Mode,

    /// <summary>Its schedule.</summary>
    Schedule,
}

/// <summary>A stream table as the coordinator last knew it.</summary>
public sealed record RememberedTable(long PgtId, string Name, string Tier, string Status, string Mode, string Schedule);

/// <summary>The coordinator's state, so that recovery stays short.</summary>
public sealed record CoordinatorSnapshot(
    long Generation, ImmutableArray<RememberedTable> Tables, ImmutableArray<GroupFormed> Groups) : IContractMessage;
