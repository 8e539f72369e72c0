using PgTrickle.Dvm.Binding;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Passes;

/// <summary>An operator without its correlated conditions, and those conditions over its columns and the outer ones.</summary>
/// <param name="Source">The operator; nothing in it refers to what is outside.</param>
/// <param name="Conditions">The conjuncts that were taken out.</param>
internal sealed record Uncorrelated(Operator Source, SyntaxList<SqlExpression> Conditions);

/// <summary>
/// Takes the references to outer columns out of a sub-select. Conditions of WHERE and of joins move up as far as they mean the same there; what keeps a reference in the select
/// list, in an aggregate or below an outer join stays correlated.
/// </summary>
internal static class Correlation
{
    /// <summary>The columns that expressions in a tree refer to, but no operator in it has.</summary>
    public static HashSet<ColumnReference> FreeReferences(this Operator source)
    {
        var all = source.DescendantsAndSelf().ToList();
        var own = all.SelectMany(static o => o.Columns).Select(static c => c.Reference).ToHashSet();
        return all.SelectMany(static o => o.OwnExpressions()).SelectMany(static e => e.References()).Where(c => !own.Contains(c)).ToHashSet();
    }

    /// <summary>The operator without correlation, or null if it can't be taken out.</summary>
    /// <param name="source">The sub-select.</param>
    /// <param name="existence">Whether it matters only if there is a row, not how often.</param>
    /// <param name="groups">Whether groups may be divided by what they are compared with outside.</param>
    public static Uncorrelated? TakeOut(Operator source, bool existence, bool groups)
    {
        if (source.FreeReferences().Count == 0)
        {
            return new Uncorrelated(source, []);
        }

        return source switch
        {
            Filter filter => OfFilter(filter, existence, groups),
            Project project => OfProject(project, existence, groups),
            Join { Type: JoinType.Inner } join => OfInnerJoin(join, existence, groups),
            Join { Type: JoinType.Left } join => Keeping(join, join.Left, [join.Right], [join.Predicate], existence, groups),
            Match { Kind: MatchKind.Semi } match when existence
                => TakeOut(new Join(JoinType.Inner, match.Outer, match.Inner, match.Predicate), existence, groups),
            Match match => Keeping(match, match.Outer, [match.Inner], [match.Predicate], existence, groups),
            Dependent dependent => OfDependent(dependent, existence, groups),
            Distinct distinct when existence => TakeOut(distinct.Input, existence, groups),
            Aggregate { Keys.IsEmpty: false } aggregate when groups => OfAggregate(aggregate),
            _ => null,
        };
    }

    /// <summary>The operands of an equality between an expression over these columns and one over others; null if it isn't one.</summary>
    public static (SqlExpression Inner, SqlExpression Outer)? Equality(SqlExpression condition, IReadOnlySet<ColumnReference> inner)
    {
        bool Inside(SqlExpression e) => e.References().Any() && e.IsOver(inner);
        bool Outside(SqlExpression e) => e.References().Any() && !e.References().Any(inner.Contains);
        return condition is not BinaryExpression { Operator: { Schema: null, Symbol: "=" } } equality ? null
            : Inside(equality.Left) && Outside(equality.Right) ? (equality.Left, equality.Right)
            : Inside(equality.Right) && Outside(equality.Left) ? (equality.Right, equality.Left)
            : null;
    }

    private static Uncorrelated? OfFilter(Filter filter, bool existence, bool groups)
    {
        if (TakeOut(filter.Input, existence, groups) is not { } input)
        {
            return null;
        }

        var columns = input.Source.ColumnSet();
        var (kept, taken) = Divide(filter.Predicate, columns);
        var source = kept.Count == 0 ? input.Source : new Filter(input.Source, Sql.SqlFactory.And(kept));
        return new Uncorrelated(source, [.. input.Conditions, .. taken]);
    }

    private static (List<SqlExpression> Kept, List<SqlExpression> Taken) Divide(SqlExpression predicate, HashSet<ColumnReference> columns)
    {
        var all = predicate.Conjuncts().ToList();
        return (all.FindAll(c => c.IsOver(columns)), all.FindAll(c => !c.IsOver(columns)));
    }

    private static Uncorrelated? OfInnerJoin(Join join, bool existence, bool groups)
    {
        if (TakeOut(join.Left, existence, groups) is not { } left || TakeOut(join.Right, existence, groups) is not { } right)
        {
            return null;
        }

        var (kept, taken) = Divide(join.Predicate, [.. left.Source.ColumnSet(), .. right.Source.ColumnSet()]);
        return new Uncorrelated(join with { Left = left.Source, Right = right.Source, Predicate = Sql.SqlFactory.And(kept) }, [.. left.Conditions, .. right.Conditions, .. taken]);
    }

    /// <summary>Conditions on the side that every row comes from may be asked afterwards; the other side must have none.</summary>
    private static Uncorrelated? Keeping(
        Operator source, Operator kept, SyntaxList<Operator> others, SyntaxList<SqlExpression> predicates, bool existence, bool groups)
    {
        if (TakeOut(kept, existence, groups) is not { } side)
        {
            return null;
        }

        var result = source.WithInputs([side.Source, .. others]);
        var inside = result.DescendantsAndSelf().SelectMany(static o => o.Columns).Select(static c => c.Reference).ToHashSet();
        var closed = others.All(o => o.FreeReferences().Count == 0) && predicates.All(p => p.IsOver(inside));
        return closed ? new Uncorrelated(result, side.Conditions) : null;
    }

    private static Uncorrelated? OfDependent(Dependent dependent, bool existence, bool groups)
    {
        if (TakeOut(dependent.Outer, existence: false, groups) is not { } outer)
        {
            return null;
        }

        var result = dependent with { Outer = outer.Source };
        return result.FreeReferences().Count == 0 ? new Uncorrelated(result, outer.Conditions) : null;
    }

    /// <summary>What the conditions need of the input becomes visible above the projection.</summary>
    private static Uncorrelated? OfProject(Project project, bool existence, bool groups)
    {
        if (TakeOut(project.Input, existence, groups) is not { } input)
        {
            return null;
        }

        var columns = input.Source.Columns.ToDictionary(static c => c.Reference);
        if (!project.Outputs.All(o => o.Expression.References().All(columns.ContainsKey)))
        {
            return null;
        }

        var outputs = project.Outputs.ToList();
        var renamed = new Dictionary<ColumnReference, SqlExpression>();
        foreach (var reference in input.Conditions.SelectMany(static c => c.References()).Where(columns.ContainsKey).Distinct())
        {
            var known = outputs.FindIndex(o => o.Expression == reference);
            if (known < 0)
            {
                known = outputs.Count;
                outputs.Add(new ComputedColumn($"__pgt_c{known + 1}", reference, columns[reference].Type, columns[reference].NotNull));
            }

            renamed.Add(reference, new ColumnReference(project.Alias, outputs[known].Name));
        }

        var extended = project with { Input = input.Source, Outputs = outputs.ToSyntaxList() };
        return new Uncorrelated(extended, input.Conditions.Select(c => c.Substitute(renamed)).ToSyntaxList());
    }

    /// <summary>For one outer row the equalities let through what a finer grouping keeps apart.</summary>
    private static Uncorrelated? OfAggregate(Aggregate aggregate)
    {
        if (TakeOut(aggregate.Input, existence: false, groups: true) is not { } input)
        {
            return null;
        }

        var columns = input.Source.Columns.ToDictionary(static c => c.Reference);
        var set = input.Source.ColumnSet();
        var keys = aggregate.Keys.ToList();
        var conditions = new List<SqlExpression>();
        foreach (var condition in input.Conditions)
        {
            if (Equality(condition, set) is not { } pair)
            {
                return null;
            }

            var known = keys.FindIndex(k => k.Expression == pair.Inner);
            if (known < 0)
            {
                known = keys.Count;
                var type = ExpressionType.Of(pair.Inner, columns.GetValueOrDefault);
                keys.Add(new ComputedColumn($"__pgt_k{known + 1}", pair.Inner, type.Type, type.NotNull));
            }

            conditions.Add(Sql.SqlFactory.Eq(new ColumnReference(aggregate.Alias, keys[known].Name), pair.Outer));
        }

        var finer = aggregate with { Input = input.Source, Keys = keys.ToSyntaxList() };
        return finer.FreeReferences().Count == 0 ? new Uncorrelated(finer, conditions.ToSyntaxList()) : null;
    }
}
