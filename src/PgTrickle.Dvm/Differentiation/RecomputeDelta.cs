using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>
/// An aggregate that is not at the root, on the fly: for the groups that D of the input touches, the new rows minus the old ones. The old input of those groups is
/// N minus D, by image, repeated by weight. Only for aggregates whose value depends on nothing but the multiset of their input.
/// </summary>
internal sealed class RecomputeDelta(DeltaContext context, Differentiator differentiator)
{
    private static readonly SqlIdentifier Group = new("g");
    private static readonly SqlIdentifier Rows = new("r");

    public IReadOnlyList<Fragment> Of(Aggregate aggregate)
    {
        var input = InputColumns(aggregate);
        var delta = differentiator.Delta(aggregate.Input, input.Select(static c => c.Reference).ToHashSet());
        if (delta.Count == 0)
        {
            return [];
        }

        var images = input.Select((c, i) => new ImageColumn(NameSource.ColumnName(i), c.Type)).ToList();
        var references = input.Select(static c => c.Reference).ToList();
        var changes = context.Names.Next("change_");
        var terms = Derived(UnionAll(delta.Select(f => DeltaContext.SelectWeighted(f, references))).AsQuery(), Rows);
        context.Add(changes, Consolidation.Select(terms, Rows, images).AsQuery());
        var groups = Touched(aggregate, context.Reference(changes, references));
        var present = Restricted(aggregate, context.Present.Read(aggregate.Input), groups);
        var gone = Restricted(aggregate, context.Reference(changes, references), groups);

        var newRows = Derived(UnionAll(present.Select(f => f.Select(Identified(f, references)))).AsQuery(), Rows);
        var union = UnionAll(present.Concat(gone.Select(static f => f.Negated())).Select(f => f.Select([.. Identified(f, references), WeightOf(f)])));
        var old = Consolidation.Select(Derived(union.AsQuery(), Rows), Rows, [new ImageColumn(Group, WellKnownTypes.BigInteger), .. images]);
        var copies = CrossJoin(
            Derived(old.AsQuery(), Rows),
            Function(Call("generate_series", Consolidation.AsBigInteger(Integer(1)), Column(Rows, Consolidation.Weight)), "copy"));
        var result = UnionAll(
            Computed(aggregate, newRows, references, 1),
            Computed(aggregate, copies, references, -1));
        return [Fragment.Of(Derived(result.AsQuery(), aggregate.Alias), Column(aggregate.Alias, Consolidation.Weight))];
    }

    private static List<BoundColumn> InputColumns(Aggregate aggregate)
    {
        var used = aggregate.OwnExpressions().SelectMany(static e => e.References()).ToHashSet();
        return aggregate.Input.Columns.Where(c => used.Contains(c.Reference)).ToList();
    }

    /// <summary>The touched groups, numbered; without keys the only one.</summary>
    private SqlIdentifier Touched(Aggregate aggregate, Fragment changes)
    {
        var name = context.Names.Next("touched_");
        var keys = aggregate.Keys.Select(k => changes.Resolve(k.Expression)).ToList();
        var number = Call("row_number") with { Over = new WindowSpecification() };
        var body = keys.Count == 0
            ? Select(Consolidation.AsBigInteger(Integer(1)).As(Group)) with { Where = Exists(changes.Select().AsQuery()) }
            : changes.Select([number.As(Group), .. keys.Select((k, i) => k.As(NameSource.ColumnName(i)))]) with { GroupBy = StateReader.Grouping(keys) };
        context.Add(name, body.AsQuery());
        return name;
    }

    private static List<Fragment> Restricted(Aggregate aggregate, Fragment rows, SqlIdentifier groups)
    {
        if (aggregate.Keys.IsEmpty)
        {
            return [rows with { From = rows.From is null ? Table(groups, "touched") : CrossJoin(Table(groups, "touched"), rows.From) }];
        }

        var keys = aggregate.Keys.Select((k, i) => new KeyColumn(NameSource.ColumnName(i), rows.Resolve(k.Expression), k.Type, k.NotNull)).ToList();
        return KeyMatch.Restrict(rows, groups, "touched", keys).ToList();
    }

    private static IEnumerable<SelectTarget> Identified(Fragment rows, IReadOnlyList<ColumnReference> columns)
        => columns.Select((c, i) => rows.Resolve((SqlExpression)c).As(NameSource.ColumnName(i))).Prepend(Column("touched", Group).As(Group));

    private static SelectTarget WeightOf(Fragment rows) => (rows.Weight ?? Consolidation.AsBigInteger(Integer(1))).As(Consolidation.Weight);

    /// <summary>Keys and aggregate values of each touched group, with a weight.</summary>
    private static SelectBody Computed(Aggregate aggregate, FromItem rows, IReadOnlyList<ColumnReference> references, int weight)
    {
        var fragment = Fragment.Of(rows) with { Columns = DeltaContext.Renaming(references, Rows) };
        var keys = aggregate.Keys.Select(k => fragment.Resolve(k.Expression)).ToList();
        var values = aggregate.Aggregates.Select(a => fragment.Resolve((SqlExpression)a.Call).As(a.Name));
        var body = fragment.Select([
            .. keys.Zip(aggregate.Keys, static (k, c) => k.As(c.Name)),
            .. values,
            Consolidation.AsBigInteger(Integer(weight)).As(Consolidation.Weight)]);
        return body with { GroupBy = keys.Count == 0 ? null : StateReader.Grouping([Column(Rows, Group), .. keys]) };
    }
}
