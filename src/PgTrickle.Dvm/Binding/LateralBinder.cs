using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Binding;

/// <summary>
/// Items of FROM that refer to items before them, and joins with them. Where the references can be taken out as conditions, what is left is a plain join; where they can't, the item
/// depends on each row before it.
/// </summary>
internal sealed class LateralBinder(BindingContext context, QueryBinder queries, ExpressionBinder expressions)
{
    public BoundItem BindQuery(DerivedTable lateral, CteScope ctes, Scope before)
    {
        var around = before with { Outer = ctes.Around };
        var source = context.Within("LATERAL subquery", () => queries.Bind(lateral.Query, ctes with { Around = around }));
        return new BoundItem(source, Scope.Of(lateral.Alias?.Name, source, lateral.Alias?.Columns ?? []));
    }

    /// <summary>A function in FROM may refer to the items before it without being called LATERAL.</summary>
    public BoundItem BindFunction(FromItem item, CteScope ctes, Scope before)
    {
        if (item is FunctionTable { Functions: [{ Call: var clock, Columns.IsEmpty: true }], WithOrdinality: false, Alias: { Columns: [var name] } alone } && ClockExpressions.IsClock(clock))
        {
            return BindQuery(Derived(Select(clock.As(name)).AsQuery(), alone.Name), ctes, before);
        }

        var scope = before with { Outer = ctes.Around };
        var bound = new Arguments(e => expressions.Bind(e, scope)).Visit(item);
        var (alias, columns) = bound switch
        {
            FunctionTable functions => (functions.Alias, OfFunctions(functions)),
            XmlTable xml => (xml.Alias, xml.Columns.Select(static c => new GeneratedColumn(c.Name, c.Type is null ? null : WellKnownTypes.Read(c.Type), c.NotNull || c.Type is null))),
            JsonTable json => (json.Alias, json.Columns.SelectMany(OfJson)),
            _ => throw context.NotImplemented(item.GetType().Name, "it is evaluated as a whole"),
        };
        var generated = new Generated(context.NewName("f"), bound, columns.ToSyntaxList());
        return new BoundItem(generated, Scope.Of(alias?.Name, generated, bound is FunctionTable ? [] : alias?.Columns ?? []));
    }

    /// <summary>A join and its condition, in which sub-selects may stand.</summary>
    /// <param name="kind">What becomes of rows without partner.</param>
    /// <param name="left">The left side.</param>
    /// <param name="right">The right side.</param>
    /// <param name="again">Binds both sides once more, under other names.</param>
    /// <param name="predicate">The condition.</param>
    /// <param name="ctes">What sub-selects may refer to.</param>
    public (Scope Scope, Operator Source, SyntaxList<(SqlIdentifier, SqlExpression)> Merged) BindOn(
        JoinKind kind, BoundItem left, BoundItem right, Func<(BoundItem Left, BoundItem Right)> again, SqlExpression predicate, CteScope ctes)
    {
        var scope = left.Scope.Union(right.Scope).In(context, ctes, new Join(JoinType.Inner, left.Source, right.Source, True));
        if (kind is JoinKind.Inner or JoinKind.Cross && predicate.DescendantsAndSelf().Any(static n => n is Query))
        {
            var pairs = Join(JoinType.Inner, left, right, []);
            return (pairs.Scope, expressions.Filter(pairs.Source, predicate, scope), []);
        }

        var bound = expressions.Bind(predicate, scope);
        if (!scope.Places!.IsEmpty)
        {
            if (Attach(left, right, scope.Places) is not var (l, r))
            {
                var paired = new PairedJoin(context, expressions).Bind(kind, left, right, again, predicate, ctes);
                return (paired.Scope, paired.Source, []);
            }

            (left, right) = (l, r);
        }

        var join = Join(kind, left, right, bound.Conjuncts());
        return (join.Scope, join.Source, []);
    }

    /// <summary>A join of any kind; RIGHT is LEFT with the sides swapped.</summary>
    public static BoundItem Join(JoinKind kind, BoundItem left, BoundItem right, IEnumerable<SqlExpression> conditions)
    {
        var scope = left.Scope.Union(right.Scope);
        return kind switch
        {
            JoinKind.Left => Join(JoinType.Left, left, right, conditions),
            JoinKind.Right => Join(JoinType.Left, right, left, conditions) with { Scope = scope },
            JoinKind.Full => new BoundItem(new Join(JoinType.Full, left.Source, right.Source, And(conditions)), scope),
            _ => Join(JoinType.Inner, left, right, conditions),
        };
    }

    /// <summary>An inner or left join, whose right side may refer to the left one.</summary>
    public static BoundItem Join(JoinType type, BoundItem left, BoundItem right, IEnumerable<SqlExpression> conditions)
    {
        var predicate = And(conditions);
        var scope = left.Scope.Union(right.Scope);
        right = right.Source is Generated generated ? right with { Source = Typed(generated, left.Source) } : right;
        if (!right.Source.FreeReferences().Overlaps(left.Source.ColumnSet()))
        {
            return new BoundItem(new Join(type, left.Source, right.Source, predicate), scope);
        }

        if (Correlation.TakeOut(right.Source, existence: false, groups: true) is { } rows)
        {
            return new BoundItem(new Join(type, left.Source, rows.Source, And([.. predicate.Conjuncts(), .. rows.Conditions])), scope);
        }

        return new BoundItem(new Dependent(type, left.Source, right.Source, predicate), scope);
    }

    /// <summary>Sub-selects in the condition of an outer join are evaluated on the side to which they belong; null if one belongs to both.</summary>
    private static (BoundItem Left, BoundItem Right)? Attach(BoundItem left, BoundItem right, SubqueryPlaces places)
    {
        foreach (var pending in places.Pending())
        {
            var used = pending.FreeReferences();
            if (!used.Overlaps(left.Source.ColumnSet()))
            {
                right = right with { Source = places.Attach(right.Source, pending.Columns.Select(static c => c.Reference)) };
            }
            else if (!used.Overlaps(right.Source.ColumnSet()))
            {
                left = left with { Source = places.Attach(left.Source, pending.Columns.Select(static c => c.Reference)) };
            }
            else
            {
                return null;
            }
        }

        return (left, right);
    }

    /// <summary>A function's columns, whose types follow from those of its arguments, columns of the items before it.</summary>
    private static Generated Typed(Generated generated, Operator before)
    {
        if (generated.Rows is not FunctionTable { Functions: [{ Call: var call }], WithOrdinality: false } || generated.Outputs is not [{ Type: null } only])
        {
            return generated;
        }

        var columns = before.Columns.ToDictionary(static c => c.Reference);
        return SetTypes.Of(call, columns.GetValueOrDefault) is { } type ? generated with { Outputs = [only with { Type = type }] } : generated;
    }

    /// <summary>Canonical text names all columns of functions, in the alias or in a list of definitions.</summary>
    private IEnumerable<GeneratedColumn> OfFunctions(FunctionTable functions)
    {
        var names = functions.Alias?.Columns ?? [];
        if (functions.Functions is [{ Columns: { IsEmpty: false } definitions }])
        {
            names = definitions.Select(static d => d.Name).ToSyntaxList();
        }

        if (names.IsEmpty)
        {
            throw context.NotImplemented("function in FROM", "its columns are not known");
        }

        var known = functions.Functions is [{ Call: var call }] && names.Count == (functions.WithOrdinality ? 2 : 1) ? SetTypes.Of(call, static _ => null) : null;
        return names.Select((n, i) => functions.WithOrdinality && i == names.Count - 1
            ? new GeneratedColumn(n, WellKnownTypes.BigInteger, NotNull: true)
            : new GeneratedColumn(n, known, NotNull: false));
    }

    private static IEnumerable<GeneratedColumn> OfJson(JsonTableColumn column) => column switch
    {
        JsonOrdinalityColumn ordinality => [new GeneratedColumn(ordinality.Name, WellKnownTypes.Integer, NotNull: false)],
        JsonValueColumn value => [new GeneratedColumn(value.Name, WellKnownTypes.Read(value.Type), NotNull: false)],
        JsonExistsColumn exists => [new GeneratedColumn(exists.Name, WellKnownTypes.Read(exists.Type), NotNull: false)],
        JsonNestedColumns nested => nested.Columns.SelectMany(OfJson),
        _ => [],
    };

    private sealed class Arguments(Func<SqlExpression, SqlExpression> bind) : SqlRewriter
    {
        protected override SqlNode VisitNode(SqlNode node) => node is SqlExpression expression ? bind(expression) : base.VisitNode(node);
    }
}
