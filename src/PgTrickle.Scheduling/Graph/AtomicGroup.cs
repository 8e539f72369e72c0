using System.Diagnostics.CodeAnalysis;

namespace PgTrickle.Scheduling.Graph;

/// <summary>Whether the paths that meet at a stream table are refreshed in one transaction.</summary>
public enum DiamondConsistency
{
    /// <summary>In one transaction.</summary>
    Atomic,

    /// <summary>Each for itself.</summary>
    None,
}

/// <summary>When an atomic group is due; of several, the strictest, which is the last member of this enumeration.</summary>
public enum DiamondSchedulePolicy
{
    /// <summary>When any member is.</summary>
    Fastest,

    /// <summary>When the member with the longest period is.</summary>
    Slowest,
}

/// <summary>Stream tables that are refreshed in one transaction, so that readers never see the paths of a diamond at two versions.</summary>
/// <param name="Members">Two or more ids in topological order.</param>
/// <param name="Convergences">The members at which paths from a shared source meet, in topological order.</param>
/// <param name="Policy">The strictest policy of the convergences.</param>
public sealed record AtomicGroup(EquatableArray<long> Members, EquatableArray<long> Convergences, DiamondSchedulePolicy Policy)
{
    /// <summary>
    /// The meeting point whose entity refreshes the group: the last convergence. Each member is on a path to a convergence, so it is
    /// the last member, too.
    /// </summary>
    public long Owner => Convergences[Convergences.Count - 1];

    /// <summary>The id of the group: a stream table is in one group at most, so its owner identifies it.</summary>
    public long Id => Owner;
}

/// <summary>Keywords of the diamond options.</summary>
public static class DiamondOptions
{
    /// <summary>Reads <c>atomic</c> or <c>none</c> in any case.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out DiamondConsistency? consistency)
    {
        consistency = text.Trim().ToLowerInvariant() switch
        {
            "atomic" => DiamondConsistency.Atomic,
            "none" => DiamondConsistency.None,
            _ => null,
        };
        return consistency is not null;
    }

    /// <summary>Reads <c>fastest</c> or <c>slowest</c> in any case.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out DiamondSchedulePolicy? policy)
    {
        policy = text.Trim().ToLowerInvariant() switch
        {
            "fastest" => DiamondSchedulePolicy.Fastest,
            "slowest" => DiamondSchedulePolicy.Slowest,
            _ => null,
        };
        return policy is not null;
    }

    /// <summary>The keyword, in lower case.</summary>
    public static string ToKeyword(this DiamondConsistency consistency) => consistency == DiamondConsistency.Atomic ? "atomic" : "none";

    /// <summary>The keyword, in lower case.</summary>
    public static string ToKeyword(this DiamondSchedulePolicy policy) => policy == DiamondSchedulePolicy.Fastest ? "fastest" : "slowest";
}
