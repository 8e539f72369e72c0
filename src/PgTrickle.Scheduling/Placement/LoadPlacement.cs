namespace PgTrickle.Scheduling.Placement;

/// <summary>A shard and its load.</summary>
/// <param name="Shard">Its name.</param>
/// <param name="Load">Refresh time spent on it lately, in any unit that is the same for all; 0 to 1e9, counted to a millionth of that unit.</param>
public readonly record struct ShardLoad(string Shard, double Load);

/// <summary>A node and the shards on it.</summary>
/// <param name="Node">Its address.</param>
/// <param name="Shards">What it runs.</param>
public sealed record NodeLoad(string Node, EquatableArray<ShardLoad> Shards);

/// <summary>A shard that should move.</summary>
public readonly record struct ShardMove(string Shard, string From, string To);

/// <summary>How eagerly shards are moved.</summary>
/// <param name="MaxMoves">Moves in one round, since every move pauses the shard's stream tables.</param>
/// <param name="Tolerance">The difference between two nodes that is left alone, as a part of the mean load of a node.</param>
/// <param name="IdleCost">What a shard costs without refreshes; spreads idle shards by number. More than zero.</param>
public sealed record PlacementOptions(int MaxMoves, double Tolerance, double IdleCost)
{
    /// <summary>Up to three moves, a fifth of the mean, and loads in milliseconds of refresh time a second.</summary>
    public static PlacementOptions Default { get; } = new(3, 0.2, 0.1);
}

/// <summary>
/// Places shards by load. Deterministic: ties go by name, so that any node computes the same from the same figures. Loads are
/// added up as whole millionths: sums of fractions depend on the order, and what is left of a node that gave a shard away may be
/// a hair more than the shards it still has, which would be worth a move that brings nothing.
/// </summary>
public static class LoadPlacement
{
    private const double Parts = 1e6;

    /// <summary>The node for a shard that has none: the one with the least load.</summary>
    /// <exception cref="ArgumentException">There is no node.</exception>
    public static string Allocate(IEnumerable<NodeLoad> nodes, PlacementOptions options) =>
        nodes.MinBy(node => (WeightOf(node, options), node.Node), ByWeight.Instance)?.Node ?? throw new ArgumentException("no node", nameof(nodes));

    /// <summary>
    /// The moves of one round. Each takes a shard to the node with the least load from the one with the most that has a shard to
    /// give: one that differs from the receiver by more than the tolerance, and by more than the shard's weight, so that the
    /// move leaves both below what the giver had. The largest load never grows, and rounds come to an end. Of the shards that
    /// would do, it takes the one that brings the two nodes closest; no shard moves twice.
    /// </summary>
    public static EquatableArray<ShardMove> Rebalance(IEnumerable<NodeLoad> nodes, PlacementOptions options)
    {
        var all = nodes.ToList();
        var loads = all.ToDictionary(node => node.Node, node => WeightOf(node, options), StringComparer.Ordinal);
        var movable = all.ToDictionary(node => node.Node, node => node.Shards.ToList(), StringComparer.Ordinal);
        var moves = new List<ShardMove>();
        while (moves.Count < options.MaxMoves && NextMove(loads, movable, options) is { } move)
        {
            var shard = movable[move.From].Single(shard => shard.Shard == move.Shard);
            movable[move.From].Remove(shard);
            loads[move.From] -= Weight(shard, options);
            loads[move.To] += Weight(shard, options);
            moves.Add(move);
        }

        return moves.ToEquatableArray();
    }

    private static ShardMove? NextMove(Dictionary<string, long> loads, Dictionary<string, List<ShardLoad>> movable, PlacementOptions options)
    {
        if (loads.Count < 2)
        {
            return null;
        }

        var tolerated = loads.Values.Average() * options.Tolerance;
        var to = loads.MinBy(pair => (pair.Value, pair.Key), ByWeight.Instance).Key;
        foreach (var (from, load) in loads.OrderByDescending(pair => (pair.Value, pair.Key), ByWeight.Instance))
        {
            var gap = load - loads[to];
            if (gap <= tolerated)
            {
                break;
            }

            var fitting = movable[from].Where(shard => Weight(shard, options) < gap).ToList();
            if (fitting.Count > 0)
            {
                var best = fitting.MinBy(shard => (Math.Abs(gap - (2 * Weight(shard, options))), shard.Shard), ByWeight.Instance);
                return new ShardMove(best.Shard, from, to);
            }
        }

        return null;
    }

    private static long WeightOf(NodeLoad node, PlacementOptions options) => node.Shards.Sum(shard => Weight(shard, options));

    private static long Weight(ShardLoad shard, PlacementOptions options) =>
        (long)Math.Round(Math.Min(shard.Load + options.IdleCost, 1e9) * Parts);

    // The default comparer of strings is the culture's.
    private sealed class ByWeight : IComparer<(long Weight, string Name)>
    {
        public static ByWeight Instance { get; } = new();

        public int Compare((long Weight, string Name) x, (long Weight, string Name) y) =>
            x.Weight != y.Weight ? x.Weight.CompareTo(y.Weight) : string.CompareOrdinal(x.Name, y.Name);
    }
}
