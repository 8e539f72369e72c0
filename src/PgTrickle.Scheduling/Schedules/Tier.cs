using System.Diagnostics.CodeAnalysis;

namespace PgTrickle.Scheduling.Schedules;

/// <summary>
/// How important a stream table's freshness is. The order of the members is the order in which waiting refreshes are served. The
/// multiplier applies to durations only: a cron expression keeps its times. Frozen stops every kind of schedule.
/// </summary>
public enum Tier
{
    /// <summary>At its schedule.</summary>
    Hot,

    /// <summary>At twice its interval.</summary>
    Warm,

    /// <summary>At ten times its interval.</summary>
    Cold,

    /// <summary>Never, unless asked for by hand.</summary>
    Frozen,
}

/// <summary>The text and the factor of each <see cref="Tier"/>.</summary>
public static class Tiers
{
    /// <summary>What an interval is multiplied by; null for never.</summary>
    public static int? Multiplier(this Tier tier) => tier switch
    {
        Tier.Hot => 1,
        Tier.Warm => 2,
        Tier.Cold => 10,
        Tier.Frozen => null,
        _ => throw new ArgumentOutOfRangeException(nameof(tier), tier, null),
    };

    /// <summary>The keyword, in lower case.</summary>
    public static string ToKeyword(this Tier tier) => tier switch
    {
        Tier.Hot => "hot",
        Tier.Warm => "warm",
        Tier.Cold => "cold",
        Tier.Frozen => "frozen",
        _ => throw new ArgumentOutOfRangeException(nameof(tier), tier, null),
    };

    /// <summary>Reads a keyword in any case.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Tier? tier)
    {
        tier = text.Trim().ToLowerInvariant() switch
        {
            "hot" => Tier.Hot,
            "warm" => Tier.Warm,
            "cold" => Tier.Cold,
            "frozen" => Tier.Frozen,
            _ => null,
        };
        return tier is not null;
    }
}
