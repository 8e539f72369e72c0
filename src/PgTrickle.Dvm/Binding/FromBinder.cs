using System.Globalization;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Binding;

/// <summary>An operator and the names under which the query text knows its columns.</summary>
internal sealed record BoundItem(Operator Source, Scope Scope);

/// <summary>Binds FROM: tables, views (inlined by their canonical text), subqueries, functions, joins. An item may refer to those before it if it is LATERAL.</summary>
internal sealed class FromBinder(BindingContext context, QueryBinder queries, ExpressionBinder expressions)
{
    private readonly LateralBinder _laterals = new(context, queries, expressions);

    /// <summary>All items of FROM, cross joined from the left; without any, the single row without columns.</summary>
    public BoundItem Bind(SyntaxList<FromItem> items, CteScope ctes)
    {
        BoundItem? result = null;
        for (var i = 0; i < items.Count; i++)
        {
            var item = items[i];
            var before = result;
            var bound = context.Within(string.Create(CultureInfo.InvariantCulture, $"FROM item {i + 1}"), () => Bind(item, ctes, before?.Scope ?? Scope.Empty));
            result = result is null ? bound : LateralBinder.Join(JoinType.Inner, result, bound, []);
        }

        return result ?? new BoundItem(new Constant(context.NewName("one"), null, []), Scope.Empty);
    }

    private BoundItem Bind(FromItem item, CteScope ctes, Scope before)
    {
        var bound = item switch
        {
            TableReference table => BindTable(table, ctes),
            DerivedTable { Lateral: true } lateral => WithRow(_laterals.BindQuery(lateral, ctes, before), lateral.Query, ctes),
            DerivedTable derived => WithRow(Named(derived.Alias, context.Within("subquery", () => queries.Bind(derived.Query, ctes)), null), derived.Query, ctes),
            JoinedTable join => BindJoin(join, ctes, before),
            _ => _laterals.BindFunction(item, ctes, before),
        };
        context.Collations.Know(bound.Source);
        return bound;
    }

    /// <summary>A sub-select; with its rows as values if the query refers to them.</summary>
    private BoundItem WithRow(BoundItem item, Query query, CteScope ctes) => IsAskedFor(item, ctes) ? WholeRow.Of(context, item, query) : item;

    private static bool IsAskedFor(BoundItem item, CteScope ctes) => item.Scope.Relations[0].Name is { } name && ctes.WholeRows.Contains(name);

    private static BoundItem Named(TableAlias? alias, Operator source, SqlIdentifier? name)
        => new(source, Scope.Of(alias?.Name ?? name, source, alias?.Columns ?? []));

    private BoundItem BindTable(TableReference table, CteScope ctes)
    {
        if (table.Sample is not null)
        {
            throw context.Unsupported("TABLESAMPLE", "a sample is another one each time");
        }

        if (table.Name.Schema is null && ctes.Find(table.Name.Name) is { } cte)
        {
            var query = context.Within($"common table expression {table.Name.Name}", () => queries.Bind(cte));
            var names = cte.Columns.IsEmpty || cte.Recursive is not null ? query.Columns.Select(static c => c.Name).ToSyntaxList() : cte.Columns;
            var renamed = Scope.Of(null, query, names);
            var alias = table.Alias?.Columns ?? [];
            var columns = renamed.Relations[0].Columns.Select((c, i) => (i < alias.Count ? alias[i] : c.Name, c.Value)).ToSyntaxList();
            return WithRow(new BoundItem(query, new Scope([new ScopeRelation(table.Alias?.Name ?? table.Name.Name, columns)], [])), cte.Query, ctes);
        }

        var relation = context.Catalog.Find(table.Name) ?? throw context.Internal($"relation {table.Name}", "the catalog does not have it");
        var bound = Named(table.Alias, BindRelation(relation, table.Only), relation.Name.Name);
        return IsAskedFor(bound, ctes) ? WholeRow.Of(context, bound, relation) : bound;
    }

    private Operator BindRelation(RelationInfo relation, bool only)
    {
        switch (relation.Kind)
        {
            case RelationKind.MaterializedView:
                throw context.Unsupported($"materialized view {relation.Name}", "its changes cannot be captured");
            case RelationKind.Foreign:
                throw context.Unsupported($"foreign table {relation.Name}", "its changes cannot be captured");
            case RelationKind.View:
                return context.Within($"view {relation.Name}", () => BindView(relation));
            default:
                context.CountRelation();
                var scan = new Scan(context.NewName("t"), only ? relation.Alone ?? relation : relation);

                // All rows of a partitioned table are its partitions'.
                return only && relation.Kind == RelationKind.Partitioned ? new Filter(scan, False) : scan;
        }
    }

    private Operator BindView(RelationInfo view)
    {
        var query = view.ViewQuery ?? throw context.Internal($"view {view.Name}", "the catalog does not have its query");
        var source = new QueryBinder(context, new FunctionCatalog(view.ViewFunctions)).Bind(query, CteScope.Empty);
        var outputs = source.Columns.Zip(view.Columns, static (c, v) => new ComputedColumn(v.Name, c.Reference, v.Type, c.NotNull)).ToSyntaxList();
        return new Project(context.NewName("v"), source, outputs);
    }

    private BoundItem BindJoin(JoinedTable join, CteScope ctes, Scope before)
    {
        var left = Bind(join.Left, ctes, before);
        var right = Bind(join.Right, ctes, before.Union(left.Scope));
        (BoundItem, BoundItem) Again()
        {
            var first = Bind(join.Left, ctes, before);
            return (first, Bind(join.Right, ctes, before.Union(first.Scope)));
        }

        var (scope, source, merged) = join.Condition switch
        {
            JoinOn on => context.Within("a join condition", () => _laterals.BindOn(join.Kind, left, right, Again, on.Predicate, ctes)),
            JoinUsing @using => BindUsing(@using, join.Kind, left, right),
            _ => _laterals.BindOn(join.Kind, left, right, Again, True, ctes),
        };

        // A merged column hides those of the same name that the sides merged before.
        var inherited = scope.Merged.Where(m => merged.All(n => n.Item1 != m.Name)).ToSyntaxList();
        var visible = scope with { Merged = [.. merged, .. inherited] };
        if (join.Condition is JoinUsing { Alias: { } mergedAlias })
        {
            visible = visible with { Relations = visible.Relations.Add(new ScopeRelation(mergedAlias, merged)) };
        }

        if (join.Alias is not { } alias)
        {
            return new BoundItem(source, visible);
        }

        var columns = visible.AllColumns().Select((c, i) => (i < alias.Columns.Count ? alias.Columns[i] : c.Name, c.Value)).ToSyntaxList();
        return new BoundItem(source, new Scope([new ScopeRelation(alias.Name, columns)], []));
    }

    private (Scope Scope, Operator Source, SyntaxList<(SqlIdentifier, SqlExpression)> Merged) BindUsing(JoinUsing @using, JoinKind join, BoundItem left, BoundItem right)
    {
        var pairs = @using.Columns.Select(name => (
            Name: name,
            Left: expressions.Bind(Column(name), left.Scope),
            Right: expressions.Bind(Column(name), right.Scope))).ToList();
        var merged = pairs.Select(p => (p.Name, join switch
        {
            JoinKind.Right => p.Right,
            JoinKind.Full => Coalesce(p.Left, p.Right),
            _ => p.Left,
        })).ToSyntaxList();
        var columns = left.Source.Columns.Concat(right.Source.Columns).ToDictionary(static c => c.Reference);
        var types = pairs.Select(p => ExpressionType.Of(p.Left, columns.GetValueOrDefault).Type);
        var source = LateralBinder.Join(join, left, right, pairs.Zip(types, (p, type) => (SqlExpression)context.Collations.Settle(Equality.Equal(p.Left, p.Right, type))));
        return (source.Scope, source.Source, merged);
    }
}
