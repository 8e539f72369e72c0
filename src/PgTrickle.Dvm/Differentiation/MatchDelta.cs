using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>
/// Semi joins, anti joins and marks. With m(x) the number of partners of x and g what the kind makes of it,
/// D = sum over D(X) of w * g(m_old(x)) + sum over x in N(X) that match D(R) of g(m_new(x)) - g(m_old(x)), where m_old = m_new - (weights of D(R) that match x).
/// </summary>
internal sealed class MatchDelta(DeltaContext context, Differentiator differentiator)
{
    private static readonly SqlIdentifier Count = new("n");
    private static readonly SqlIdentifier Change = new("w");
    private static readonly SqlIdentifier Former = new("o");

    public IReadOnlyList<Fragment> Of(Match match, IReadOnlySet<ColumnReference> required)
    {
        var below = Differentiator.Below(match.Predicate, required);
        var outer = differentiator.Delta(match.Outer, below);
        var inner = differentiator.Delta(match.Inner, below);
        if (inner.Count == 0)
        {
            return differentiator.Single(match.Outer, outer, below) is { } only
                ? [Decided(match, only, only.HasPartner(context.Present.Read(match.Inner), match.Predicate))]
                : [];
        }

        var x = outer.Count == 0 ? null : context.Consolidate(match.Outer, outer, below);
        var r = context.Consolidate(match.Inner, inner, below);
        var predicate = MatchPredicate.Of(match.Predicate.Conjuncts(), match.Outer.ColumnSet(), match.Inner.ColumnSet());
        return predicate.Rest.IsEmpty ? ByKey(match, x, r, predicate) : ByRow(match, x, r, predicate, below);
    }

    /// <summary>Rows of which it is known whether they have a partner.</summary>
    private static Fragment Decided(Match match, Fragment rows, SqlExpression hasPartner) => match.Kind switch
    {
        MatchKind.Semi => rows.Restricted(hasPartner),
        MatchKind.Anti => rows.Restricted(Not(hasPartner)),
        _ => rows with { Columns = rows.Columns.SetItem(match.Mark, hasPartner) },
    };

    /// <summary>Partners go by a key: their changes are summed up by it, and only keys whose number of partners leaves or reaches 0 touch N(X).</summary>
    private List<Fragment> ByKey(Match match, Fragment? x, Fragment r, MatchPredicate predicate)
    {
        var counted = Counted(match, r, predicate);
        var terms = new List<Fragment>();
        if (x is not null)
        {
            terms.Add(WithOldPartners(match, x, predicate, counted));
        }

        terms.AddRange(Flips(match, predicate, counted));
        return terms;
    }

    /// <summary>The keys in D(R), how many partners of that key there are, and how many more than before.</summary>
    private SqlIdentifier Counted(Match match, Fragment r, MatchPredicate predicate)
    {
        var changes = context.Names.Next("partner_");
        var number = Call("row_number") with { Over = new WindowSpecification() };
        var keys = predicate.Pairs.Select(p => r.Resolve(p.Inner)).ToList();
        var sum = Sum(r.Weight!);
        context.Add(changes, (r.Select(
            [number.As("g"), .. keys.Select((k, i) => k.As(NameSource.ColumnName(i))), Consolidation.AsBigInteger(sum).As(Change)]) with
        {
            GroupBy = Evaluation.Grouping(keys),
            Having = NotEq(sum, Integer(0)),
        }).AsQuery());
        var counted = context.Names.Next("counted_");
        context.Add(counted, (keys.Count == 0 ? CountedAlone(match, changes) : CountedByKey(match, changes, predicate)).AsQuery());
        return counted;
    }

    private SelectBody CountedByKey(Match match, SqlIdentifier changes, MatchPredicate predicate)
    {
        var present = context.Present.Filled(match.Inner, context.Present.Read(match.Inner));
        var alias = context.Names.Next("m");
        var on = And(predicate.Pairs.Select((p, i) => p.With(Column(alias, NameSource.ColumnName(i)), present.Resolve(p.Inner))));
        var found = (present with { From = Join(Table(changes, alias), present.From!, on) }).Select(Column(alias, "g").As("g"), CountStar().As(Count)) with
        {
            GroupBy = GroupBy(Column(alias, "g")),
        };
        var (all, counts) = (context.Names.Next("m"), context.Names.Next("m"));
        var columns = predicate.Pairs.Select((_, i) => Column(all, NameSource.ColumnName(i)).As(NameSource.ColumnName(i)));
        return Select([.. columns, Column(all, Change).As(Change), Coalesce(Column(counts, Count), Integer(0)).As(Count)]) with
        {
            From = [Join(Table(changes, all), Derived(found.AsQuery(), counts), Eq(Column(counts, "g"), Column(all, "g")), JoinKind.Left)],
        };
    }

    /// <summary>All partners are everybody's: no more of them need counting than came, and one.</summary>
    private SelectBody CountedAlone(Match match, SqlIdentifier changes)
    {
        var alias = context.Names.Next("m");
        var change = Column(alias, Change);
        var first = context.Present.Read(match.Inner).Select().AsQuery() with
        {
            Limit = Add(new ConditionalFunction(ConditionalKind.Greatest, [change, Integer(0)]), Integer(1)),
        };
        var count = Scalar((Select(CountStar().As(Count)) with { From = [Derived(first, context.Names.Next("m"))] }).AsQuery());
        return Select(change.As(Change), count.As(Count)) with { From = [Table(changes, alias)] };
    }

    private Fragment WithOldPartners(Match match, Fragment x, MatchPredicate predicate, SqlIdentifier counted)
    {
        var alias = context.Names.Next("m");
        var all = And([.. predicate.Pairs.Select(static p => (SqlExpression)p.Conjunct), .. predicate.OuterOnly]);
        var unchanged = x.HasPartner(context.Present.Read(match.Inner), all);
        var had = Case(IsNull(Column(alias, Count)), unchanged, Greater(Subtract(Column(alias, Count), Column(alias, Change)), Integer(0)));
        var rows = x with { From = Join(x.From!, Table(counted, alias), predicate.Meets(x, alias), JoinKind.Left) };
        return Decided(match, rows, had);
    }

    private IEnumerable<Fragment> Flips(Match match, MatchPredicate predicate, SqlIdentifier counted)
    {
        var rows = context.Present.Filled(match.Outer, context.Present.Read(match.Outer));
        var alias = context.Names.Next("m");
        var (count, change) = (Column(alias, Count), Column(alias, Change));
        var flipped = rows with { From = Join(Table(counted, alias), rows.From!, predicate.Meets(rows, alias)) };
        flipped = flipped.Restricted(NotEq(Eq(count, Integer(0)), Eq(Subtract(count, change), Integer(0))));
        var (came, went) = (Consolidation.AsBigInteger(Integer(1)), Consolidation.AsBigInteger(Integer(-1)));
        if (match.Kind != MatchKind.Mark)
        {
            var enters = match.Kind == MatchKind.Semi ? Greater(count, Integer(0)) : Eq(count, Integer(0));
            return [flipped with { Weight = Case(enters, came, went) }];
        }

        return
        [
            flipped with { Weight = came, Columns = flipped.Columns.SetItem(match.Mark, Greater(count, Integer(0))) },
            flipped with { Weight = went, Columns = flipped.Columns.SetItem(match.Mark, Eq(count, Integer(0))) },
        ];
    }

    /// <summary>Any other predicate: the partners of each affected row are counted.</summary>
    private IReadOnlyList<Fragment> ByRow(Match match, Fragment? x, Fragment r, MatchPredicate predicate, IReadOnlySet<ColumnReference> below)
    {
        var affected = AffectedRows.Of(context, match.Outer, x, r, predicate, below);
        var number = AffectedRows.Number;
        SelectBody Partners(Fragment partners, SqlExpression value)
        {
            var (rows, alias) = affected.Reference();
            return rows.Joined(partners, match.Predicate).Select(Column(alias, number).As(number), value.As(Count)) with { GroupBy = GroupBy(Column(alias, number)) };
        }

        var present = context.Present.Read(match.Inner);
        var (now, change, all) = (context.Names.Next("m"), context.Names.Next("m"), context.Names.Next("m"));
        var from = Join(Table(affected.Table, all), Derived(Partners(present, CountStar()).AsQuery(), now), Eq(Column(now, number), Column(all, number)), JoinKind.Left);
        var changed = Derived(Partners(r, Sum(r.Weight!)).AsQuery(), change);
        var counted = context.Names.Next("counted_");
        context.Add(counted, (Select(
            Column(all, number).As(number),
            Coalesce(Column(now, Count), Integer(0)).As(Count),
            Subtract(Coalesce(Column(now, Count), Integer(0)), Coalesce(Column(change, Count), Integer(0))).As(Former)) with
        {
            From = [Join(from, changed, Eq(Column(change, number), Column(all, number)), JoinKind.Left)],
        }).AsQuery());

        var (row, self) = affected.Reference();
        var counts = context.Names.Next("m");
        row = row with { From = Join(row.From!, Table(counted, counts), Eq(Column(counts, number), Column(self, number))) };
        var (has, had) = (Greater(Column(counts, Count), Integer(0)), Greater(Column(counts, Former), Integer(0)));
        var (before, after) = (Column(self, AffectedRows.Before), Column(self, AffectedRows.After));
        var matters = Or(Eq(after, Integer(0)), NotEq(has, had));
        return
        [
            Decided(match, row.Restricted(matters) with { Weight = before }, had),
            Decided(match, row.Restricted(And(NotEq(after, Integer(0)), matters)) with { Weight = after }, has),
        ];
    }
}
