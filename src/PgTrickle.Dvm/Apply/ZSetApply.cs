using PgTrickle.Dvm.Differentiation;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Apply;

/// <summary>
/// Applies D of the result itself, consolidated by image: what was not at the root changes nothing, so an unchanged row is not touched. With a key, a minus and a plus of one key
/// are an update; without one, n copies go and m copies come.
/// </summary>
internal static class ZSetApply
{
    private static readonly SqlIdentifier Rows = new("r");
    private static readonly SqlIdentifier Delta = new("d");

    /// <summary>The changes, given the terms of D with the stored columns as c1, c2 ... and the weight.</summary>
    public static ChangeSet Of(StoredResult result, IEnumerable<CommonTableExpression> tables, IEnumerable<SelectBody> terms, PlanNames names)
    {
        var images = result.Columns.Select(static (c, i) => new ImageColumn(NameSource.ColumnName(i), c.Type)).ToList();
        var consolidated = Consolidation.Select(Derived(UnionAll(terms).AsQuery(), Rows), Rows, images);
        var with = tables.Append(Cte(Delta, consolidated.AsQuery()));
        var body = result.Identity.Kind == IdentityKind.Image ? Copies(result, names) : ByKey(result, names);
        return new ChangeSet([.. with], body, new HashSet<int>());
    }

    private static SelectBody ByKey(StoredResult result, PlanNames names)
    {
        SqlExpression Of(int place) => Column(Delta, Target.New(place));
        var weight = Column(Delta, Consolidation.Weight);

        // Of a key's two images the new one: plus sorts before minus.
        var keys = result.Identity.Columns.Select(i => (SqlExpression)Column(Delta, Target.New(i))).ToList();
        var columns = Enumerable.Range(0, result.Columns.Count).Select(i => Of(i).As(Target.New(i))).Append(weight.As(Consolidation.Weight));
        var body = Select(columns) with { From = [Table(Delta)], Distinct = keys.Count == 0 ? null : new DistinctClause(keys.ToSyntaxList()) };
        var first = body.AsQuery() with
        {
            OrderBy = [.. keys.Select(static k => OrderBy(k)), OrderBy(weight, descending: true)],
            Limit = keys.Count == 0 ? Integer(1) : null,
        };
        var latest = Derived(first, Delta);
        var keep = Greater(weight, Integer(0));
        return Select([Target.Ctid.As(Target.Tid), keep.As(Target.Keep), .. NewValues(result), .. Target.OldValues(result, names)]) with
        {
            From = [Join(latest, Table(names.Table, Target.Alias), Target.IsRow(result, Of), JoinKind.Left)],
            Where = Or(keep, IsNotNull(Target.Ctid)),
        };
    }

    private static QueryBody Copies(StoredResult result, PlanNames names)
    {
        SqlExpression Of(int place) => Column(Delta, Target.New(place));
        var weight = Column(Delta, Consolidation.Weight);
        var found = new SqlIdentifier("found");
        var search = (Select(Target.Ctid.As(Target.Tid)) with
        {
            From = [Table(names.Table, Target.Alias)],
            Where = Target.IsRow(result, Of),
        }).AsQuery() with { Limit = new ConditionalFunction(ConditionalKind.Greatest, [Negate(weight), Integer(0)]) };
        var olds = names.Buffer is null ? [] : result.VisibleColumns.ToList();
        var gone = Select([Column(found, Target.Tid).As(Target.Tid), False.As(Target.Keep), .. NewValues(result), .. olds.Select(i => Of(i).As(Target.Old(i)))]) with
        {
            From = [CrossJoin(Table(Delta), Derived(search, found) with { Lateral = true })],
            Where = Less(weight, Integer(0)),
        };

        // Of an array that it doesn't know PostgreSQL expects ten elements, of generate_series() a thousand: then it would rather read all of the table than look for the rows of a few.
        var number = Cast(new ConditionalFunction(ConditionalKind.Greatest, [weight, Integer(0)]), TypeName.Standard("integer"));
        var copies = Function(Call("unnest", Call("array_fill", Integer(1), new ArrayConstructor([number]))), "copy") with { Lateral = true };
        var come = Select([
            Cast(Null, TypeName.Named("tid")).As(Target.Tid), True.As(Target.Keep), .. NewValues(result), .. olds.Select(static i => Null.As(Target.Old(i)))]) with
        {
            From = [CrossJoin(Table(Delta), copies)],
            Where = Greater(weight, Integer(0)),
        };
        return UnionAll(gone, come);
    }

    private static IEnumerable<SelectTarget> NewValues(StoredResult result)
        => Enumerable.Range(0, result.Columns.Count).Select(static i => Column(Delta, Target.New(i)).As(Target.New(i)));
}
