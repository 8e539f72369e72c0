using System.Globalization;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>Binds one SELECT: FROM, WHERE, GROUP BY, HAVING, the select list, DISTINCT.</summary>
internal sealed class SelectBinder(BindingContext context, FunctionCatalog functions, ExpressionBinder expressions, FromBinder from)
{
    private readonly SetProjection _sets = new(context, functions);

    /// <summary>The operator of a SELECT.</summary>
    /// <param name="body">The SELECT.</param>
    /// <param name="order">ORDER BY of its query; it matters to DISTINCT ON and to a slice.</param>
    /// <param name="slice">The rows of that order that the query yields; null for all.</param>
    /// <param name="ctes">WITH queries in scope.</param>
    public Operator Bind(SelectBody body, SyntaxList<OrderItem> order, Slice? slice, CteScope ctes)
    {
        var select = InheritedOrder.Of(NamedWindows.Resolve(body));
        ctes = ctes with { WholeRows = order.Aggregate(select.DescendantsAndSelf(), static (nodes, o) => nodes.Concat(o.DescendantsAndSelf())).OfType<WholeRowReference>().Select(static r => r.Relation).ToHashSet() };
        var item = from.Bind(select.From, ctes);
        var source = item.Source;
        var scope = item.Scope.In(context, ctes, source);
        if (select.Where is { } where)
        {
            source = context.Within("WHERE", () => expressions.Filter(source, where, scope));
        }

        var targets = context.Within("the select list", () => BindTargets(select, scope));
        var on = select.Distinct is { On.IsEmpty: false };
        var sort = on || slice is not null ? context.Within("ORDER BY", () => BindOrder(NamedWindows.Resolve(order, body), targets, scope)) : [];
        var parts = new SelectParts(targets, sort, on ? select.Distinct!.On.Select(k => BindSortKey(k, targets, scope)).ToSyntaxList() : []);
        if (NeedsAggregate(select, parts) || !scope.Aggregates!.IsEmpty)
        {
            (source, parts) = new AggregateBinder(context, functions, expressions).Bind(source, select, scope, parts);
        }
        else
        {
            source = scope.Places!.Attach(source, parts.Expressions);
        }

        if (WindowBinder.IsNeeded(parts))
        {
            (source, parts) = new WindowBinder(context).Bind(source, parts);
        }

        (source, parts) = _sets.Expand(source, parts);

        return on || slice is not null ? BindOrdered(source, select, parts, slice)
            : select.Distinct is null ? Projection(source, parts.Targets)
            : new Distinct(Projection(source, parts.Targets));
    }

    private bool NeedsAggregate(SelectBody select, SelectParts parts)
        => select.GroupBy is not null || select.Having is not null
            || parts.Expressions.Any(e => e.DescendantsAndSelf().Any(n => n is FunctionCall call && functions.IsAggregate(call)));

    private SyntaxList<ComputedColumn> BindTargets(SelectBody select, Scope scope)
    {
        var targets = new List<ComputedColumn>();
        var names = new HashSet<SqlIdentifier>();
        foreach (var target in select.Targets)
        {
            if (target.Expression is AllColumns)
            {
                throw context.NotImplemented("*", "canonical text names every column");
            }

            var name = target.Alias ?? NameOf(target.Expression);
            for (var i = 1; !names.Add(name); i++)
            {
                name = new SqlIdentifier(string.Create(CultureInfo.InvariantCulture, $"column_{targets.Count + 1}_{i}"));
            }

            targets.Add(new ComputedColumn(name, expressions.Bind(target.Expression, scope), null, NotNull: false));
        }

        return targets.ToSyntaxList();
    }

    /// <summary>The name that PostgreSQL gives an output without alias; canonical text has an alias wherever it is not a column's own name.</summary>
    internal static SqlIdentifier NameOf(SqlExpression expression) => expression switch
    {
        ColumnReference column => column.Name,
        FunctionCall call => call.Name.Name,
        Cast cast => NameOf(cast.Operand),
        ConditionalFunction conditional => conditional.Kind.ToString().ToLowerInvariant(),
        CaseExpression => "case",
        _ => "?column?",
    };

    private SyntaxList<OrderItem> BindOrder(SyntaxList<OrderItem> order, SyntaxList<ComputedColumn> targets, Scope scope)
        => order.Select(o => o with { Expression = BindSortKey(o.Expression, targets, scope) }).ToSyntaxList();

    /// <summary>In ORDER BY and DISTINCT ON a bare number is an output's place and a bare name first of all an output's name.</summary>
    private SqlExpression BindSortKey(SqlExpression expression, SyntaxList<ComputedColumn> targets, Scope scope)
    {
        if (Ordinal(expression) is { } place)
        {
            return targets[place - 1].Expression;
        }

        if (expression is ColumnReference { Relation: null } name && targets.FirstOrDefault(t => t.Name == name.Name) is { } target)
        {
            return target.Expression;
        }

        return expressions.Bind(expression, scope);
    }

    internal static int? Ordinal(SqlExpression expression)
        => expression is Literal { Kind: LiteralKind.Number } number && int.TryParse(number.Text, CultureInfo.InvariantCulture, out var place) ? place : null;

    private Project Projection(Operator source, SyntaxList<ComputedColumn> targets)
        => new(context.NewName("p"), source, Typed(source, targets));

    internal static SyntaxList<ComputedColumn> Typed(Operator source, SyntaxList<ComputedColumn> targets)
    {
        var columns = source.Columns.ToDictionary(static c => c.Reference);
        return targets.Select(t =>
        {
            var type = ExpressionType.Of(t.Expression, columns.GetValueOrDefault);
            return t with { Type = type.Type, NotNull = type.NotNull };
        }).ToSyntaxList();
    }

    /// <summary>Sort keys that the select list lacks become columns that a projection above drops again.</summary>
    private Project BindOrdered(Operator source, SelectBody select, SelectParts parts, Slice? slice)
    {
        var (targets, sort, keys) = parts;
        var all = targets.ToList();
        var extra = keys.Concat(sort.Select(static s => s.Expression)).Where(k => !targets.Any(t => t.Expression == k)).Distinct().ToList();
        all.AddRange(extra.Select((e, i) => new ComputedColumn(string.Create(CultureInfo.InvariantCulture, $"__pgt_sort_{i + 1}"), e, null, false)));
        var project = Projection(source, all.ToSyntaxList());
        var byExpression = project.Outputs.Zip(project.Columns).GroupBy(static p => p.First.Expression).ToDictionary(static g => g.Key, static g => g.First().Second);
        var order = sort.Select(s => s with { Expression = byExpression[s.Expression].Reference }).ToSyntaxList();
        Operator sorted = select.Distinct is null ? project
            : keys.IsEmpty ? new Distinct(project)
            : new DistinctOn(project, keys.Select(k => (SqlExpression)byExpression[k].Reference).Distinct().ToSyntaxList(), order);
        if (slice is not null)
        {
            sorted = new TopK(sorted, order, slice.Limit, slice.Offset, slice.WithTies);
        }

        var outputs = project.Columns.Take(targets.Count).Select(static c => new ComputedColumn(c.Name, c.Reference, c.Type, c.NotNull));
        return new Project(context.NewName("p"), sorted, outputs.ToSyntaxList());
    }
}
