namespace PgTrickle.Scheduling.Graph;

/// <summary>
/// The graph with relations and stream tables as nodes alike, numbered so that every edge leads from a lower number to a higher one:
/// relations first, then stream tables in topological order.
/// </summary>
internal sealed class FlowGraph
{
    private readonly EquatableArray<long> ids;
    private readonly int[][] inputs;

    private FlowGraph(EquatableArray<long> ids, int[][] inputs)
    {
        this.ids = ids;
        this.inputs = inputs;
    }

    /// <summary>Number of nodes.</summary>
    public int Count => inputs.Length;

    /// <summary>The number of the first stream table.</summary>
    public int FirstStreamTable => inputs.Length - ids.Count;

    /// <summary>What a node reads; no duplicates.</summary>
    public ReadOnlySpan<int> InputsOf(int node) => inputs[node];

    /// <summary>The id of a stream table.</summary>
    public long IdOf(int node) => ids[node - FirstStreamTable];

    public static FlowGraph Of(DependencyGraph graph)
    {
        var ids = graph.TopologicalOrder;
        var relations = ids.SelectMany(id => graph.Node(id).Sources).Distinct().Order().Select((oid, index) => (oid, index)).ToDictionary(x => x.oid, x => x.index);
        var numbers = ids.Select((id, index) => (id, Number: relations.Count + index)).ToDictionary(x => x.id, x => x.Number);
        var inputs = new int[relations.Count + ids.Count][];
        Array.Fill(inputs, []);
        foreach (var id in ids)
        {
            inputs[numbers[id]] = [.. graph.Node(id).Sources.Select(oid => relations[oid]), .. graph.Upstream(id).Select(upstream => numbers[upstream])];
        }

        return new FlowGraph(ids, inputs);
    }
}
