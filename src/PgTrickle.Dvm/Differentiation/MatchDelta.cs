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
    /// <summary>Rows of D(R) that came, in a WITH query.</summary>
    /// <param name="Table">It.</param>
    /// <param name="Key">What is there as c1, c2 ...</param>
    private sealed record CameRows(SqlIdentifier Table, IReadOnlyList<BoundColumn> Key);

    /// <summary>Rows of N(X) in a WITH query.</summary>
    /// <param name="Table">It, with the number of the row's key.</param>
    /// <param name="Columns">What is there as c1, c2 ...</param>
    private sealed record FoundRows(SqlIdentifier Table, IReadOnlyList<ColumnReference> Columns);

    private static readonly SqlIdentifier Group = new("g");
    private static readonly SqlIdentifier Count = new("n");
    private static readonly SqlIdentifier Change = new("w");
    private static readonly SqlIdentifier Former = new("o");
    private static readonly SqlIdentifier Lost = new("lost");
    private static readonly SqlIdentifier Has = new("has");
    private static readonly SqlIdentifier Had = new("had");

    public IReadOnlyList<Fragment> Of(Match match, IReadOnlySet<ColumnReference> required)
    {
        var below = Differentiator.Below(match.Predicate, required);
        below.UnionWith(PartnerKey.UsedBy(match));
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
        return predicate.Rest.IsEmpty ? ByKey(match, x, r, predicate, below) : ByRow(match, x, r, predicate, below);
    }

    /// <summary>Rows of which it is known whether they have a partner.</summary>
    private static Fragment Decided(Match match, Fragment rows, SqlExpression hasPartner) => match.Kind switch
    {
        MatchKind.Semi => rows.Restricted(hasPartner),
        MatchKind.Anti => rows.Restricted(Not(hasPartner)),
        _ => rows with { Columns = rows.Columns.SetItem(match.Mark, hasPartner) },
    };

    /// <summary>Partners go by a key: their changes are summed up by it, and only keys whose number of partners leaves or reaches 0 touch N(X).</summary>
    private List<Fragment> ByKey(Match match, Fragment? x, Fragment r, MatchPredicate predicate, IReadOnlySet<ColumnReference> below)
    {
        var key = PartnerKey.Of(match.Outer, match.Inner, match.Predicate) is { } columns && IsKnown(match.Inner, columns) ? columns : null;
        var changes = Summed(r, predicate, key is not null);
        var found = LeavesOutRows(match.Outer, predicate) ? Found(match.Outer, changes, predicate, below) : null;
        var asked = found is null ? changes : Asked(found, changes, x, predicate, key is not null);
        var counted = context.Names.Next("counted_");
        context.Add(counted, (predicate.Pairs.IsEmpty ? CountedAlone(match, asked)
            : key is null ? CountedByKey(match, asked, predicate, numbered: found is not null)
            : FoundByKey(match, asked, predicate, Came(r, key))).AsQuery());
        var terms = new List<Fragment>();
        if (x is not null)
        {
            terms.Add(WithOldPartners(match, x, predicate, counted));
        }

        terms.AddRange(Flips(match, predicate, found, counted));
        return terms;
    }

    /// <summary>The keys in D(R), numbered, with the sum of their weights, and whether any is below 0.</summary>
    private SqlIdentifier Summed(Fragment r, MatchPredicate predicate, bool lost)
    {
        var changes = context.Names.Next("partner_");
        var number = Call("row_number") with { Over = new WindowSpecification() };
        var keys = predicate.Pairs.Select(p => r.Resolve(p.Inner)).ToList();
        var sum = Sum(r.Weight!);
        context.Add(changes, (r.Select(
            [number.As(Group), .. keys.Select((k, i) => k.As(NameSource.ColumnName(i))), Consolidation.AsBigInteger(sum).As(Change), .. LostBy(lost, Call("bool_or", Less(r.Weight!, Integer(0))))]) with
        {
            GroupBy = Evaluation.Grouping(keys),
            Having = NotEq(sum, Integer(0)),
        }).AsQuery());
        return changes;
    }

    /// <summary>Whether changes hold the columns: those of what only the step of a recursion reads may not.</summary>
    private bool IsKnown(Operator source, IReadOnlyList<BoundColumn> columns)
    {
        var known = source.DescendantsAndSelf().OfType<Scan>().SelectMany(s => context.ColumnsOf(s).Select(c => new ColumnReference(s.Alias, c.Name))).ToHashSet();
        return columns.All(c => known.Contains(c.Reference));
    }

    private static IEnumerable<SelectTarget> LostBy(bool isKnown, SqlExpression value) => isKnown ? [value.As(Lost)] : [];

    /// <summary>The partners that came, by what tells them from others.</summary>
    private CameRows Came(Fragment r, IReadOnlyList<BoundColumn> key)
    {
        var table = context.Names.Next("came_");
        context.Add(table, r.Restricted(Greater(r.Weight!, Integer(0))).Select(key.Select((k, i) => r.Resolve((SqlExpression)k.Reference).As(NameSource.ColumnName(i)))).AsQuery());
        return new CameRows(table, key);
    }

    /// <summary>
    /// Whether conditions leave out rows of X, of which there is at most one a key: then it is cheaper to look the rows of the keys in D(R) up first, and to ask only of the keys that have one how many
    /// partners there are.
    /// </summary>
    public static bool LeavesOutRows(Operator outer, MatchPredicate predicate)
    {
        var columns = predicate.Pairs.Select(static p => p.Outer).OfType<ColumnReference>().ToHashSet();
        return !predicate.Pairs.IsEmpty
            && outer.DescendantsAndSelf().Any(static o => o is Filter or Match or Operators.Join { Type: JoinType.Inner })
            && KeyInference.Keys(outer).Any(k => k.Count > 0 && k.IsSubsetOf(columns));
    }

    /// <summary>The rows of N(X) whose keys are in D(R), with the key's number.</summary>
    private FoundRows Found(Operator outer, SqlIdentifier changes, MatchPredicate predicate, IReadOnlySet<ColumnReference> below)
    {
        var alias = context.Names.Next("m");
        var rows = context.Present.Filled(outer, context.Present.Read(outer));
        rows = rows with { From = Join(Table(changes, alias), rows.From!, predicate.Meets(rows, alias)) };
        var columns = outer.Columns.Select(static c => c.Reference).Where(below.Contains).ToList();
        var table = context.Names.Next("found_");
        context.Add(table, rows.Select(
            [Column(alias, Group).As(Group), .. columns.Select((c, i) => rows.Resolve((SqlExpression)c).As(NameSource.ColumnName(i)))]).AsQuery());
        return new FoundRows(table, columns);
    }

    /// <summary>The keys in D(R) that a row of N(X) or D(X) has.</summary>
    private SqlIdentifier Asked(FoundRows found, SqlIdentifier changes, Fragment? x, MatchPredicate predicate, bool lost)
    {
        var (alias, row, all) = (context.Names.Next("m"), context.Names.Next("x"), context.Names.Next("m"));
        var numbers = new List<SelectBody> { Select(Column(row, Group).As(Group)) with { From = [Table(found.Table, row)] } };
        if (x is not null)
        {
            numbers.Add((x with { From = Join(Table(changes, alias), x.From!, predicate.Meets(x, alias)) }).Select(Column(alias, Group).As(Group)));
        }

        var asked = context.Names.Next("asked_");
        IEnumerable<SqlIdentifier> names = [Group, .. predicate.Pairs.Select(static (_, i) => NameSource.ColumnName(i)), Change];
        context.Add(asked, (Select([.. names.Select(n => Column(all, n).As(n)), .. LostBy(lost, Column(all, Lost))]) with
        {
            From = [Table(changes, all)],
            Where = new InSubquery(Column(all, Group), UnionAll(numbers).AsQuery()),
        }).AsQuery());
        return asked;
    }

    /// <summary>
    /// A key that lost partners had some: it only has to be asked whether it has one still. A key that won some has them: only its partners are counted, since those that it won may be all.
    /// All of them by one join, which PostgreSQL plans by what indexes there are.
    /// </summary>
    private SelectBody CountedByKey(Match match, SqlIdentifier changes, MatchPredicate predicate, bool numbered)
    {
        var present = context.Present.Filled(match.Inner, context.Present.Read(match.Inner));
        var alias = context.Names.Next("m");
        var counting = present with { From = Join(Table(changes, alias), present.From!, IsKeyOf(present, predicate, alias)) };
        var found = counting.Restricted(Greater(Column(alias, Change), Integer(0))).Select(Column(alias, Group).As(Group), CountStar().As(Count)) with
        {
            GroupBy = GroupBy(Column(alias, Group)),
        };
        var (all, counts) = (context.Names.Next("m"), context.Names.Next("m"));
        var columns = predicate.Pairs.Select((_, i) => Column(all, NameSource.ColumnName(i)).As(NameSource.ColumnName(i)));
        var change = Column(all, Change);
        var has = Or(Greater(change, Integer(0)), Exists(present.Restricted(IsKeyOf(present, predicate, all)).Select().AsQuery()));
        var had = Or(Less(change, Integer(0)), Coalesce(Greater(Column(counts, Count), change), False));
        return Select([.. numbered ? new[] { Column(all, Group).As(Group) } : [], .. columns, has.As(Has), had.As(Had)]) with
        {
            From = [Join(Table(changes, all), Derived(found.AsQuery(), counts), Eq(Column(counts, Group), Column(all, Group)), JoinKind.Left)],
        };
    }

    /// <summary>
    /// The same where something tells partners from each other: a key that won some and lost none had one if one is there that did not come. That is a semi join, which ends with the first where there is an
    /// index, and reads all partners once where there is none. What came is looked up in a hash, which NOT IN makes once.
    /// </summary>
    private SelectBody FoundByKey(Match match, SqlIdentifier changes, MatchPredicate predicate, CameRows came)
    {
        var present = context.Present.Filled(match.Inner, context.Present.Read(match.Inner));
        var (alias, won, all, news) = (context.Names.Next("m"), context.Names.Next("m"), context.Names.Next("m"), context.Names.Next("m"));
        var keys = predicate.Pairs.Select(static (_, i) => NameSource.ColumnName(i)).Prepend(Group).ToList();
        SelectBody Of(SqlIdentifier row, SqlExpression has, SqlExpression had)
            => Select([.. keys.Select(k => Column(row, k).As(k)), has.As(Has), had.As(Had)]) with { From = [Table(changes, row)] };
        var identity = came.Key.Select(k => present.Resolve((SqlExpression)k.Reference)).ToList();
        var arrived = Select(came.Key.Select((_, i) => Column(news, NameSource.ColumnName(i)).As(NameSource.ColumnName(i)))) with { From = [Table(came.Table, news)] };
        var isNew = new InSubquery(identity is [var single] ? single : Row(identity), arrived.AsQuery());
        var former = present.Restricted(And(IsKeyOf(present, predicate, won), Not(isNew)));
        var asked = Of(alias, Or(Greater(Column(alias, Change), Integer(0)), Exists(present.Restricted(IsKeyOf(present, predicate, alias)).Select().AsQuery())), Column(alias, Lost));
        var found = Of(won, True, True) with { Where = And(Not(Column(won, Lost)), Exists(former.Select().AsQuery())) };
        return Select([.. keys.Select(k => Column(all, k).As(k)), Call("bool_or", Column(all, Has)).As(Has), Call("bool_or", Column(all, Had)).As(Had)]) with
        {
            From = [Derived(UnionAll([asked, found]).AsQuery(), all)],
            GroupBy = Evaluation.Grouping(keys.Select(k => (SqlExpression)Column(all, k)).ToList()),
        };
    }

    private static SqlExpression IsKeyOf(Fragment partners, MatchPredicate predicate, SqlIdentifier row)
        => And(predicate.Pairs.Select((p, i) => p.With(Column(row, NameSource.ColumnName(i)), partners.Resolve(p.Inner))));

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

    private IEnumerable<Fragment> Flips(Match match, MatchPredicate predicate, FoundRows? found, SqlIdentifier counted)
    {
        var alias = context.Names.Next("m");
        var (has, had) = (Column(alias, Has), Column(alias, Had));
        Fragment flipped;
        if (found is null)
        {
            var rows = context.Present.Filled(match.Outer, context.Present.Read(match.Outer));
            flipped = rows with { From = Join(Table(counted, alias), rows.From!, predicate.Meets(rows, alias)) };
        }
        else
        {
            var row = context.Names.Next("x");
            flipped = Fragment.Of(Join(Table(counted, alias), Table(found.Table, row), Eq(Column(row, Group), Column(alias, Group)))) with { Columns = DeltaContext.Renaming(found.Columns, row) };
        }

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
