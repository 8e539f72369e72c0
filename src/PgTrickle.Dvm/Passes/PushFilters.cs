using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Passes;

/// <summary>
/// Moves each conjunct of WHERE and of join conditions as far down as its columns allow: deltas are materialised on the way up, so PostgreSQL can't do it.
/// </summary>
internal sealed class PushFilters : IPass
{
    public string Name => "push filters";

    public Operator Apply(Operator root) => Push(root, []);

    private static Operator Push(Operator source, IReadOnlyList<SqlExpression> conjuncts) => source switch
    {
        Filter filter => PushThroughFilter(filter, conjuncts),
        Join join => PushIntoJoin(join, conjuncts),
        Match match => PushIntoMatch(match, conjuncts),
        Dependent dependent => PushIntoDependent(dependent, conjuncts),
        _ => Place(source.WithInputs(source.Inputs.Select(static i => Push(i, [])).ToSyntaxList()), conjuncts),
    };

    private static Operator PushThroughFilter(Filter filter, IReadOnlyList<SqlExpression> conjuncts)
    {
        var own = filter.Predicate.Conjuncts().ToList();
        var pushed = Push(filter.Input, [.. own, .. conjuncts]);

        // Nothing moved: the same reference.
        return conjuncts.Count == 0 && pushed is Filter same && ReferenceEquals(same.Input, filter.Input) && same.Predicate == filter.Predicate ? filter : pushed;
    }

    private static Operator PushIntoJoin(Join join, IReadOnlyList<SqlExpression> above)
    {
        var left = join.Left.ColumnSet();
        var right = join.Right.ColumnSet();
        var on = join.Predicate.Conjuncts().ToList();
        var toLeft = new List<SqlExpression>();
        var toRight = new List<SqlExpression>();
        var kept = new List<SqlExpression>();
        var stay = new List<SqlExpression>();
        foreach (var conjunct in above)
        {
            // A condition on the padded side, or on nothing, must see the padding.
            var anywhere = join.Type == JoinType.Inner;
            var target = !conjunct.References().Any() ? stay
                : conjunct.IsOver(left) && join.Type != JoinType.Full ? toLeft
                : conjunct.IsOver(right) && anywhere ? toRight
                : anywhere && !ClockExpressions.ReadsClock(conjunct) ? kept
                : stay;
            target.Add(conjunct);
        }

        foreach (var conjunct in on)
        {
            // A left join's condition on its left side decides about partners, not about the row.
            var target = !conjunct.References().Any() ? kept
                : conjunct.IsOver(right) && join.Type != JoinType.Full ? toRight
                : conjunct.IsOver(left) && join.Type == JoinType.Inner ? toLeft
                : join.Type == JoinType.Inner && ClockExpressions.ReadsClock(conjunct) ? stay
                : kept;
            target.Add(conjunct);
        }

        var l = Push(join.Left, toLeft);
        var r = Push(join.Right, toRight);
        var predicate = kept.SequenceEqual(on) ? join.Predicate : And(kept);
        var moved = !ReferenceEquals(predicate, join.Predicate) || !ReferenceEquals(l, join.Left) || !ReferenceEquals(r, join.Right);
        return Place(moved ? join with { Left = l, Right = r, Predicate = predicate } : join, stay);
    }

    /// <summary>Conditions on partners alone decide who is one; a semi join's conditions on the row alone decide about the row.</summary>
    private static Operator PushIntoMatch(Match match, IReadOnlyList<SqlExpression> above)
    {
        var outer = match.Outer.ColumnSet();
        var inner = match.Inner.ColumnSet();
        var on = match.Predicate.Conjuncts().ToList();
        bool IsOfInner(SqlExpression c) => c.References().Any() && c.IsOver(inner);
        bool IsOfOuter(SqlExpression c) => match.Kind == MatchKind.Semi && c.References().Any() && c.IsOver(outer);
        var kept = on.FindAll(c => !IsOfInner(c) && !IsOfOuter(c));
        var down = above.Where(c => c.References().Any() && c.IsOver(outer)).ToList();
        var o = Push(match.Outer, [.. down, .. on.Where(IsOfOuter)]);
        var i = Push(match.Inner, on.FindAll(IsOfInner));
        var moved = kept.Count != on.Count || !ReferenceEquals(o, match.Outer) || !ReferenceEquals(i, match.Inner);
        return Place(Sink(moved ? match with { Outer = o, Inner = i, Predicate = And(kept) } : match), above.Except(down).ToList());
    }

    /// <summary>
    /// Where partners are the groups that pass a HAVING, they are few: such a condition on one side of a join is a filter like others. Others are dearer to maintain for a side's rows than for those
    /// that the join leaves.
    /// </summary>
    private static Operator Sink(Match match)
    {
        if (match is not { Kind: MatchKind.Semi, Outer: Join { Type: JoinType.Inner } join } || !IsHaving(match.Inner))
        {
            return match;
        }

        var inner = match.Inner.ColumnSet();
        var outer = match.Predicate.References().Where(c => !inner.Contains(c)).ToHashSet();
        return outer.Count == 0 ? match
            : outer.IsSubsetOf(join.Left.ColumnSet()) ? join with { Left = Sink(match with { Outer = join.Left }) }
            : outer.IsSubsetOf(join.Right.ColumnSet()) ? join with { Right = Sink(match with { Outer = join.Right }) }
            : match;
    }

    private static bool IsHaving(Operator source) => source switch
    {
        Project project => IsHaving(project.Input),
        Filter { Input: Aggregate or Project { Input: Aggregate } } => true,
        _ => false,
    };

    private static Operator PushIntoDependent(Dependent dependent, IReadOnlyList<SqlExpression> above)
    {
        var outer = dependent.Outer.ColumnSet();
        var down = above.Where(c => c.References().Any() && c.IsOver(outer)).ToList();
        return Place(dependent.WithInputs([Push(dependent.Outer, down), Push(dependent.Inner, [])]), above.Except(down).ToList());
    }

    private static Operator Place(Operator source, IReadOnlyList<SqlExpression> conjuncts)
    {
        var still = conjuncts.Where(static c => !ClockExpressions.ReadsClock(c)).ToList();
        var moving = conjuncts.Where(ClockExpressions.ReadsClock).ToList();
        var filtered = still.Count == 0 ? source : new Filter(source, And(still));
        return moving.Count == 0 ? filtered : new Filter(filtered, And(moving));
    }
}
