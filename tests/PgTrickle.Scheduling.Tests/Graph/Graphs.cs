using CsCheck;
using PgTrickle.Scheduling.Graph;

namespace PgTrickle.Scheduling.Tests.Graph;

/// <summary>Random graphs, small enough for a reference by brute force.</summary>
internal static class Graphs
{
    /// <summary>Nodes 0..n-1 that read lower ones only, and some of the relations 1..3.</summary>
    public static Gen<StreamTableNode[]> Acyclic(int most) =>
        Gen.Int[1, most].SelectMany(count => Gen.Select(Gen.Bool.Array[count * count], Gen.Bool.Array[count * 3])
            .Select((edges, sources) => Enumerable.Range(0, count).Select(node => new StreamTableNode(
                node,
                Enumerable.Range(0, node).Where(lower => edges[(node * count) + lower]).Select(lower => (long)lower).ToEquatableArray(),
                Enumerable.Range(0, 3).Where(source => sources[(node * 3) + source]).Select(source => (uint)source + 1).ToEquatableArray())).ToArray()));

    /// <summary>Nodes 0..n-1 that read anything, themselves included.</summary>
    public static Gen<StreamTableNode[]> Arbitrary(int most) =>
        Gen.Int[1, most].SelectMany(count => Gen.Int[0, count - 1].Array[0, 3].Array[count]
            .Select(upstream => upstream.Select((ids, node) => new StreamTableNode(node, ids.Select(id => (long)id).ToEquatableArray(), [])).ToArray()));

    public static DependencyGraph Build(params StreamTableNode[] nodes)
    {
        var build = DependencyGraph.Build(nodes);
        Assert.Null(build.Cycle);
        return build.Graph;
    }

    public static int PositionOf(this DependencyGraph graph, long id) => graph.TopologicalOrder.ToList().IndexOf(id);

    public static StreamTableNode Node(long id, long[] upstream, params uint[] sources) =>
        new(id, upstream.ToEquatableArray(), sources.ToEquatableArray());
}
