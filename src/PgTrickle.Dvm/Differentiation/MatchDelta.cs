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
    private static readonly SqlIdentifier Has = new("has");
    private static readonly SqlIdentifier Had = new("had");

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
        return Of(match, x, context.Consolidate(match.Inner, inner, below), below);
    }

    /// <summary>The same of given changes.</summary>
    /// <param name="match">The operator.</param>
    /// <param name="x">D(X), or null.</param>
    /// <param name="r">D(R).</param>
    /// <param name="below">The columns that are needed of both sides.</param>
    public IReadOnlyList<Fragment> Of(Match match, Fragment? x, Fragment r, IReadOnlySet<ColumnReference> below)
    {
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

    /// <summary>The keys in D(R), whether they have partners, and whether they had.</summary>
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

    /// <summary>
    /// A key that lost partners had some: it only has to be asked whether it has one still. A key that won some has them: only its partners are counted, since those that it won may be all.
    /// All of them by one join, which PostgreSQL plans by what indexes there are.
    /// </summary>
    private SelectBody CountedByKey(Match match, SqlIdentifier changes, MatchPredicate predicate)
    {
        var present = context.Present.Filled(match.Inner, context.Present.Read(match.Inner));
        var alias = context.Names.Next("m");
        SqlExpression IsKeyOf(SqlIdentifier row) => And(predicate.Pairs.Select((p, i) => p.With(Column(row, NameSource.ColumnName(i)), present.Resolve(p.Inner))));
        var counting = present with { From = Join(Table(changes, alias), present.From!, IsKeyOf(alias)) };
        var found = counting.Restricted(Greater(Column(alias, Change), Integer(0))).Select(Column(alias, "g").As("g"), CountStar().As(Count)) with
        {
            GroupBy = GroupBy(Column(alias, "g")),
        };
        var (all, counts) = (context.Names.Next("m"), context.Names.Next("m"));
        var columns = predicate.Pairs.Select((_, i) => Column(all, NameSource.ColumnName(i)).As(NameSource.ColumnName(i)));
        var change = Column(all, Change);
        var has = Or(Greater(change, Integer(0)), Exists(present.Restricted(IsKeyOf(all)).Select().AsQuery()));
        var had = Or(Less(change, Integer(0)), Coalesce(Greater(Column(counts, Count), change), False));
        return Select([.. columns, has.As(Has), had.As(Had)]) with
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
        var counted = Derived((Select(CountStar().As(Count)) with { From = [Derived(first, context.Names.Next("m"))] }).AsQuery(), context.Names.Next("m")) with { Lateral = true };
        var count = Column(counted.Alias!.Name, Count);
        return Select(Greater(count, Integer(0)).As(Has), Greater(Subtract(count, change), Integer(0)).As(Had)) with
        {
            From = [CrossJoin(Table(changes, alias), counted)],
        };
    }

    private Fragment WithOldPartners(Match match, Fragment x, MatchPredicate predicate, SqlIdentifier counted)
    {
        var alias = context.Names.Next("m");
        var all = And([.. predicate.Pairs.Select(static p => (SqlExpression)p.Conjunct), .. predicate.OuterOnly]);
        var unchanged = x.HasPartner(context.Present.Read(match.Inner), all);
        var rows = x with { From = Join(x.From!, Table(counted, alias), predicate.Meets(x, alias), JoinKind.Left) };
        return Decided(match, rows, Coalesce(Column(alias, Had), unchanged));
    }

    private IEnumerable<Fragment> Flips(Match match, MatchPredicate predicate, SqlIdentifier counted)
    {
        var rows = context.Present.Filled(match.Outer, context.Present.Read(match.Outer));
        var alias = context.Names.Next("m");
        var (has, had) = (Column(alias, Has), Column(alias, Had));
        var flipped = rows with { From = Join(Table(counted, alias), rows.From!, predicate.Meets(rows, alias)) };
        flipped = flipped.Restricted(NotEq(has, had));
        var (came, went) = (Consolidation.AsBigInteger(Integer(1)), Consolidation.AsBigInteger(Integer(-1)));
        if (match.Kind != MatchKind.Mark)
        {
            return [flipped with { Weight = Case(match.Kind == MatchKind.Semi ? has : had, came, went) }];
        }

        return
        [
            flipped with { Weight = came, Columns = flipped.Columns.SetItem(match.Mark, has) },
            flipped with { Weight = went, Columns = flipped.Columns.SetItem(match.Mark, had) },
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
