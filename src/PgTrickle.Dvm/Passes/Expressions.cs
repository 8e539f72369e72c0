using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Passes;

/// <summary>What passes ask of and do to expressions.</summary>
internal static class Expressions
{
    /// <summary>The columns that an expression refers to.</summary>
    public static IEnumerable<ColumnReference> References(this SqlNode node) => node.DescendantsAndSelf().OfType<ColumnReference>();

    /// <summary>The conjuncts of a predicate; none for <c>true</c>.</summary>
    public static IEnumerable<SqlExpression> Conjuncts(this SqlExpression predicate) => predicate switch
    {
        LogicalExpression { Kind: LogicalKind.And } and => and.Operands.SelectMany(Conjuncts),
        Literal { Kind: LiteralKind.Boolean, Text: "true" } => [],
        _ => [predicate],
    };

    /// <summary>Whether all columns that the expression refers to are among these.</summary>
    public static bool IsOver(this SqlExpression expression, IReadOnlySet<ColumnReference> columns) => expression.References().All(columns.Contains);

    /// <summary>The set of an operator's columns.</summary>
    public static HashSet<ColumnReference> ColumnSet(this Operator source) => [.. source.Columns.Select(static c => c.Reference)];

    /// <summary>Replaces columns by expressions.</summary>
    public static T Substitute<T>(this T node, IReadOnlyDictionary<ColumnReference, SqlExpression> values)
        where T : SqlNode
        => values.Count == 0 ? node : node.Rewrite(n => n is ColumnReference c && values.TryGetValue(c, out var value) ? value : n);

    /// <summary>The operator with each expression of its own replaced; inputs stay.</summary>
    public static Operator MapExpressions(this Operator source, Func<SqlExpression, SqlExpression> map)
    {
        ComputedColumn Computed(ComputedColumn c) => map(c.Expression) is var e && ReferenceEquals(e, c.Expression) ? c : c with { Expression = e };
        OrderItem Order(OrderItem o) => map(o.Expression) is var e && ReferenceEquals(e, o.Expression) ? o : o with { Expression = e };
        WindowColumn Over(WindowColumn w) => map(w.Call) is var e && ReferenceEquals(e, w.Call) ? w : w with { Call = (FunctionCall)e };
        AggregateColumn Call(AggregateColumn a) => map(a.Call) is var e && ReferenceEquals(e, a.Call) ? a : a with { Call = (FunctionCall)e };
        return source switch
        {
            Filter f when map(f.Predicate) is var p && !ReferenceEquals(p, f.Predicate) => f with { Predicate = p },
            Join j when map(j.Predicate) is var p && !ReferenceEquals(p, j.Predicate) => j with { Predicate = p },
            Match m when map(m.Predicate) is var p && !ReferenceEquals(p, m.Predicate) => m with { Predicate = p },
            Dependent d when map(d.Predicate) is var p && !ReferenceEquals(p, d.Predicate) => d with { Predicate = p },
            Generated g => g.WithExpressions(map),
            Project p when Changed(p.Outputs, Computed) is { } outputs => p with { Outputs = outputs },
            DistinctOn d => d with { Keys = d.Keys.Select(map).ToSyntaxList(), Order = d.Order.Select(Order).ToSyntaxList() },
            TopK t => OfSlice(t, map, Changed(t.Order, Order)),
            Repeat r when map(r.Times) is var t && !ReferenceEquals(t, r.Times) => r with { Times = t },
            Window w when (Changed(w.Kept, Computed), Changed(w.PartitionKeys, Computed), Changed(w.Calls, Over)) is var (kept, keys, calls)
                && (kept ?? keys ?? calls as object) is not null
                => w with { Kept = kept ?? w.Kept, PartitionKeys = keys ?? w.PartitionKeys, Calls = calls ?? w.Calls },
            Aggregate a when (Changed(a.Keys, Computed), Changed(a.Aggregates, Call)) is var (keys, calls) && (keys ?? calls as object) is not null
                => a with { Keys = keys ?? a.Keys, Aggregates = calls ?? a.Aggregates },
            _ => source,
        };
    }

    private static TopK OfSlice(TopK top, Func<SqlExpression, SqlExpression> map, SyntaxList<OrderItem>? order)
    {
        var (limit, offset) = (top.Limit is null ? null : map(top.Limit), top.Offset is null ? null : map(top.Offset));
        return order is null && ReferenceEquals(limit, top.Limit) && ReferenceEquals(offset, top.Offset) ? top : top with { Order = order ?? top.Order, Limit = limit, Offset = offset };
    }

    /// <summary>The expressions of an operator itself.</summary>
    public static IEnumerable<SqlExpression> OwnExpressions(this Operator source) => source switch
    {
        Filter f => [f.Predicate],
        Join j => [j.Predicate],
        Match m => [m.Predicate],
        Dependent d => [d.Predicate],
        Generated g => g.Expressions,
        Project p => p.Outputs.Select(static o => o.Expression),
        DistinctOn d => d.Keys.Concat(d.Order.Select(static o => o.Expression)),
        TopK t => t.Order.Select(static o => o.Expression).Concat(new[] { t.Limit, t.Offset }.OfType<SqlExpression>()),
        Repeat r => [r.Times],
        Recursion r => r.Used.Concat(r.Clocks),
        Window w => w.Kept.Concat(w.PartitionKeys).Select(static c => c.Expression).Concat(w.Calls.Select(static c => c.Call)),
        Aggregate a => a.Keys.Select(static k => k.Expression).Concat(a.Aggregates.Select(static c => c.Call)),
        _ => [],
    };

    private static SyntaxList<T>? Changed<T>(SyntaxList<T> items, Func<T, T> map)
        where T : class
    {
        var mapped = items.Select(map).ToSyntaxList();
        return mapped.Zip(items).All(static p => ReferenceEquals(p.First, p.Second)) ? null : mapped;
    }
}
