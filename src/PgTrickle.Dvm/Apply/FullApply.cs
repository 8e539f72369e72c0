using PgTrickle.Dvm.Differentiation;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Apply;

/// <summary>Evaluates the query and applies the difference to what is stored: readers are never blocked, and consumers get a small delta.</summary>
internal static class FullApply
{
    private static readonly SqlIdentifier Query = new("q");

    /// <summary>The changes, given the query's rows with the stored columns as c1, c2 ...</summary>
    public static ChangeSet Of(StoredResult result, QueryBody rows, PlanNames names)
        => result.Identity.Kind == IdentityKind.Image ? ByImage(result, rows, names) : ByKey(result, rows, names);

    private static ChangeSet ByKey(StoredResult result, QueryBody rows, PlanNames names)
    {
        SqlExpression Of(int place) => Column(Query, Target.New(place));
        var places = Enumerable.Range(0, result.Columns.Count).ToList();
        var marked = Select([True.As(Target.Keep), .. places.Select(static i => Column("r", Target.New(i)).As(Target.New(i)))]) with
        {
            From = [Derived(rows.AsQuery(), "r")],
        };
        var differs = Or(places.Select(i => Consolidation.Differs(Of(i), Target.Stored(result.Columns[i]), result.Columns[i].Type)));
        var kept = Coalesce(Column(Query, Target.Keep), False);
        var body = Select([
            Target.Ctid.As(Target.Tid), kept.As(Target.Keep), .. places.Select(i => Of(i).As(Target.New(i))), .. Target.OldValues(result, names)]) with
        {
            From = [Join(Table(Query), Table(names.Table, Target.Alias), Target.IsRow(result, Of), JoinKind.Full)],
            Where = Or(IsNull(Target.Ctid), IsNull(Column(Query, Target.Keep)), differs),
        };
        return new ChangeSet([Cte(Query, marked.AsQuery(), materialized: true)], body, new HashSet<int>());
    }

    /// <summary>D = rows of the query minus rows of the table, by image.</summary>
    private static ChangeSet ByImage(StoredResult result, QueryBody rows, PlanNames names)
    {
        var columns = Enumerable.Range(0, result.Columns.Count).ToList();
        SelectTarget Weight(int weight) => Consolidation.AsBigInteger(Integer(weight)).As(Consolidation.Weight);
        var come = Select([.. columns.Select(static i => Column("r", Target.New(i)).As(Target.New(i))), Weight(1)]) with { From = [Derived(rows.AsQuery(), "r")] };
        var gone = Select([.. columns.Select(i => Target.Stored(result.Columns[i]).As(Target.New(i))), Weight(-1)]) with { From = [Table(names.Table, Target.Alias)] };
        return ZSetApply.Of(result, [], [come, gone], names);
    }
}
