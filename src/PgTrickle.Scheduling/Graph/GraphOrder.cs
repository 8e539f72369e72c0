using System.Collections.Frozen;

namespace PgTrickle.Scheduling.Graph;

/// <summary>Topological order and levels, by Kahn's algorithm (A. B. Kahn, CACM 5(11), 1962) a level at a time: O(V + E), plus sorting ids within levels.</summary>
internal sealed class GraphOrder
{
    private GraphOrder(EquatableArray<long> ids, FrozenDictionary<long, (int Level, int Position)> places)
    {
        Ids = ids;
        Places = places;
    }

    /// <summary>All ids, upstream before downstream, sorted by level, then id.</summary>
    public EquatableArray<long> Ids { get; }

    /// <summary>Level and position of each id.</summary>
    public FrozenDictionary<long, (int Level, int Position)> Places { get; }

    /// <summary>Orders the nodes. Nodes on a cycle, or downstream of one, are missing from the result.</summary>
    public static GraphOrder Of(IReadOnlyDictionary<long, StreamTableNode> nodes)
    {
        var missing = new Dictionary<long, int>(nodes.Count);
        var readers = new Dictionary<long, List<long>>();
        var level = new List<long>();
        foreach (var node in nodes.Values)
        {
            var count = 0;
            foreach (var upstream in node.Upstream)
            {
                if (nodes.ContainsKey(upstream))
                {
                    count++;
                    if (!readers.TryGetValue(upstream, out var list))
                    {
                        readers.Add(upstream, list = []);
                    }

                    list.Add(node.Id);
                }
            }

            missing.Add(node.Id, count);
            if (count == 0)
            {
                level.Add(node.Id);
            }
        }

        return Peel(level, missing, readers);
    }

    private static GraphOrder Peel(List<long> level, Dictionary<long, int> missing, Dictionary<long, List<long>> readers)
    {
        var ids = new List<long>(missing.Count);
        var places = new Dictionary<long, (int Level, int Position)>(missing.Count);
        for (var depth = 0; level.Count > 0; depth++)
        {
            level.Sort();
            var next = new List<long>();
            foreach (var id in level)
            {
                places.Add(id, (depth, ids.Count));
                ids.Add(id);
                foreach (var reader in readers.GetValueOrDefault(id) ?? [])
                {
                    if (--missing[reader] == 0)
                    {
                        next.Add(reader);
                    }
                }
            }

            level = next;
        }

        return new GraphOrder(ids.ToEquatableArray(), places.ToFrozenDictionary());
    }
}
