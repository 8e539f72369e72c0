using PgTrickle.Scheduling.Graph;

namespace PgTrickle.Scheduling.Tests.Graph;

/// <summary>The definition of diamonds, word for word: all paths between all pairs. Exponential, and independent of the real search.</summary>
internal static class DiamondsByEnumeration
{
    public static List<List<long>> Find(StreamTableNode[] nodes, Func<long, DiamondSettings> settings)
    {
        var groups = new List<HashSet<long>>();
        foreach (var end in nodes.Where(node => settings(node.Id) is { Consistency: DiamondConsistency.Atomic, IsScheduled: true }))
        {
            foreach (var paths in PathsTo(nodes, end).GroupBy(path => path[0]).Select(group => group.ToList()))
            {
                var meets = paths.Any(one => paths.Any(other => one != other && !Inner(one).Intersect(Inner(other)).Any()));
                var members = paths.SelectMany(path => path.Skip(1)).Select(long.Parse).Where(id => settings(id).IsScheduled).ToHashSet();
                if (meets && members.Count > 1)
                {
                    Merge(groups, members);
                }
            }
        }

        return [.. groups.Select(group => group.Order().ToList())];
    }

    private static IEnumerable<string> Inner(List<string> path) => path.Skip(1).SkipLast(1);

    private static void Merge(List<HashSet<long>> groups, HashSet<long> members)
    {
        foreach (var overlapping in groups.Where(group => group.Overlaps(members)).ToList())
        {
            members.UnionWith(overlapping);
            groups.Remove(overlapping);
        }

        groups.Add(members);
    }

    // Relations are named "r1", stream tables "1"; every path has at least one edge.
    private static IEnumerable<List<string>> PathsTo(StreamTableNode[] nodes, StreamTableNode end)
    {
        foreach (var source in end.Sources)
        {
            yield return [$"r{source}", $"{end.Id}"];
        }

        foreach (var upstream in end.Upstream)
        {
            yield return [$"{upstream}", $"{end.Id}"];
            foreach (var path in PathsTo(nodes, nodes[upstream]))
            {
                yield return [.. path, $"{end.Id}"];
            }
        }
    }
}
