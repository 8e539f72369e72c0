using PgTrickle.Scheduling.Graph;
using PgTrickle.Scheduling.Schedules;

namespace PgTrickle.Scheduling.Assignments;

/// <summary>Whom to tell when a stream table advanced.</summary>
/// <param name="Advanced">The stream table with new data.</param>
/// <param name="Entity">The entity to tell: that of a reader, or the one that drives the reader's group.</param>
public readonly record struct AdvanceLink(long Advanced, long Entity);

/// <summary>A stream table's part in an atomic group.</summary>
/// <param name="Group">The group.</param>
/// <param name="IsDriver">True for the member whose entity refreshes all of them.</param>
/// <param name="BlockedBy">
/// The other members that are not ACTIVE: suspended, in error, or not filled yet. While there are any the group is not refreshed, for
/// the others could not be without showing two versions.
/// </param>
public sealed record GroupMembership(AtomicGroup Group, bool IsDriver, EquatableArray<long> BlockedBy);

/// <summary>
/// All that a stream table's entity must know to do its work; computed by the coordinator, which adds a generation number. Compares by
/// value.
/// </summary>
public sealed record Assignment
{
    /// <summary>The stream table's <c>pgt_id</c>.</summary>
    public required long Id { get; init; }

    /// <summary>Its schema-qualified name, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>The version of its definition; another one means that compiled plans are out of date.</summary>
    public required long DefinitionVersion { get; init; }

    /// <summary>The refresh mode.</summary>
    public required RefreshMode Mode { get; init; }

    /// <summary>Its own schedule, with <c>calculated</c> resolved, before the tier.</summary>
    public required EffectiveSchedule Schedule { get; init; }

    /// <summary>The tier that counts. For the driver of a group, the most important of its members'.</summary>
    public required Tier Tier { get; init; }

    /// <summary>
    /// What the entity acts upon: the schedule with the tier applied; for the driver of a group that of the group, for other members
    /// never.
    /// </summary>
    public required EffectiveSchedule Timetable { get; init; }

    /// <summary>Zero for one that reads no stream table, else one more than the highest level that it reads.</summary>
    public required int Level { get; init; }

    /// <summary>The stream tables that it reads, sorted.</summary>
    public required EquatableArray<long> Upstream { get; init; }

    /// <summary>The stream tables that read it, sorted.</summary>
    public required EquatableArray<long> Downstream { get; init; }

    /// <summary>The OIDs of all other relations that it reads, sorted.</summary>
    public required EquatableArray<uint> Sources { get; init; }

    /// <summary>Its atomic group; null for one that is refreshed alone.</summary>
    public GroupMembership? Group { get; init; }

    /// <summary>
    /// The relations whose changes make a refresh by this entity worthwhile: those of all members for a driver, none for other members.
    /// Immediate stream tables upstream are among <see cref="WatchedUpstream"/>, though no entity announces their advance.
    /// </summary>
    public required EquatableArray<uint> WatchedSources { get; init; }

    /// <summary>The stream tables, outside of its group, whose advance makes a refresh by this entity worthwhile.</summary>
    public required EquatableArray<long> WatchedUpstream { get; init; }

    /// <summary>Whom to tell when a stream table that this entity refreshed advanced; never itself.</summary>
    public required EquatableArray<AdvanceLink> Announce { get; init; }

    /// <summary>True when a refresh may find changes that nothing announced, so that no due time is skipped.</summary>
    public required bool NeverSkips { get; init; }

    /// <summary>Change rows in one window above which the fuse counts an observation; null without a fuse.</summary>
    public long? FuseCeiling { get; init; }

    /// <summary>Consecutive observations above the ceiling that blow the fuse; 1 or more.</summary>
    public int FuseSensitivity { get; init; } = 1;

    /// <summary>True when another entity does this one's refreshes.</summary>
    public bool IsPassenger => Group is { IsDriver: false };

    /// <summary>The entity that does its refreshes.</summary>
    public long Driver => Group?.Group.Owner ?? Id;
}
