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
    /// <param name="root">The tree.</param>
    /// <param name="visible">The query's columns.</param>
    /// <param name="naive">Whether old states are rebuilt and evaluated, so that even the root must not leave anything open.</param>
    public static RootRule Choose(Operator root, SyntaxList<OutputColumn> visible, bool naive)
    {
        var project = root as Project ?? new Project(
            "result", root, root.Columns.Select(static c => new ComputedColumn(c.Name, c.Reference, c.Type, c.NotNull)).ToSyntaxList());
        if (naive)
        {
            return AnyOperator(project, visible);
        }

        if (!project.OwnExpressions().Any(ClockExpressions.ReadsClock))
        {
            switch (project.Input)
            {
                case Aggregate aggregate when StoredKeys.Of(project, Columns(project, visible), StoredKeys.Of(aggregate)) is { } stored:
                    return OfAggregate(stored, aggregate, null);
                case Filter { Input: Aggregate aggregate } having
                    when !ClockExpressions.ReadsClock(having.Predicate) && StoredKeys.Of(project, Columns(project, visible), StoredKeys.Of(aggregate)) is { } stored:
                    return OfAggregate(stored, aggregate, having.Predicate);
                case DistinctOn distinct when StoredKeys.Of(project, Columns(project, visible), distinct.PartitionKeys) is { } stored:
                    var (read, first) = Settled(stored.Project, distinct);
                    return new RescanRule(new StoredResult(read, stored.Columns, IdentityChoice.Of(stored.Places, stored.Columns)), first, null, stored.Places);
            }
        }

        if (project.Input is Recursion { Linear: { Self.Node: not null } terms })
        {
            return terms.IsSet ? new SetRecursionRule(ZSet(project, visible), terms) : new RecursionRule(ZSet(project, visible), terms);
        }

        return IsRecursion(project.Input) ? new EvaluateRule(ZSet(project, visible))
            : FirstRowsRule.Of(project, Columns(project, visible)) as RootRule ?? PartitionRoot.Of(project, Columns(project, visible)) ?? AnyOperator(project, visible);
    }

    /// <summary>
    /// The rule for a node. What stands above may see the image of a key: groups whose keys may be equal without being identical are computed again and compared by image.
    /// </summary>
    public static RootRule OfNode(Project project, SyntaxList<OutputColumn> columns)
        => project.Input is Aggregate aggregate && aggregate.Keys.Any(SettledState.IsOpen) && PartitionRoot.Of(project, Columns(project, columns)) is { } rule
            ? rule
            : Choose(project, columns, naive: false);

    /// <summary>What applies to all operators: D of the result, as a Z-set.</summary>
    private static RootRule AnyOperator(Project root, SyntaxList<OutputColumn> visible)
    {
        return new ZSetRule(ZSet((Project)SettledState.Of(root), visible));
    }

    private static bool IsRecursion(Operator source) => source is Recursion || (source is Filter filter && IsRecursion(filter.Input));

    private static StoredResult ZSet(Project project, SyntaxList<OutputColumn> visible)
    {
        var columns = Columns(project, visible);
        return new StoredResult(project, columns, IdentityChoice.Infer(project, columns));
    }

    private static RootRule OfAggregate(StoredKeys stored, Aggregate root, SqlExpression? having)
    {
        var (project, aggregate) = Settled(stored.Project, root);
        if (having is null && AggregateState.Of(aggregate, project.Outputs) is { } state)
        {
            var names = state.Hidden.Select(static (h, i) => new AggregateColumn($"h{i + 1}", h.Call, h.Type)).ToList();
            var full = aggregate with { Aggregates = aggregate.Aggregates.AddRange(names) };
            var outputs = project.Outputs.AddRange(state.Hidden.Zip(names, (h, a) => new ComputedColumn(h.Name, Column(aggregate.Alias, a.Name), h.Type, a.NotNull)));
            var columns = stored.Columns.AddRange(state.Hidden.Zip(names, static (h, a) => new StoredColumn(h.Name, h.Type, a.NotNull, Visible: false)));
            var result = new StoredResult(project with { Input = full, Outputs = outputs }, columns, IdentityChoice.Of(stored.Places, columns));
            return new AggregateRule(result, aggregate, stored.Places, state);
        }

        return new RescanRule(new StoredResult(project, stored.Columns, IdentityChoice.Of(stored.Places, stored.Columns)), aggregate, having, stored.Places);
    }

    /// <summary>The operator at the root may see its rows in any order; what is below it may not.</summary>
    private static (Project Project, T Root) Settled<T>(Project project, T root)
        where T : Operator
    {
        var settled = (T)root.WithInputs([SettledState.Of(root.Inputs[0])]);
        return ReferenceEquals(settled, root) ? (project, root) : ((Project)project.Rewrite(o => ReferenceEquals(o, root) ? settled : o), settled);
    }

    private static SyntaxList<StoredColumn> Columns(Project project, SyntaxList<OutputColumn> visible)
        => project.Outputs.Zip(visible, static (o, c) => new StoredColumn(c.Name, c.Type, o.NotNull, Visible: true)).ToSyntaxList();
}
