using CsCheck;
using PgTrickle.Scheduling.Graph;

namespace PgTrickle.Scheduling.Tests.Graph;

public sealed class DependencyGraphTests
{
    [Fact]
    public void Every_stream_table_comes_after_all_that_it_reads() => Graphs.Acyclic(9).Sample(nodes =>
    {
        var graph = Graphs.Build(nodes);
        Assert.Equal(nodes.Length, graph.TopologicalOrder.Count);
        foreach (var node in nodes)
        {
            Assert.All(node.Upstream, upstream => Assert.True(graph.PositionOf(upstream) < graph.PositionOf(node.Id)));
            Assert.Equal(LongestPathUp(nodes, node.Id), graph.Level(node.Id));
        }
    });

    [Fact]
    public void Closures_are_those_of_the_transitive_closure() => Graphs.Acyclic(8).Sample(nodes =>
    {
        var graph = Graphs.Build(nodes);
        var reaches = Reachability(nodes);
        foreach (var node in nodes)
        {
            var ancestors = nodes.Select(other => other.Id).Where(other => reaches[node.Id, other]);
            var descendants = nodes.Select(other => other.Id).Where(other => reaches[other, node.Id]);
            Assert.Equal(ancestors.OrderBy(id => graph.PositionOf(id)), graph.Ancestors(node.Id));
            Assert.Equal(descendants.OrderBy(id => graph.PositionOf(id)), graph.Descendants(node.Id));
        }
    });

    [Fact]
    public void Adding_one_by_one_refuses_exactly_the_nodes_that_close_a_cycle() => Graphs.Arbitrary(7).Sample(nodes =>
    {
        var graph = DependencyGraph.Empty;
        var accepted = new List<StreamTableNode>();
        foreach (var node in nodes)
        {
            var reaches = Reachability([.. accepted, node], nodes.Length);
            Assert.Equal(!reaches[node.Id, node.Id], graph.TryAdd(node, out var next, out var cycle));
            if (next is null)
            {
                AssertIsCycle(cycle!, [.. accepted, node]);
                Assert.Equal(node.Id, cycle!.Path[0]);
            }
            else
            {
                graph = next;
                accepted.Add(node);
            }
        }

        AssertSame(Graphs.Build([.. accepted]), graph);
    });

    [Fact]
    public void Building_excludes_exactly_what_is_on_a_cycle_or_downstream_of_one() => Graphs.Arbitrary(8).Sample(nodes =>
    {
        var build = DependencyGraph.Build(nodes);
        var reaches = Reachability(nodes);
        var damaged = nodes.Select(node => node.Id).Where(id => reaches[id, id] || nodes.Any(other => reaches[id, other.Id] && reaches[other.Id, other.Id]));
        Assert.Equal(damaged, build.Excluded);
        Assert.Equal(nodes.Length - build.Excluded.Count, build.Graph.Count);
        Assert.Equal(build.Excluded.IsEmpty, build.Cycle is null);
        if (build.Cycle is { } cycle)
        {
            AssertIsCycle(cycle, nodes);
        }
    });

    [Fact]
    public void A_graph_depends_on_its_nodes_and_not_on_how_they_came_and_went() =>
        Gen.Select(Graphs.Acyclic(8), Gen.Int[0, 7].Array[0, 20]).Sample((nodes, moves) =>
        {
            var graph = DependencyGraph.Empty;
            var present = new Dictionary<long, StreamTableNode>();
            foreach (var node in moves.Select(move => nodes[move % nodes.Length]))
            {
                if (present.Remove(node.Id))
                {
                    graph = graph.Without(node.Id);
                }
                else
                {
                    Assert.True(graph.TryAdd(node, out var next, out _));
                    graph = next;
                    present.Add(node.Id, node);
                }
            }

            AssertSame(Graphs.Build([.. present.Values]), graph);
        });

    [Fact]
    public void Replacing_a_node_replaces_its_edges()
    {
        var graph = Graphs.Build(Graphs.Node(1, []), Graphs.Node(2, []), Graphs.Node(3, [1]));
        Assert.True(graph.TryAdd(Graphs.Node(3, [2, 2]), out var changed, out _));
        Assert.Empty(changed.Downstream(1));
        Assert.Equal([3], changed.Downstream(2));
        Assert.Equal([1], graph.Upstream(3));
    }

    [Fact]
    public void A_cycle_is_told_by_its_shortest_path()
    {
        var graph = Graphs.Build(Graphs.Node(1, []), Graphs.Node(2, [1]), Graphs.Node(3, [2]), Graphs.Node(4, [3, 1]));
        Assert.False(graph.TryAdd(Graphs.Node(1, [4]), out _, out var cycle));
        Assert.Equal("public.t1 reads public.t4 reads public.t1", cycle.Describe(id => $"public.t{id}"));
        Assert.False(graph.TryAdd(Graphs.Node(9, [9]), out _, out var self));
        Assert.Equal([9, 9], self.Path);
    }

    [Fact]
    public void A_chain_of_ten_thousand_and_a_hub_of_ten_thousand_are_no_trouble()
    {
        const int count = 10_000;
        var chain = Graphs.Build([.. Enumerable.Range(0, count).Select(id => Graphs.Node(id, id == 0 ? [] : [id - 1]))]);
        Assert.Equal(count - 1, chain.Level(count - 1));
        Assert.Equal(count - 1, chain.Descendants(0).Count);
        Assert.False(chain.TryAdd(Graphs.Node(0, [count - 1]), out _, out var cycle));
        Assert.Equal(count + 1, cycle.Path.Count);

        var hub = DependencyGraph.Empty;
        for (var id = 0; id < count; id++)
        {
            Assert.True(hub.TryAdd(Graphs.Node(id, id == 0 ? [] : [0]), out var next, out _));
            hub = next;
        }

        Assert.Equal(count - 1, hub.Downstream(0).Count);
    }

    private static void AssertSame(DependencyGraph expected, DependencyGraph actual)
    {
        Assert.Equal(expected.TopologicalOrder, actual.TopologicalOrder);
        foreach (var id in expected.TopologicalOrder)
        {
            Assert.Equal(expected.Upstream(id), actual.Upstream(id));
            Assert.Equal(expected.Downstream(id), actual.Downstream(id));
            Assert.Equal(expected.Level(id), actual.Level(id));
        }
    }

    private static void AssertIsCycle(DependencyCycle cycle, StreamTableNode[] nodes)
    {
        Assert.True(cycle.Path.Count >= 2);
        Assert.Equal(cycle.Path[0], cycle.Path[^1]);
        Assert.Equal(cycle.Path.Count - 1, cycle.Path.Distinct().Count());
        for (var step = 0; step + 1 < cycle.Path.Count; step++)
        {
            Assert.Contains(cycle.Path[step + 1], nodes.Single(node => node.Id == cycle.Path[step]).Upstream);
        }
    }

    private static int LongestPathUp(StreamTableNode[] nodes, long id) =>
        nodes[id].Upstream.Select(upstream => 1 + LongestPathUp(nodes, upstream)).DefaultIfEmpty(0).Max();

    // Warshall's closure over ids 0..n-1; absent nodes have no edges.
    private static bool[,] Reachability(StreamTableNode[] nodes, int? size = null)
    {
        var count = size ?? nodes.Length;
        var reaches = new bool[count, count];
        var present = nodes.Select(node => node.Id).ToHashSet();
        foreach (var node in nodes)
        {
            foreach (var upstream in node.Upstream.Where(present.Contains))
            {
                reaches[node.Id, upstream] = true;
            }
        }

        for (var via = 0; via < count; via++)
        {
            for (var from = 0; from < count; from++)
            {
                for (var to = 0; to < count; to++)
                {
                    reaches[from, to] |= reaches[from, via] && reaches[via, to];
                }
            }
        }

        return reaches;
    }
}
