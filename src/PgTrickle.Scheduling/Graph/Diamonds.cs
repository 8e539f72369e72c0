using System.Runtime.InteropServices;

namespace PgTrickle.Scheduling.Graph;

/// <summary>What a stream table contributes to the forming of groups.</summary>
/// <param name="Consistency">Asked of the convergence; that of the other members is not.</param>
/// <param name="Policy">Asked of the convergence.</param>
/// <param name="IsScheduled">
/// False for one that no entity refreshes (frozen, or maintained inside the writer's transaction): paths lead through it, but it is
/// neither a member nor a convergence.
/// </param>
public readonly record struct DiamondSettings(DiamondConsistency Consistency, DiamondSchedulePolicy Policy, bool IsScheduled);

/// <summary>
/// Finds diamonds and merges them into atomic groups.
/// <para>
/// A diamond is a shared source (a relation or a stream table) and a stream table, the convergence, to which two paths lead that have
/// only these two ends in common; reading the source directly is such a path. Its members are the stream tables on all paths between
/// the two, and the convergence. A source above the shared one needs no further members: what the paths have in common before they
/// part cannot be seen at two versions. Diamonds with a common member are one group.
/// </para>
/// <para>
/// By Menger's theorem a shared source is an ancestor whose immediate post-dominator towards the convergence is the convergence itself,
/// reached by two edges or more. In an acyclic graph post-dominators are found in one pass over the ancestors, from
/// the convergence up (Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm", 2001), so the cost is the sum of the
/// ancestries of all stream tables with two or more sources.
/// </para>
/// </summary>
public static class Diamonds
{
    /// <summary>All groups, sorted by owner in topological order.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="settings">The settings of each stream table in it.</param>
    public static EquatableArray<AtomicGroup> Find(DependencyGraph graph, Func<long, DiamondSettings> settings)
    {
        var flow = FlowGraph.Of(graph);
        var search = new DiamondSearch(flow);
        var sets = new DisjointSets(flow.Count);
        var convergences = new List<int>();
        for (var node = flow.FirstStreamTable; node < flow.Count; node++)
        {
            var own = settings(flow.IdOf(node));
            if (own is not { Consistency: DiamondConsistency.Atomic, IsScheduled: true })
            {
                continue;
            }

            var members = search.MembersMeetingAt(node).Where(member => settings(flow.IdOf(member)).IsScheduled).ToList();
            if (members.Count > 0)
            {
                members.ForEach(member => sets.Union(member, node));
                convergences.Add(node);
            }
        }

        return Collect(flow, sets, convergences, settings);
    }

    private static EquatableArray<AtomicGroup> Collect(
        FlowGraph flow, DisjointSets sets, List<int> convergences, Func<long, DiamondSettings> settings)
    {
        var meeting = convergences.ToLookup(sets.Find);
        var members = new Dictionary<int, List<int>>();
        for (var node = flow.FirstStreamTable; node < flow.Count; node++)
        {
            if (meeting.Contains(sets.Find(node)))
            {
                (CollectionsMarshal.GetValueRefOrAddDefault(members, sets.Find(node), out _) ??= []).Add(node);
            }
        }

        return members
            .OrderBy(group => group.Value[^1])
            .Select(group => new AtomicGroup(
                group.Value.Select(flow.IdOf).ToEquatableArray(),
                meeting[group.Key].Select(flow.IdOf).ToEquatableArray(),
                meeting[group.Key].Max(node => settings(flow.IdOf(node)).Policy)))
            .ToEquatableArray();
    }
}
