using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Apply;

/// <summary>Chooses the rule for the operator at the root, and with it what is stored.</summary>
internal static class RootRules
{
    /// <summary>The rule for a tree that all passes have gone over.</summary>
    public static RootRule Choose(Operator root, QueryAnalysis analysis)
    {
        var project = root as Project ?? new Project(
            "result", root, root.Columns.Select(static c => new ComputedColumn(c.Name, c.Reference, c.Type, c.NotNull)).ToSyntaxList());
        if (!project.OwnExpressions().Any(ClockExpressions.ReadsClock))
        {
            switch (project.Input)
            {
                case Aggregate aggregate when KeyPlaces(project, aggregate) is { } keys:
                    return OfAggregate(project, aggregate, null, keys, analysis);
                case Filter { Input: Aggregate aggregate } having when KeyPlaces(project, aggregate) is { } keys && !ClockExpressions.ReadsClock(having.Predicate):
                    return OfAggregate(project, aggregate, having.Predicate, keys, analysis);
                case DistinctOn distinct when KeyPlaces(project, distinct.Keys) is { } keys:
                    var visible = Visible(project, analysis);
                    return new RescanRule(new StoredResult(project, visible, IdentityChoice.Of(keys, visible)), distinct, null, keys);
            }
        }

        NestedState.Check(project);
        var columns = Visible(project, analysis);
        return new ZSetRule(new StoredResult(project, columns, IdentityChoice.Infer(project, columns)));
    }

    private static RootRule OfAggregate(Project project, Aggregate aggregate, SqlExpression? having, SyntaxList<int> keys, QueryAnalysis analysis)
    {
        NestedState.Check(aggregate.Input);
        var visible = Visible(project, analysis);
        if (having is null && AggregateState.Of(aggregate, project.Outputs) is { } state)
        {
            var names = state.Hidden.Select(static (h, i) => new AggregateColumn($"h{i + 1}", h.Call, h.Type)).ToList();
            var full = aggregate with { Aggregates = aggregate.Aggregates.AddRange(names) };
            var outputs = project.Outputs.AddRange(state.Hidden.Zip(names, (h, a) => new ComputedColumn(h.Name, Column(aggregate.Alias, a.Name), h.Type, a.NotNull)));
            var columns = visible.AddRange(state.Hidden.Zip(names, static (h, a) => new StoredColumn(h.Name, h.Type, a.NotNull, Visible: false)));
            var stored = new StoredResult(project with { Input = full, Outputs = outputs }, columns, IdentityChoice.Of(keys, columns));
            return new AggregateRule(stored, aggregate, keys, state);
        }

        return new RescanRule(new StoredResult(project, visible, IdentityChoice.Of(keys, visible)), aggregate, having, keys);
    }

    private static SyntaxList<StoredColumn> Visible(Project project, QueryAnalysis analysis)
        => project.Outputs.Zip(analysis.Columns, static (o, c) => new StoredColumn(c.Name, c.Type, o.NotNull, Visible: true)).ToSyntaxList();

    private static SyntaxList<int>? KeyPlaces(Project project, Aggregate aggregate)
        => KeyPlaces(project, aggregate.Keys.Select(k => (SqlExpression)Column(aggregate.Alias, k.Name)).ToSyntaxList());

    /// <summary>Where each key is an output column; null if one is not.</summary>
    private static SyntaxList<int>? KeyPlaces(Project project, SyntaxList<SqlExpression> keys)
    {
        var places = keys.Select(k => project.Outputs.ToList().FindIndex(o => o.Expression == k)).ToSyntaxList();
        return places.Any(static p => p < 0) ? null : places;
    }
}
