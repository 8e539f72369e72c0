using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>
/// An outer join is the inner join plus, padded with NULLs, the rows without partner. Whether x has none depends on m(x), the number of its partners, with
/// m_old = m_new - (weights of D(partners) that match x):
/// D(anti) = sum over D(X) of w * [m_old = 0] + sum over x in N(X) that match D(Y) of [m_new = 0] - [m_old = 0].
/// </summary>
internal sealed class OuterJoinDelta(DeltaContext context, Differentiator differentiator)
{
    private static readonly SqlIdentifier Count = new("n");
    private static readonly SqlIdentifier Change = new("d");

    public IReadOnlyList<Fragment> Of(Join join, IReadOnlySet<ColumnReference> required)
    {
        var below = Differentiator.Below(join.Predicate, required);
        var left = differentiator.Delta(join.Left, below);
        var right = differentiator.Delta(join.Right, below);
        if (join.Type == JoinType.Left && right.Count == 0)
        {
            // The partners are what they were: left joining the changes is all.
            return differentiator.Single(join.Left, left, below) is { } single
                ? [single.LeftJoined(context.Present.Paddable(join.Right, context.Present.Read(join.Right)), join.Predicate)]
                : [];
        }

        var l = left.Count == 0 ? null : context.Materialise(join.Left, left, below);
        var r = right.Count == 0 ? null : context.Materialise(join.Right, right, below);
        if (l is null && r is null)
        {
            return [];
        }

        var terms = new List<Fragment>(differentiator.InnerTerms(join, l, r, required));
        terms.AddRange(WithoutPartner(new Side(join.Left, l), new Side(join.Right, r), join.Predicate));
        if (join.Type == JoinType.Full)
        {
            terms.AddRange(WithoutPartner(new Side(join.Right, r), new Side(join.Left, l), join.Predicate));
        }

        return terms;
    }

    private IEnumerable<Fragment> WithoutPartner(Side outer, Side inner, SqlExpression predicate)
    {
        var terms = inner.Delta is null ? OfUnchangedPartners(outer, inner, predicate)
            : EquiPredicate.Of(predicate, outer.Source.ColumnSet(), inner.Source.ColumnSet()) is { } equi ? ByKey(outer, inner, equi)
            : ByRow(outer, inner, predicate);
        return terms.Select(t => Padded(t, inner));
    }

    /// <summary>NULLs of the right types come from a join that never matches.</summary>
    private Fragment Padded(Fragment rows, Side inner)
        => rows.LeftJoined(context.Present.Paddable(inner.Source, context.Present.Read(inner.Source)), False);

    private IEnumerable<Fragment> OfUnchangedPartners(Side outer, Side inner, SqlExpression predicate)
    {
        if (outer.Delta is { } changed)
        {
            yield return changed.Restricted(Not(Exists(Matching(context.Present.Read(inner.Source), changed, predicate).AsQuery())));
        }
    }

    /// <summary>Partners are found by equality: their changes are summed up by key, and only keys whose number of partners leaves or reaches 0 touch N(X).</summary>
    private IEnumerable<Fragment> ByKey(Side outer, Side inner, EquiPredicate equi)
    {
        var changes = context.Names.Next("partner_");
        var sum = Sum(inner.Delta!.Weight!);
        var keys = equi.Pairs.Select(p => inner.Delta.Resolve(p.Inner)).ToList();
        var summed = inner.Delta.Select(keys.Select((k, i) => k.As(NameSource.ColumnName(i))).Append(Consolidation.AsBigInteger(sum).As(Consolidation.Weight))) with
        {
            GroupBy = Evaluation.Grouping(keys),
            Having = NotEq(sum, Integer(0)),
        };
        context.Add(changes, summed.AsQuery());
        if (outer.Delta is { } changed)
        {
            yield return OldKeyless(changed, inner, equi, changes);
        }

        yield return Flips(outer, inner, equi, changes);
    }

    private Fragment OldKeyless(Fragment changed, Side inner, EquiPredicate equi, SqlIdentifier changes)
    {
        var alias = context.Names.Next("m");
        var present = context.Present.Read(inner.Source);
        var partners = present.Restricted(And(equi.Pairs.Select(p => p.With(changed.Resolve(p.Outer), present.Resolve(p.Inner)))));
        var count = Scalar(partners.Select(CountStar().As(Count)).AsQuery());
        var old = Subtract(count, Coalesce(Column(alias, Consolidation.Weight), Integer(0)));
        var on = And(equi.Pairs.Select((p, i) => p.With(changed.Resolve(p.Outer), Column(alias, NameSource.ColumnName(i)))));
        var none = Eq(old, Integer(0));
        var condition = equi.OuterOnly.IsEmpty ? none : Or(IsNotTrue(changed.Resolve(And(equi.OuterOnly))), none);
        return (changed with { From = Join(changed.From!, Table(changes, alias), on, JoinKind.Left) }).Restricted(condition);
    }

    private Fragment Flips(Side outer, Side inner, EquiPredicate equi, SqlIdentifier changes)
    {
        var flips = context.Names.Next("flip_");
        var alias = context.Names.Next("m");
        var present = context.Present.Read(inner.Source);
        var partners = present.Restricted(And(equi.Pairs.Select((p, i) => p.With(Column(alias, NameSource.ColumnName(i)), present.Resolve(p.Inner)))));
        var counted = context.Names.Next("n");
        var count = Column(counted, Count);
        var body = Select(equi.Pairs.Select((_, i) => Column(alias, NameSource.ColumnName(i)).As(NameSource.ColumnName(i))).Append(Flip(count).As(Consolidation.Weight))) with
        {
            From = [CrossJoin(Table(changes, alias), Lateral(partners.Select(CountStar().As(Count)), counted))],
            Where = NotEq(Eq(count, Integer(0)), Eq(Subtract(count, Column(alias, Consolidation.Weight)), Integer(0))),
        };
        context.Add(flips, body.AsQuery());
        var flip = context.Names.Next("m");
        var rows = context.Present.Filled(outer.Source, context.Present.Read(outer.Source));
        var on = And([.. equi.Pairs.Select((p, i) => p.With(rows.Resolve(p.Outer), Column(flip, NameSource.ColumnName(i)))), .. equi.OuterOnly.Select(rows.Resolve)]);
        return rows with { From = Join(Table(flips, flip), rows.From!, on), Weight = Column(flip, Consolidation.Weight) };
    }

    /// <summary>Any other predicate: partners are counted row by row.</summary>
    private IEnumerable<Fragment> ByRow(Side outer, Side inner, SqlExpression predicate)
    {
        if (outer.Delta is { } changed)
        {
            var (rows, _, old) = Counted(changed, inner, predicate);
            yield return rows.Restricted(Eq(old, Integer(0)));
        }

        var present = context.Present.Filled(outer.Source, context.Present.Read(outer.Source));
        var touched = present.Restricted(Exists(Matching(inner.Delta!, present, predicate).AsQuery()));
        var (counted, now, before) = Counted(touched, inner, predicate);
        yield return counted.Restricted(NotEq(Eq(now, Integer(0)), Eq(before, Integer(0)))) with { Weight = Flip(now) };
    }

    private (Fragment Rows, SqlExpression Now, SqlExpression Before) Counted(Fragment rows, Side inner, SqlExpression predicate)
    {
        var alias = context.Names.Next("m");
        var now = Matching(context.Present.Read(inner.Source), rows, predicate) with { Targets = [CountStar().As(Count)] };
        var change = Matching(inner.Delta!, rows, predicate) with { Targets = [Coalesce(Sum(inner.Delta!.Weight!), Integer(0)).As(Change)] };
        var both = Select(Scalar(now.AsQuery()).As(Count), Scalar(change.AsQuery()).As(Change));
        var counted = rows with { From = CrossJoin(rows.From!, Lateral(both, alias)) };
        return (counted, Column(alias, Count), Subtract(Column(alias, Count), Column(alias, Change)));
    }

    /// <summary>A SELECT without targets of the partners of a row that stands outside.</summary>
    private static SelectBody Matching(Fragment partners, Fragment row, SqlExpression predicate)
        => partners.Restricted(predicate.Substitute(row.Columns.SetItems(partners.Columns))).Select();

    private static SqlExpression Flip(SqlExpression count)
        => Case(Eq(count, Integer(0)), Consolidation.AsBigInteger(Integer(1)), Consolidation.AsBigInteger(Integer(-1)));

    private static DerivedTable Lateral(SelectBody body, SqlIdentifier alias) => Derived(body.AsQuery(), alias) with { Lateral = true };

    /// <summary>An input of the join and its delta, if it changed.</summary>
    private sealed record Side(Operator Source, Fragment? Delta);
}
