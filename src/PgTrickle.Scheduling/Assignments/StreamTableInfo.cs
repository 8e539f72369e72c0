using System.Diagnostics.CodeAnalysis;
using PgTrickle.Scheduling.Graph;
using PgTrickle.Scheduling.Schedules;

namespace PgTrickle.Scheduling.Assignments;

/// <summary>How a stream table is brought up to date.</summary>
public enum RefreshMode
{
    /// <summary>Differential where the query allows it, else full.</summary>
    Auto,

    /// <summary>By deltas only.</summary>
    Differential,

    /// <summary>By evaluating the query and applying the difference.</summary>
    Full,

    /// <summary>By triggers, inside the writer's transaction.</summary>
    Immediate,
}

/// <summary>What <c>pgt_status()</c> shows.</summary>
public enum StreamTableStatus
{
    /// <summary>Created, not filled yet.</summary>
    Initializing,

    /// <summary>Refreshed by its schedule.</summary>
    Active,

    /// <summary>Stopped after repeated errors, by a blown fuse, or by its owner, until resumed.</summary>
    Suspended,

    /// <summary>Its query cannot run (a dropped column or function) until that is mended.</summary>
    Error,
}

/// <summary>Keywords of modes and states.</summary>
public static class StreamTableKeywords
{
    /// <summary>The keyword, in upper case.</summary>
    public static string ToKeyword(this StreamTableStatus status) => status.ToString().ToUpperInvariant();

    /// <summary>The keyword, in upper case.</summary>
    public static string ToKeyword(this RefreshMode mode) => mode.ToString().ToUpperInvariant();

    /// <summary>Reads a keyword in any case.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out StreamTableStatus? status)
    {
        status = text.Trim().ToUpperInvariant() switch
        {
            "INITIALIZING" => StreamTableStatus.Initializing,
            "ACTIVE" => StreamTableStatus.Active,
            "SUSPENDED" => StreamTableStatus.Suspended,
            "ERROR" => StreamTableStatus.Error,
            _ => null,
        };
        return status is not null;
    }

    /// <summary>Reads a keyword in any case.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out RefreshMode? mode)
    {
        mode = text.Trim().ToUpperInvariant() switch
        {
            "AUTO" => RefreshMode.Auto,
            "DIFFERENTIAL" => RefreshMode.Differential,
            "FULL" => RefreshMode.Full,
            "IMMEDIATE" => RefreshMode.Immediate,
            _ => null,
        };
        return mode is not null;
    }
}

/// <summary>A stream table as the catalog describes it; what the coordinator computes assignments from.</summary>
/// <param name="Id">Its <c>pgt_id</c>.</param>
/// <param name="Name">Its schema-qualified name, for messages.</param>
/// <param name="Schedule">What its owner wrote.</param>
/// <param name="Tier">Its tier.</param>
/// <param name="Mode">The refresh mode.</param>
/// <param name="Status">The present state.</param>
/// <param name="DiamondConsistency">Asked when paths meet at it.</param>
/// <param name="DiamondSchedulePolicy">Asked when paths meet at it.</param>
/// <param name="Upstream">The stream tables that it reads.</param>
/// <param name="Sources">The OIDs of all other relations that it reads.</param>
/// <param name="DefinitionVersion">Grows with every change of the query or of what is compiled from it.</param>
/// <param name="ReadsUntracked">
/// True when its result may change though no tracked change does: it reads the clock, a foreign table, a materialised view. It is
/// refreshed at every due time.
/// </param>
/// <param name="FuseCeiling">Change rows in one window above which the fuse counts an observation; null when the fuse is off.</param>
/// <param name="FuseSensitivity">Consecutive observations above the ceiling that blow the fuse; 1 or more.</param>
public sealed record StreamTableInfo(
    long Id,
    string Name,
    Schedule Schedule,
    Tier Tier,
    RefreshMode Mode,
    StreamTableStatus Status,
    DiamondConsistency DiamondConsistency,
    DiamondSchedulePolicy DiamondSchedulePolicy,
    EquatableArray<long> Upstream,
    EquatableArray<uint> Sources,
    long DefinitionVersion,
    bool ReadsUntracked = false,
    long? FuseCeiling = null,
    int FuseSensitivity = 1)
{
    /// <summary>True when triggers maintain it in the writer's transaction, so that no entity refreshes it.</summary>
    public bool IsImmediate => Mode == RefreshMode.Immediate || Schedule is ImmediateSchedule;
}

/// <summary>The settings that assignments depend on.</summary>
/// <param name="DefaultSchedule">The setting <c>default_schedule_seconds</c>: for calculated stream tables that nothing else drives.</param>
/// <param name="TieredScheduling">The setting <c>tiered_scheduling</c>; when off, all stream tables are hot.</param>
public sealed record PlanningSettings(TimeSpan DefaultSchedule, bool TieredScheduling = true)
{
    /// <summary>The shipped settings: one second, tiers on.</summary>
    public static PlanningSettings Default { get; } = new(TimeSpan.FromSeconds(1));
}
