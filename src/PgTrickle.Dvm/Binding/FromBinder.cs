using System.Globalization;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Binding;

/// <summary>An operator and the names under which the query text knows its columns.</summary>
internal sealed record BoundItem(Operator Source, Scope Scope);

/// <summary>Binds FROM: tables, views (inlined by their canonical text), subqueries, joins.</summary>
internal sealed class FromBinder(BindingContext context, QueryBinder queries, ExpressionBinder expressions)
{
    /// <summary>All items of FROM, cross joined from the left; without any, the single row without columns.</summary>
    public BoundItem Bind(SyntaxList<FromItem> items, CteScope ctes)
    {
        BoundItem? result = null;
        for (var i = 0; i < items.Count; i++)
        {
            var item = items[i];
            var bound = context.Within(string.Create(CultureInfo.InvariantCulture, $"FROM item {i + 1}"), () => Bind(item, ctes));
            result = result is null ? bound : new BoundItem(new Join(JoinType.Inner, result.Source, bound.Source, True), result.Scope.Union(bound.Scope));
        }

        return result ?? new BoundItem(new Constant(context.NewName("one"), null, []), Scope.Empty);
    }

    private BoundItem Bind(FromItem item, CteScope ctes) => item switch
    {
        TableReference table => BindTable(table, ctes),
        DerivedTable { Lateral: true } => throw context.NotImplemented("LATERAL", "lateral subqueries are evaluated as a whole"),
        DerivedTable derived => Named(derived.Alias, context.Within("subquery", () => queries.Bind(derived.Query, ctes)), null),
        JoinedTable join => BindJoin(join, ctes),
        FunctionTable => throw context.NotImplemented("function in FROM", "functions in FROM are evaluated as a whole"),
        _ => throw context.NotImplemented(item.GetType().Name, "it is evaluated as a whole"),
    };

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
            var query = context.Within($"common table expression {table.Name.Name}", () => queries.Bind(cte.Query, cte.Outer));
            var names = cte.Columns.IsEmpty ? query.Columns.Select(static c => c.Name).ToSyntaxList() : cte.Columns;
            var renamed = Scope.Of(null, query, names);
            var alias = table.Alias?.Columns ?? [];
            var columns = renamed.Relations[0].Columns.Select((c, i) => (i < alias.Count ? alias[i] : c.Name, c.Value)).ToSyntaxList();
            return new BoundItem(query, new Scope([new ScopeRelation(table.Alias?.Name ?? table.Name.Name, columns)], []));
        }

        var relation = context.Catalog.Find(table.Name) ?? throw context.Internal($"relation {table.Name}", "the catalog does not have it");
        return Named(table.Alias, BindRelation(relation, table.Only), relation.Name.Name);
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
                if (only)
                {
                    throw context.NotImplemented("ONLY", "rows of child tables are captured together with those of their parent");
                }

                context.CountRelation();
                return new Scan(context.NewName("t"), relation, only);
        }
    }

    private Operator BindView(RelationInfo view)
    {
        var query = view.ViewQuery ?? throw context.Internal($"view {view.Name}", "the catalog does not have its query");
        var source = new QueryBinder(context, new FunctionCatalog(view.ViewFunctions)).Bind(query, CteScope.Empty);
        var outputs = source.Columns.Zip(view.Columns, static (c, v) => new ComputedColumn(v.Name, c.Reference, v.Type, c.NotNull)).ToSyntaxList();
        return new Project(context.NewName("v"), source, outputs);
    }

    private BoundItem BindJoin(JoinedTable join, CteScope ctes)
    {
        var left = Bind(join.Left, ctes);
        var right = Bind(join.Right, ctes);
        var scope = left.Scope.Union(right.Scope);
        var (predicate, merged) = join.Condition switch
        {
            null => (True, SyntaxList<(SqlIdentifier, SqlExpression)>.Empty),
            JoinOn on => (context.Within("a join condition", () => expressions.Bind(on.Predicate, scope)), []),
            JoinUsing @using => BindUsing(@using, join.Kind, left, right),
            _ => throw context.NotImplemented("join condition", "it is of an unknown kind"),
        };
        var source = join.Kind switch
        {
            JoinKind.Left => new Join(JoinType.Left, left.Source, right.Source, predicate),
            JoinKind.Right => new Join(JoinType.Left, right.Source, left.Source, predicate),
            JoinKind.Full => new Join(JoinType.Full, left.Source, right.Source, predicate),
            _ => new Join(JoinType.Inner, left.Source, right.Source, predicate),
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

    private (SqlExpression Predicate, SyntaxList<(SqlIdentifier, SqlExpression)> Merged) BindUsing(JoinUsing @using, JoinKind kind, BoundItem left, BoundItem right)
    {
        var pairs = @using.Columns.Select(name => (
            Name: name,
            Left: expressions.Bind(Column(name), left.Scope),
            Right: expressions.Bind(Column(name), right.Scope))).ToList();
        var merged = pairs.Select(p => (p.Name, kind switch
        {
            JoinKind.Right => p.Right,
            JoinKind.Full => Coalesce(p.Left, p.Right),
            _ => p.Left,
        })).ToSyntaxList();
        var columns = left.Source.Columns.Concat(right.Source.Columns).ToDictionary(static c => c.Reference);
        var types = pairs.Select(p => ExpressionType.Of(p.Left, columns.GetValueOrDefault).Type);
        return (And(pairs.Zip(types, static (p, type) => Equality.Equal(p.Left, p.Right, type))), merged);
    }
}
