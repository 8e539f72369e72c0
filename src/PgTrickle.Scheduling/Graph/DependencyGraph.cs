using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace PgTrickle.Scheduling.Graph;

/// <summary>
/// Which stream table reads which, and the relations below them; immutable and always free of cycles. A change makes a new graph that
/// shares the unchanged part. An edge to a stream table that is absent is kept and comes to life when that one is added, so
/// that the graph depends on the set of its nodes only, not on the order in which they came and went.
/// No operation recurses: depth is bounded by memory alone.
/// </summary>
public sealed class DependencyGraph
{
    private readonly ImmutableDictionary<long, StreamTableNode> nodes;

    // Keyed by what is read, whether or not it is present.
    private readonly ImmutableDictionary<long, ImmutableSortedSet<long>> readers;
    private readonly Lazy<GraphOrder> order;

    private DependencyGraph(ImmutableDictionary<long, StreamTableNode> nodes, ImmutableDictionary<long, ImmutableSortedSet<long>> readers)
    {
        this.nodes = nodes;
        this.readers = readers;
        order = new Lazy<GraphOrder>(() => GraphOrder.Of(nodes));
    }

    /// <summary>The graph without nodes.</summary>
    public static DependencyGraph Empty { get; } = new(
        ImmutableDictionary<long, StreamTableNode>.Empty,
        ImmutableDictionary<long, ImmutableSortedSet<long>>.Empty);

    /// <summary>Number of stream tables.</summary>
    public int Count => nodes.Count;

    /// <summary>All stream tables, each after all that it reads, sorted by level, then id. Computed once.</summary>
    public EquatableArray<long> TopologicalOrder => order.Value.Ids;

    /// <summary>
    /// Builds a graph at once, in O(V + E). Nodes on a cycle, or downstream of one, are left out and reported: one damaged entry of the
    /// catalog must not stop all the others.
    /// </summary>
    /// <exception cref="ArgumentException">Two nodes have the same id.</exception>
    public static GraphBuild Build(IEnumerable<StreamTableNode> nodes)
    {
        var all = nodes.Select(node => node.Normalised()).ToImmutableDictionary(node => node.Id);
        var sound = GraphOrder.Of(all);
        if (sound.Ids.Count == all.Count)
        {
            return new GraphBuild(Of(all), [], null);
        }

        var excluded = all.RemoveRange(sound.Ids);
        return new GraphBuild(Of(all.RemoveRange(excluded.Keys)), excluded.Keys.Order().ToEquatableArray(), CycleWithin(excluded));
    }

    /// <summary>True when the stream table is present.</summary>
    public bool Contains(long id) => nodes.ContainsKey(id);

    /// <summary>The node of a stream table.</summary>
    /// <exception cref="KeyNotFoundException">It is absent.</exception>
    public StreamTableNode Node(long id) => nodes[id];

    /// <summary>Zero for one that reads no stream table, else one more than the highest level that it reads.</summary>
    /// <exception cref="KeyNotFoundException">It is absent.</exception>
    public int Level(long id) => order.Value.Places[id].Level;

    /// <summary>The present stream tables that this one reads, sorted.</summary>
    public EquatableArray<long> Upstream(long id) => nodes[id].Upstream.Where(nodes.ContainsKey).ToEquatableArray();

    /// <summary>The present stream tables that read this one, sorted.</summary>
    public EquatableArray<long> Downstream(long id) => (readers.GetValueOrDefault(id) ?? []).ToEquatableArray();

    /// <summary>All that this one reads, however indirectly, without itself, in topological order.</summary>
    public EquatableArray<long> Ancestors(long id) => Closure(id, Upstream);

    /// <summary>All that read this one, however indirectly, without itself, in topological order.</summary>
    public EquatableArray<long> Descendants(long id) => Closure(id, Downstream);

    /// <summary>
    /// Adds a stream table, or replaces what it reads. Refused when it would read itself, however indirectly; the reported cycle is a
    /// shortest one.
    /// </summary>
    public bool TryAdd(
        StreamTableNode node,
        [NotNullWhen(true)] out DependencyGraph? graph,
        [NotNullWhen(false)] out DependencyCycle? cycle)
    {
        var added = node.Normalised();
        cycle = CycleThrough(added);
        graph = null;
        if (cycle is not null)
        {
            return false;
        }

        var changed = Remove(added.Id).ToBuilder();
        foreach (var upstream in added.Upstream)
        {
            changed[upstream] = changed.GetValueOrDefault(upstream, []).Add(added.Id);
        }

        graph = new DependencyGraph(nodes.SetItem(added.Id, added), changed.ToImmutable());
        return true;
    }

    /// <summary>Without a stream table; the same graph when it is absent. What reads it keeps its edge.</summary>
    public DependencyGraph Without(long id) => nodes.ContainsKey(id) ? new DependencyGraph(nodes.Remove(id), Remove(id)) : this;

    private static DependencyGraph Of(ImmutableDictionary<long, StreamTableNode> nodes) => new(
        nodes,
        nodes.Values
            .SelectMany(node => node.Upstream.Select(upstream => (Upstream: upstream, Reader: node.Id)))
            .GroupBy(edge => edge.Upstream, edge => edge.Reader)
            .ToImmutableDictionary(group => group.Key, group => group.ToImmutableSortedSet()));

    private ImmutableDictionary<long, ImmutableSortedSet<long>> Remove(long reader)
    {
        if (!nodes.TryGetValue(reader, out var node))
        {
            return readers;
        }

        var changed = readers.ToBuilder();
        foreach (var upstream in node.Upstream)
        {
            var rest = changed[upstream].Remove(reader);
            if (rest.IsEmpty)
            {
                changed.Remove(upstream);
            }
            else
            {
                changed[upstream] = rest;
            }
        }

        return changed.ToImmutable();
    }

    private EquatableArray<long> Closure(long start, Func<long, EquatableArray<long>> neighbours)
    {
        var seen = new HashSet<long> { start };
        var open = new Stack<long>();
        open.Push(start);
        while (open.TryPop(out var id))
        {
            foreach (var next in neighbours(id))
            {
                if (seen.Add(next))
                {
                    open.Push(next);
                }
            }
        }

        seen.Remove(start);
        return seen.OrderBy(id => order.Value.Places[id].Position).ToEquatableArray();
    }

    // Breadth first from what the node reads, up to the node itself.
    private DependencyCycle? CycleThrough(StreamTableNode node)
    {
        var readBy = new Dictionary<long, long>();
        var open = new Queue<long>();
        Visit(node);
        while (!readBy.ContainsKey(node.Id) && open.TryDequeue(out var id))
        {
            if (nodes.TryGetValue(id, out var next))
            {
                Visit(next);
            }
        }

        return readBy.ContainsKey(node.Id) ? new DependencyCycle(PathBack(node.Id, readBy)) : null;

        void Visit(StreamTableNode reader)
        {
            foreach (var upstream in reader.Upstream)
            {
                if (readBy.TryAdd(upstream, reader.Id))
                {
                    open.Enqueue(upstream);
                }
            }
        }
    }

    private static EquatableArray<long> PathBack(long end, Dictionary<long, long> readBy)
    {
        var path = new List<long> { end };
        for (var id = readBy[end]; id != end; id = readBy[id])
        {
            path.Add(id);
        }

        path.Add(end);
        path.Reverse();
        return path.ToEquatableArray();
    }

    // Each remaining node reads a remaining one, else it would have been ordered: walking up must come back to where it has been.
    private static DependencyCycle CycleWithin(ImmutableDictionary<long, StreamTableNode> remaining)
    {
        var path = new List<long>();
        var positions = new Dictionary<long, int>();
        var id = remaining.Keys.Min();
        while (positions.TryAdd(id, path.Count))
        {
            path.Add(id);
            id = remaining[id].Upstream.First(remaining.ContainsKey);
        }

        return new DependencyCycle(path.Skip(positions[id]).Append(id).ToEquatableArray());
    }
}

/// <summary>The result of <see cref="DependencyGraph.Build"/>.</summary>
/// <param name="Graph">All sound nodes.</param>
/// <param name="Excluded">The ids on a cycle or downstream of one, sorted.</param>
/// <param name="Cycle">One of the cycles; null when nothing is excluded.</param>
public sealed record GraphBuild(DependencyGraph Graph, EquatableArray<long> Excluded, DependencyCycle? Cycle);
