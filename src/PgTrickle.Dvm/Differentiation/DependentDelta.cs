using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>
/// With S(x) the rows that the inner side yields for x,
/// D = sum over D(X) of w * S_old(x) + sum over affected x in N(X) of S_new(x) - S_old(x).
/// S is a function of the core's rows that are related to x, and the old ones are N minus D by image; so S must depend on nothing but the multiset of them. Where the inner side
/// is not of that shape, S_old is evaluated over rebuilt old tables, for every x.
/// </summary>
internal sealed class DependentDelta(DeltaContext context, Differentiator differentiator)
{
    private static readonly SqlIdentifier Rows = new("r");

    public IReadOnlyList<Fragment> Of(Dependent dependent, IReadOnlySet<ColumnReference> required)
    {
        var shape = Shape(dependent);
        HashSet<ColumnReference> below = [.. required, .. dependent.Predicate.References(), .. dependent.Inner.FreeReferences()];
        var outer = differentiator.Delta(dependent.Outer, below);
        if (!MayChange(dependent))
        {
            return differentiator.Single(dependent.Outer, outer, below) is { } only
                ? [context.Present.DependOn(only, dependent, context.Present.Read(dependent.Inner))]
                : [];
        }

        var x = outer.Count == 0 ? null : context.Consolidate(dependent.Outer, outer, below);
        if (shape is null)
        {
            return OverOldTables(dependent, x, below);
        }

        var references = shape.Columns.Select(static c => c.Reference).ToHashSet();
        var inner = differentiator.Delta(shape.Core, references);
        if (inner.Count == 0)
        {
            return x is null ? [] : [context.Present.DependOn(x, dependent, context.Present.Read(dependent.Inner))];
        }

        var r = context.Consolidate(shape.Core, inner, references);
        var predicate = MatchPredicate.Of(shape.Conditions, dependent.Outer.ColumnSet(), shape.Core.ColumnSet());
        var affected = AffectedRows.Of(context, dependent.Outer, x, r, predicate, below, KeysOf(dependent.Outer, shape, predicate));
        return shape.Grouping is { } grouping ? ByGroup(dependent, shape, grouping, affected, r) : ByRow(dependent, shape, affected, r);
    }

    /// <summary>The columns of the outer side that tell all about an aggregate of related rows, which rows that have them in common share; none if it takes more.</summary>
    private static IReadOnlyList<ColumnReference> KeysOf(Operator outer, DependentShape shape, MatchPredicate predicate)
    {
        var columns = outer.Columns.ToDictionary(static c => c.Reference);
        var keys = predicate.Pairs.Select(static p => p.Outer as ColumnReference).Distinct().ToList();
        return shape.Grouping is { } grouping && predicate is { OuterOnly.IsEmpty: true, Rest.IsEmpty: true }
            && keys.TrueForAll(k => k is not null && columns[k].Type is { IsImageEqual: true, IsOrdered: true })
            && !grouping.OwnExpressions().SelectMany(static e => e.References()).Any(columns.ContainsKey)
            ? keys.OfType<ColumnReference>().ToList()
            : [];
    }

    /// <summary>What the clock changes outside the core is no change of the core.</summary>
    private DependentShape? Shape(Dependent dependent)
    {
        var shape = DependentShape.Of(dependent.Inner);
        var inside = shape?.Core.DescendantsAndSelf().SelectMany(static o => o.OwnExpressions()).ToHashSet();
        return shape is null || (context.ClockMoved && Expressions(dependent).Any(e => ClockExpressions.ReadsClock(e) && !inside!.Contains(e))) ? null : shape;
    }

    private static IEnumerable<SqlExpression> Expressions(Dependent dependent)
        => dependent.Inner.DescendantsAndSelf().SelectMany(static o => o.OwnExpressions()).Append(dependent.Predicate);

    private bool MayChange(Dependent dependent) => dependent.Inner.DescendantsAndSelf().OfType<Scan>().Any(context.IsChanged)
        || (context.ClockMoved && Expressions(dependent).Any(ClockExpressions.ReadsClock));

    private IReadOnlyList<Fragment> OverOldTables(Dependent dependent, Fragment? x, HashSet<ColumnReference> below)
    {
        var old = NaiveDelta.Old(context);
        var everything = new MatchPredicate([], [], []);
        var affected = AffectedRows.Of(context, dependent.Outer, x, null, everything, below);
        return
        [
            Weighted(affected, AffectedRows.Before, rows => old.DependOn(rows, dependent, old.Read(dependent.Inner))),
            Weighted(affected, AffectedRows.After, rows => context.Present.DependOn(rows, dependent, context.Present.Read(dependent.Inner))),
        ];
    }

    private static Fragment Weighted(AffectedRows affected, SqlIdentifier weight, Func<Fragment, Fragment> depend)
    {
        var (rows, alias) = affected.Reference();
        var depending = depend(rows) with { Weight = Column(alias, weight) };
        return weight == AffectedRows.After ? depending.Restricted(NotEq(Column(alias, weight), Integer(0))) : depending;
    }

    /// <summary>The inner side is evaluated for each affected row by itself, over its related rows.</summary>
    private IReadOnlyList<Fragment> ByRow(Dependent dependent, DependentShape shape, AffectedRows affected, Fragment r)
    {
        var present = context.Present.Read(shape.Core);
        var conditions = And(shape.Conditions);
        SelectBody Member(Fragment rows, bool isChange)
        {
            var related = rows.Filtered(conditions);
            return DeltaContext.SelectWeighted(isChange ? related.Negated() : related, shape.Columns.Select(static c => c.Reference));
        }

        var union = Derived(UnionAll(Member(present, false), Member(r, true)).AsQuery(), Rows);
        var former = Copies(Consolidation.Select(union, Rows, Images(shape)).AsQuery(), shape);
        var old = context.Present.Given(o => ReferenceEquals(o, shape.At) ? former : null);
        return
        [
            Weighted(affected, AffectedRows.Before, rows => context.Present.DependOn(rows, dependent, old.Read(dependent.Inner))),
            Weighted(affected, AffectedRows.After, rows => context.Present.DependOn(rows, dependent, context.Present.Read(dependent.Inner))),
        ];
    }

    private static List<ImageColumn> Images(DependentShape shape)
        => shape.Columns.Select(static (c, i) => new ImageColumn(NameSource.ColumnName(i), c.Type)).ToList();

    /// <summary>Rows of a consolidated Z-set, each as often as its weight says.</summary>
    private Fragment Copies(Query consolidated, DependentShape shape)
    {
        var alias = context.Names.Next("r");
        var copies = Function(Call("generate_series", Consolidation.AsBigInteger(Integer(1)), Column(alias, Consolidation.Weight)), "copy") with { Lateral = true };
        return Fragment.Of(CrossJoin(Derived(consolidated, alias), copies)) with
        {
            Columns = DeltaContext.Renaming(shape.Columns.Select(static c => c.Reference).ToList(), alias),
        };
    }

    /// <summary>The inner side aggregates the related rows: the aggregates of all affected rows are computed together, grouped by the number of the row, or of what it has in common with others.</summary>
    private IReadOnlyList<Fragment> ByGroup(Dependent dependent, DependentShape shape, Aggregate grouping, AffectedRows affected, Fragment r)
    {
        var references = shape.Columns.Select(static c => c.Reference).ToList();
        var conditions = And(shape.Conditions);
        SelectBody Related(Fragment rows)
        {
            var (x, alias) = affected.Keys.Reference();
            return rows.Weight is null
                ? Numbered(x.Joined(rows, conditions), alias, references, Integer(1))
                : Numbered(x.Joined(rows, conditions), alias, references, Negate(rows.Weight));
        }

        var now = context.Names.Next("related_");
        context.Add(now, Related(context.Present.Read(shape.Core)).AsQuery());
        var before = context.Names.Next("related_");
        var present = Select([Column(AffectedRows.Number).As(AffectedRows.Number), .. Names(references).Append(Consolidation.Weight).Select(static n => Column(n).As(n))]) with { From = [Table(now)] };
        var union = Derived(UnionAll(present, Related(r)).AsQuery(), Rows);
        var old = Consolidation.Select(union, Rows, [new ImageColumn(AffectedRows.Number, WellKnownTypes.BigInteger), .. Images(shape)]);
        var copies = Function(Call("generate_series", Consolidation.AsBigInteger(Integer(1)), Column(Rows, Consolidation.Weight)), "copy") with { Lateral = true };
        context.Add(before, (Select(Names(references).Prepend(AffectedRows.Number).Select(static n => Column(Rows, n).As(n))) with
        {
            From = [CrossJoin(Derived(old.AsQuery(), Rows), copies)],
        }).AsQuery());
        return
        [
            Grouped(dependent, grouping, affected, references, before, AffectedRows.Before),
            Grouped(dependent, grouping, affected, references, now, AffectedRows.After),
        ];
    }

    private static IEnumerable<SqlIdentifier> Names(IReadOnlyList<ColumnReference> columns) => columns.Select(static (_, i) => NameSource.ColumnName(i));

    private static SelectBody Numbered(Fragment rows, SqlIdentifier alias, IReadOnlyList<ColumnReference> columns, SqlExpression weight) => rows.Select(
    [
        Column(alias, AffectedRows.Number).As(AffectedRows.Number),
        .. columns.Select((c, i) => rows.Resolve((SqlExpression)c).As(NameSource.ColumnName(i))),
        Consolidation.AsBigInteger(weight).As(Consolidation.Weight),
    ]);

    /// <summary>Affected rows joined with what the inner side makes of the related rows in a table.</summary>
    private Fragment Grouped(
        Dependent dependent, Aggregate grouping, AffectedRows affected, IReadOnlyList<ColumnReference> references, SqlIdentifier related, SqlIdentifier weight)
    {
        var groups = Aggregated(grouping, affected, references, related, weight);
        var alias = context.Names.Next("s");
        SelectBody Body(Fragment computed, SqlExpression number)
        {
            var inner = context.Present.Given(o => ReferenceEquals(o, grouping) ? computed : null).Read(dependent.Inner);
            return inner.Select([number.As(AffectedRows.Number), .. dependent.Inner.Columns.Select((c, i) => inner.Resolve((SqlExpression)c.Reference).As(NameSource.ColumnName(i)))]);
        }

        var isShared = !RefersAbove(dependent, grouping);
        var (x, self) = affected.Reference();
        var number = Column(grouping.Alias, AffectedRows.Number);
        var body = isShared
            ? Body(Fragment.Of(Derived(groups, grouping.Alias)), number)
            : Body(x with { From = Join(x.From!, Derived(groups, grouping.Alias), Eq(number, Column(self, affected.KeyNumber))) }, Column(self, AffectedRows.Number)).Substitute(x.Columns);
        return Weighted(affected, weight, rows =>
        {
            var all = rows.Columns.SetItems(StateReader.Renaming(dependent.Inner, alias));
            var row = ((TableReference)rows.From!).Alias!.Name;
            var on = And([Eq(Column(alias, AffectedRows.Number), Column(row, isShared ? affected.KeyNumber : AffectedRows.Number)), .. dependent.Predicate.Substitute(all).Conjuncts()]);
            var kind = dependent.Type == JoinType.Left ? JoinKind.Left : JoinKind.Inner;
            return rows with { From = Join(rows.From, Derived(body.AsQuery(), alias), on, kind), Columns = all };
        });
    }

    /// <summary>Whether what is made of the groups needs the outer row.</summary>
    private static bool RefersAbove(Dependent dependent, Aggregate grouping)
    {
        var outer = dependent.Outer.ColumnSet();
        for (var above = dependent.Inner; !ReferenceEquals(above, grouping); above = above.Inputs[0])
        {
            if (above.OwnExpressions().SelectMany(static e => e.References()).Any(outer.Contains))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The groups of each affected row. Without keys there is one, also of rows to which nothing is related: what it yields then is found by evaluating it over nothing.</summary>
    private Query Aggregated(Aggregate grouping, AffectedRows affected, IReadOnlyList<ColumnReference> references, SqlIdentifier related, SqlIdentifier weight)
    {
        // Those of keys have all that the aggregates are over.
        (SqlExpression Number, Fragment Rows) Related()
        {
            var alias = context.Names.Next("r");
            var columns = DeltaContext.Renaming(references, alias);
            if (!ReferenceEquals(affected.Keys, affected))
            {
                return (Column(alias, AffectedRows.Number), Fragment.Of(Table(related, alias)) with { Columns = columns });
            }

            var (x, self) = affected.Reference();
            var joined = Join(x.From!, Table(related, alias), Eq(Column(alias, AffectedRows.Number), Column(self, AffectedRows.Number)));
            var rows = new Fragment(joined, [], null, x.Columns.SetItems(columns));
            return (Column(self, AffectedRows.Number), weight == AffectedRows.After ? rows.Restricted(NotEq(Column(self, weight), Integer(0))) : rows);
        }

        SelectBody Over(bool nothing)
        {
            var (number, rows) = Related();
            rows = nothing ? rows.Restricted(False) : rows;
            var keys = grouping.Keys.Select(k => rows.Resolve(k.Expression)).ToList();
            return rows.Select(
            [
                .. nothing ? [] : new[] { number.As(AffectedRows.Number) },
                .. keys.Zip(grouping.Keys, static (k, c) => k.As(c.Name)),
                .. grouping.Aggregates.Select(a => rows.Resolve((SqlExpression)a.Call).As(a.Name)),
            ]) with
            {
                GroupBy = nothing ? null : Evaluation.Grouping([number, .. keys]),
            };
        }

        if (!grouping.Keys.IsEmpty)
        {
            return Over(nothing: false).AsQuery();
        }

        var (all, number) = affected.Keys.Reference();
        var none = context.Names.Next("s");
        var some = Select() with { From = [Table(related, Rows)], Where = Eq(Column(Rows, AffectedRows.Number), Column(number, AffectedRows.Number)) };
        var empty = Select(
            [Column(number, AffectedRows.Number).As(AffectedRows.Number), .. grouping.Aggregates.Select(a => Column(none, a.Name).As(a.Name))]) with
        {
            From = [CrossJoin(all.From!, Derived(Over(nothing: true).AsQuery(), none))],
            Where = Not(Exists(some.AsQuery())),
        };
        return UnionAll(Over(nothing: false), empty).AsQuery();
    }
}
