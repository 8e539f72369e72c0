using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>
/// A partitioned operator that is not at the root, on the fly: for the partitions that D of the input touches, the new rows minus the old ones. The old input of those
/// partitions is N minus D, by image, repeated by weight. Only for operators whose rows depend on nothing but the multiset of their input: see <see cref="SettledState"/>.
/// </summary>
internal sealed class RecomputeDelta(DeltaContext context, Differentiator differentiator)
{
    private static readonly SqlIdentifier Rows = new("r");

    public IReadOnlyList<Fragment> Of(IPartitioned source)
    {
        var self = (Operator)source;
        var input = Partitions.InputColumns(source);
        var references = input.Select(static c => c.Reference).ToList();
        var delta = differentiator.Delta(source.Input, references.ToHashSet());
        if (delta.Count == 0)
        {
            return [];
        }

        var changes = Consolidated(delta, input);
        var touched = context.Names.Next("touched_");
        context.Add(touched, Partitions.Touched(source, [context.Reference(changes, references)]).AsQuery());
        var names = Evaluation.NamesOf(self);
        SelectTarget Weight(int weight) => Consolidation.AsBigInteger(Integer(weight)).As(Consolidation.Weight);
        var (now, former) = source is TopK top
            ? (context.Present.Read(source.Input).Restricted(Any(touched)), [Reach(top, changes).Restricted(Any(touched))])
            : Present(source, touched, references);
        var result = UnionAll(
            Member(Evaluation.Of(source, now, names, Weight(1))),
            Member(Evaluation.Of(source, Old(source, former, touched, changes, input), names, Weight(-1))));

        // Partitions that come out as they were are no change.
        var rows = context.Names.Next("r");
        var images = self.Columns.Select((c, i) => new ImageColumn(names(i), c.Type)).ToList();
        return [Named(self, Consolidation.Select(Derived(result.AsQuery(), rows), rows, images).AsQuery())];
    }

    /// <summary>The present rows of touched partitions, as one fragment and as several. Where it takes computing to read them, they are read once for both.</summary>
    private (Fragment Now, IReadOnlyList<Fragment> Former) Present(IPartitioned source, SqlIdentifier touched, List<ColumnReference> references)
    {
        var within = Partitions.Within(source, context.Present.Read(source.Input), touched);
        if (!source.Input.DescendantsAndSelf().Any(static o => o is IPartitioned))
        {
            return (Partitions.AsOne(within, references), within);
        }

        var present = context.Names.Next("present_");
        context.Add(present, UnionAll(within.Select(f => f.Select(Partitions.Columns(f, references)))).AsQuery());
        var rows = context.Reference(present, references) with { Weight = null };
        return (rows, [rows]);
    }

    private static SubqueryExpression Any(SqlIdentifier touched) => Exists((Select() with { From = [Table(touched)] }).AsQuery());

    private SqlIdentifier Consolidated(IReadOnlyList<Fragment> delta, IReadOnlyList<BoundColumn> input)
    {
        var name = context.Names.Next("change_");
        var terms = Derived(UnionAll(delta.Select(f => DeltaContext.SelectWeighted(f, input.Select(static c => c.Reference)))).AsQuery(), Rows);
        context.Add(name, Consolidation.Select(terms, Rows, Images(input)).AsQuery());
        return name;
    }

    private static List<ImageColumn> Images(IReadOnlyList<BoundColumn> input) => input.Select(static (c, i) => new ImageColumn(NameSource.ColumnName(i), c.Type)).ToList();

    /// <summary>
    /// The first rows of N, so many more than the operator asks for as rows came: without those that came, and with those that went, they still begin with the rows that the
    /// operator yielded before.
    /// </summary>
    private Fragment Reach(TopK top, SqlIdentifier changes)
    {
        var came = Sum(Column("d", Consolidation.Weight)) with { Filter = Greater(Column("d", Consolidation.Weight), Integer(0)) };
        var number = Scalar((Select(Coalesce(came, Integer(0)).As("n")) with { From = [Table(changes, "d")] }).AsQuery());
        var reach = top with
        {
            Limit = top.Limit is null ? null : Consolidation.AsBigInteger(Add(top.Offset is null ? top.Limit : Add(top.Limit, top.Offset), number)),
            Offset = null,
        };
        return context.Present.Read(reach);
    }

    private Fragment Old(IPartitioned source, IReadOnlyList<Fragment> present, SqlIdentifier touched, SqlIdentifier changes, IReadOnlyList<BoundColumn> input)
    {
        var references = input.Select(static c => c.Reference).ToList();
        var gone = Partitions.Within(source, context.Reference(changes, references), touched);
        var union = UnionAll(present.Concat(gone.Select(static f => f.Negated())).Select(f => f.Select([
            .. Partitions.Columns(f, references), (f.Weight ?? Consolidation.AsBigInteger(Integer(1))).As(Consolidation.Weight)])));
        var old = Consolidation.Select(Derived(union.AsQuery(), Rows), Rows, Images(input));
        var copies = CrossJoin(Derived(old.AsQuery(), Rows), StateReader.Copies(context.Names, Column(Rows, Consolidation.Weight)));
        return Fragment.Of(copies) with { Columns = DeltaContext.Renaming(references, Rows) };
    }

    /// <summary>A query as a member of a union: in parentheses if it has an order of its own.</summary>
    private static QueryBody Member(Query query) => query is { OrderBy.IsEmpty: true, Limit: null, Offset: null } ? query.Body : new NestedQuery(query);

    private Fragment Named(Operator source, Query result)
    {
        var alias = source switch { Aggregate aggregate => aggregate.Alias, Window window => window.Alias, _ => context.Names.Next("s") };
        var rows = Fragment.Of(Derived(result, alias), Column(alias, Consolidation.Weight));
        return source is Aggregate or Window ? rows : rows with { Columns = StateReader.Renaming(source, alias) };
    }
}
