using System.Collections.Immutable;

namespace PgTrickle.Actors.Contracts.Messages;

/// <summary>A cron expression and the zone of its fields.</summary>
public sealed record CronData(string Text, string Zone);

/// <summary>An effective schedule: due by interval, by times of day, or when an upstream stream table advanced.</summary>
public sealed record TimetableData(TimeSpan? Interval, ImmutableArray<CronData> Crons, bool OnUpstreamAdvance);

/// <summary>Whom to tell when a stream table advanced.</summary>
public readonly record struct AdvanceLinkData(long Advanced, long Entity);

/// <summary>The part that a stream table has in an atomic group.</summary>
public sealed record GroupData(
    ImmutableArray<long> Members, ImmutableArray<long> Convergences, string Policy, bool IsDriver, ImmutableArray<long> BlockedBy);

/// <summary>
/// An entity's assignment in transport form. It has the members of <c>PgTrickle.Scheduling.Assignments.Assignment</c>, with keywords for
/// enumerations, so that nodes of different releases understand each other.
/// </summary>
public sealed record AssignmentData
{
    /// <summary>The stream table's <c>pgt_id</c>.</summary>
    public required long Id { get; init; }

    /// <summary>Schema-qualified name, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>Version of its definition.</summary>
    public required long DefinitionVersion { get; init; }

    /// <summary>AUTO, DIFFERENTIAL, FULL or IMMEDIATE.</summary>
    public required string Mode { get; init; }

    /// <summary>Its own schedule, before the tier.</summary>
    public required TimetableData Schedule { get; init; }

    /// <summary>hot, warm, cold or frozen.</summary>
    public required string Tier { get; init; }

    /// <summary>What the entity acts upon.</summary>
    public required TimetableData Timetable { get; init; }

    /// <summary>Depth in the graph.</summary>
    public required int Level { get; init; }

    /// <summary>Stream tables that it reads.</summary>
    public required ImmutableArray<long> Upstream { get; init; }

    /// <summary>Stream tables that read it.</summary>
    public required ImmutableArray<long> Downstream { get; init; }

    /// <summary>OIDs of the other relations that it reads.</summary>
    public required ImmutableArray<uint> Sources { get; init; }

    /// <summary>Its atomic group, if any.</summary>
    public GroupData? Group { get; init; }

    /// <summary>OIDs of relations whose changes concern this entity.</summary>
    public required ImmutableArray<uint> WatchedSources { get; init; }

    /// <summary>Stream tables whose advance concerns this entity.</summary>
    public required ImmutableArray<long> WatchedUpstream { get; init; }

    /// <summary>Whom to tell of advances.</summary>
    public required ImmutableArray<AdvanceLinkData> Announce { get; init; }

    /// <summary>Whether no due time may be skipped.</summary>
    public required bool NeverSkips { get; init; }

    /// <summary>Change rows in one window above which the fuse counts an observation; null without a fuse.</summary>
    public long? FuseCeiling { get; init; }

    /// <summary>Observations in a row that blow the fuse.</summary>
    public int FuseSensitivity { get; init; } = 1;
}

/// <summary>What the catalog says of a stream table besides its definition.</summary>
/// <param name="Status">INITIALIZING, ACTIVE, SUSPENDED or ERROR.</param>
/// <param name="IsPopulated">Whether it has been filled.</param>
/// <param name="Initialize">Whether its creation asked for a fill at once.</param>
/// <param name="ConsecutiveErrors">Failures since the last success.</param>
/// <param name="LastRefreshAt">End of the last refresh, by the database's clock.</param>
public sealed record StandingData(string Status, bool IsPopulated, bool Initialize, int ConsecutiveErrors, DateTimeOffset? LastRefreshAt);

/// <summary>Settings of the database that an entity obeys.</summary>
/// <param name="MaxConsecutiveErrors">Failures after which it is suspended; at least 1.</param>
/// <param name="AutoBackoff">Whether a refresh that takes nearly its whole interval stretches the interval.</param>
/// <param name="Enabled">False while the operator has stopped all scheduled work.</param>
/// <param name="PollInterval">How often its node's change detector polls.</param>
public sealed record RulesData(int MaxConsecutiveErrors, bool AutoBackoff, bool Enabled, TimeSpan PollInterval);
