using CsCheck;
using PgTrickle.Scheduling.Placement;

namespace PgTrickle.Scheduling.Tests.Placement;

public sealed class LoadPlacementTests
{
    private static readonly PlacementOptions Options = PlacementOptions.Default;

    // Many loads have no short fraction in base two; none is finer than what is counted.
    private static readonly Gen<NodeLoad[]> Clusters = Gen.Int[0, 100_000_000].Select(Load).Array[0, 12].Array[1, 5].Select(nodes =>
        nodes.Select((loads, node) => new NodeLoad($"n{node}", loads.Select((load, shard) => new ShardLoad($"{node}.{shard}", load)).ToEquatableArray())).ToArray());

    [Fact]
    public void A_new_shard_goes_to_the_node_with_the_least_load_and_not_with_the_fewest_shards() =>
        Assert.Equal("b", LoadPlacement.Allocate([Node("a", 50), Node("b", 1, 2, 3)], Options));

    [Fact]
    public void Idle_shards_are_spread_by_number()
    {
        Assert.Equal("b", LoadPlacement.Allocate([Node("a", 0, 0), Node("b", 0)], Options));
        Assert.Equal(2, LoadPlacement.Rebalance([Node("a", 0, 0, 0, 0), Node("b")], Options).Count);
    }

    [Fact]
    public void Without_nodes_there_is_no_place() =>
        Assert.Throws<ArgumentException>(() => LoadPlacement.Allocate([], Options));

    [Fact]
    public void A_node_with_one_heavy_shard_does_not_keep_others_from_being_relieved()
    {
        var move = LoadPlacement.Rebalance([Node("a", 100), Node("b", 30, 30, 30), Node("c")], Options with { MaxMoves = 1 })[0];
        Assert.Equal(("b", "c"), (move.From, move.To));
    }

    [Fact]
    public void The_last_shard_of_a_node_stays_after_its_neighbour_left() =>
        Assert.Single(LoadPlacement.Rebalance([Node("n0", 0, 0.1958762886597938), Node("n1"), Node("n2"), Node("n3")], Options));

    [Fact]
    public void A_round_moves_no_shard_twice_and_no_more_than_allowed() => Clusters.Sample(nodes =>
    {
        var moves = LoadPlacement.Rebalance(nodes, Options);
        Assert.InRange(moves.Count, 0, Options.MaxMoves);
        Assert.Equal(moves.Count, moves.Select(move => move.Shard).Distinct().Count());
        Assert.All(moves, move => Assert.Contains(nodes.Single(node => node.Node == move.From).Shards, shard => shard.Shard == move.Shard));
    });

    [Fact]
    public void The_largest_load_never_grows_and_the_loads_come_closer_with_every_move() => Clusters.Sample(nodes =>
    {
        var before = nodes;
        foreach (var move in LoadPlacement.Rebalance(nodes, Options))
        {
            var after = Move(before, move);
            Assert.True(after.Max(Load) <= before.Max(Load));
            Assert.True(after.Sum(node => Load(node) * Load(node)) < before.Sum(node => Load(node) * Load(node)));
            before = after;
        }
    });

    [Fact]
    public void What_is_balanced_is_left_alone() => Clusters.Sample(nodes =>
    {
        if (nodes.Max(Load) - nodes.Min(Load) <= (decimal)Options.Tolerance * nodes.Average(Load))
        {
            Assert.Empty(LoadPlacement.Rebalance(nodes, Options));
        }
    });

    [Fact]
    public void Rounds_come_to_an_end_at_which_no_single_move_would_help() => Clusters.Sample(nodes =>
    {
        var moved = 0;
        for (var moves = LoadPlacement.Rebalance(nodes, Options); !moves.IsEmpty; moves = LoadPlacement.Rebalance(nodes, Options))
        {
            nodes = moves.Aggregate(nodes, Move);
            moved += moves.Count;
            Assert.True(moved < 1000);
        }

        var least = nodes.Min(Load);
        foreach (var node in nodes.Where(node => Load(node) - least > (decimal)Options.Tolerance * nodes.Average(Load)))
        {
            Assert.All(node.Shards, shard => Assert.True(Load(shard) >= Load(node) - least));
        }
    });

    [Fact]
    public void The_order_of_the_nodes_does_not_matter() => Clusters.Sample(nodes =>
        Assert.Equal(LoadPlacement.Rebalance(nodes, Options), LoadPlacement.Rebalance(nodes.Reverse(), Options)));

    private static NodeLoad Node(string name, params double[] loads) =>
        new(name, loads.Select((load, shard) => new ShardLoad($"{name}{shard}", load)).ToEquatableArray());

    private static double Load(int millionths) => millionths / 1e6;

    private static decimal Load(NodeLoad node) => node.Shards.Sum(Load);

    private static decimal Load(ShardLoad shard) => Math.Round((decimal)(shard.Load + Options.IdleCost), 6);

    private static NodeLoad[] Move(NodeLoad[] nodes, ShardMove move)
    {
        var shard = nodes.Single(node => node.Node == move.From).Shards.Single(shard => shard.Shard == move.Shard);
        return [.. nodes.Select(node => node with
        {
            Shards = node.Node == move.From ? node.Shards.Where(other => other != shard).ToEquatableArray()
                : node.Node == move.To ? node.Shards.Append(shard).ToEquatableArray()
                : node.Shards,
        })];
    }
}
