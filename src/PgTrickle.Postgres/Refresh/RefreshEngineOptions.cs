namespace PgTrickle.Postgres.Refresh;

/// <summary>Limits of the refresh engine.</summary>
public sealed record RefreshEngineOptions
{
    /// <summary>The defaults.</summary>
    public static RefreshEngineOptions Default { get; } = new();

    /// <summary>How often a conflict, a lost connection or a lock held elsewhere is tried again.</summary>
    public int Retries { get; init; } = 8;

    /// <summary>The first pause between two tries; it doubles, with jitter.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>How often the short lock of a CREATE TRIGGER or DROP TRIGGER is tried for before the preparation fails as transient.</summary>
    public int SetupRetries { get; init; } = 60;

    /// <summary>The longest pause between two tries.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A node whose heartbeat is older does not count as a member when a stream table's row is found locked.</summary>
    public TimeSpan HeartbeatFreshness { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Change rows removed by one statement of the clean-up.</summary>
    public int CleanUpBatch { get; init; } = 20_000;

    /// <summary>A consumed buffer of at least this many bytes is truncated rather than deleted from.</summary>
    public long TruncateFrom { get; init; } = 8 << 20;

    /// <summary>How many stream tables a worker session keeps the plans of; 0.1 to 0.5 MB each.</summary>
    public int KeptPlans { get; init; } = 100;

    /// <summary>A refresh that takes this long plans its delta: kept plans are for short ones.</summary>
    public TimeSpan PlanFrom { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How long change log rows outlive their transaction, at least: a detector that looks less often is told that anything may have changed.</summary>
    public TimeSpan LogRetention { get; init; } = TimeSpan.FromMinutes(1);
}
