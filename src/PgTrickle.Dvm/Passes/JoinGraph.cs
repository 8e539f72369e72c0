using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Passes;

/// <summary>
/// The relations of inner joins and the conditions between them. A greedy order: the relation with the strictest filter first, then always one that has a condition on those before it, one that
/// meets at most one row of theirs, or they of it, before one that multiplies them, and of these the strictest filter first.
/// </summary>
internal sealed class JoinGraph
{
    private readonly List<Node> _nodes;
    private readonly List<Link> _links;
    private readonly List<SqlExpression> _free;

    public JoinGraph(IReadOnlyList<Operator> relations, IEnumerable<SqlExpression> conjuncts)
    {
        _nodes = [.. relations.Select(static r => new Node(r))];
        var all = conjuncts.Select(c => new Link(c, [.. _nodes.Where(n => c.References().Any(n.Columns.Contains))])).ToList();
        _links = all.FindAll(static l => l.Nodes.Count > 0);
        _free = [.. all.Where(static l => l.Nodes.Count == 0).Select(static l => l.Conjunct)];
    }

    /// <summary>The joins, each with the conditions that it is the first to have all relations of.</summary>
    public Operator LeftDeep()
    {
        var left = _nodes.ToList();
        var open = _links.ToList();

        // Of two it does not matter which is first.
        var first = left.Count == 2 ? left[0] : left.MaxBy(n => (n.Strictness, _links.Count(l => l.Nodes.Count > 1 && l.Nodes.Contains(n))))!;
        left.Remove(first);
        var there = new HashSet<Node> { first };
        var own = Ready(open, there);
        var result = own.Count == 0 ? first.Relation : new Filter(first.Relation, And(own));
        while (left.Count > 0)
        {
            var next = left.MaxBy(n => Rank(n, there, open))!;
            left.Remove(next);
            there.Add(next);
            var ready = Ready(open, there);
            result = new Join(JoinType.Inner, result, next.Relation, And(left.Count == 0 ? [.. ready, .. _free] : ready));
        }

        return result;
    }

    private static List<SqlExpression> Ready(List<Link> open, HashSet<Node> there)
    {
        var ready = open.FindAll(l => l.Nodes.TrueForAll(there.Contains));
        open.RemoveAll(ready.Contains);
        return ready.ConvertAll(static l => l.Conjunct);
    }

    private static (bool IsConnected, bool IsByKey, int Strictness, int Conditions) Rank(Node node, HashSet<Node> there, List<Link> open)
    {
        var links = open.FindAll(l => l.Nodes.Count > 1 && l.Nodes.Contains(node) && l.Nodes.TrueForAll(n => n == node || there.Contains(n)));
        var compared = links.Select(static l => l.Conjunct)
            .OfType<BinaryExpression>().Where(static e => e is { Operator: { Schema: null, Symbol: "=" }, Left: ColumnReference, Right: ColumnReference })
            .SelectMany(static e => e.References()).ToHashSet();
        var isByKey = there.Append(node).Any(n => n.Keys.Any(compared.IsSupersetOf));
        return (links.Count > 0, isByKey, node.Strictness, links.Count);
    }

    /// <summary>Without statistics: a column that equals a constant leaves fewer rows than any other condition.</summary>
    private static int StrictnessOf(Operator relation)
    {
        if (relation is Match { Kind: MatchKind.Semi } match)
        {
            return 2 + StrictnessOf(match.Outer);
        }

        var conditions = ImpliedFilters.Conditions(relation).ToList();
        var equalities = conditions.Count(IsEquality);
        return (2 * equalities) + (conditions.Count > equalities ? 1 : 0);
    }

    private static bool IsEquality(SqlExpression condition) => condition switch
    {
        BinaryExpression { Operator: { Schema: null, Symbol: "=" } } equality => !equality.Left.References().Any() || !equality.Right.References().Any(),
        ArrayComparison { Operator: { Schema: null, Symbol: "=" } } => true,
        LogicalExpression { Kind: LogicalKind.Or } or => or.Operands.All(static b => b.Conjuncts().Any(IsEquality)),
        _ => false,
    };

    private sealed class Node(Operator relation)
    {
        public Operator Relation => relation;

        public HashSet<ColumnReference> Columns { get; } = relation.ColumnSet();

        public IReadOnlyList<IReadOnlySet<ColumnReference>> Keys { get; } = KeyInference.Keys(relation);

        public int Strictness { get; } = StrictnessOf(relation);
    }

    private sealed record Link(SqlExpression Conjunct, List<Node> Nodes);
}
