using PgTrickle.Dvm.Differentiation;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Apply;

/// <summary>
/// The statement that applies a change: one MERGE, or a DELETE that an INSERT waits for. In the same statement the counts are noted and the buffer is written.
/// </summary>
internal static class ChangeStatement
{
    private static readonly SqlIdentifier Gate = new("noted");
    private static readonly SqlIdentifier Deleted = new("deleted");
    private static readonly SqlIdentifier Passed = new("passed_on");
    private static readonly SqlIdentifier Row = new("c");

    public static SqlStatement Of(StoredResult result, ChangeSet change, PlanNames names, ApplyStrategy strategy)
    {
        var tables = new List<CommonTableExpression>(change.Tables) { Cte(Target.Change, change.Body.AsQuery(), materialized: true), Cte(Gate, Counts(names), true) };
        if (names.Buffer is { } buffer)
        {
            tables.Add(Cte(Passed, PassOn(result, buffer, names.WeightColumn)));
        }

        return strategy == ApplyStrategy.Merge ? Merge(result, change, names, tables) : Split(result, names, tables);
    }

    /// <summary>
    /// The statement that a result is stored by for the first time.
    /// </summary>
    public static SqlStatement Fill(StoredResult result, QueryBody rows, PlanNames names)
    {
        var values = Enumerable.Range(0, result.Columns.Count).Select(i => (SqlExpression)Column(Row, Target.New(i)));
        var source = Select(Values(result, values).Select(static v => new SelectTarget(v))) with { From = [Derived(rows.AsQuery(), Row)] };
        var insert = new InsertStatement(new TargetTable(names.Table), ColumnNames(result), source.AsQuery()) { Returning = [new SelectTarget(Integer(1))] };
        var counts = Call("set_config", String(names.Counts), Binary(Cast(CountStar(), TypeName.Named("text")), "||", String(",0")), True);
        return (Select(new SelectTarget(counts)) with { From = [Table("filled")] }).AsQuery() with
        {
            With = new WithClause([Cte("filled", insert)]),
        };
    }

    /// <summary>Rows that appear and rows that go, in that order, or of a node both together; an update is one of each. Always run, also when nothing changes.</summary>
    private static Query Counts(PlanNames names)
    {
        SqlExpression Count(SqlExpression condition) => CountStar() with { Filter = condition };
        SqlExpression Text(SqlExpression value) => Cast(value, TypeName.Named("text"));
        var (come, gone) = (Count(Column(Target.Keep)), Count(IsNotNull(Column(Target.Tid))));
        var text = names.Counts == PlanSettings.Delta ? Binary(Binary(Text(come), "||", String(",")), "||", Text(gone)) : Text(Add(come, gone));
        return (Select(Call("set_config", String(names.Counts), text, True).As("setting")) with { From = [Table(Target.Change)] }).AsQuery();
    }

    /// <summary>The gate stands on the outer side of an outer join, so that it runs whether or not there is a change.</summary>
    private static JoinedTable Gated(FromItem rows) => Join(Table(Gate), rows, True, JoinKind.Left);

    private static MergeStatement Merge(StoredResult result, ChangeSet change, PlanNames names, List<CommonTableExpression> tables)
    {
        SqlExpression New(int place) => Column(Row, Target.New(place));
        var places = Enumerable.Range(0, result.Columns.Count).ToList();
        var assignments = places.Where(i => !change.Fixed.Contains(i)).Select(i => new Assignment(result.Columns[i].Name, New(i))).ToSyntaxList();
        var targets = places.Select(static i => Column(Target.Change, Target.New(i)).As(Target.New(i)))
            .Prepend(Column(Target.Change, Target.Keep).As(Target.Keep)).Prepend(Column(Target.Change, Target.Tid).As(Target.Tid));
        var source = Derived((Select(targets) with { From = [Gated(Table(Target.Change))] }).AsQuery(), Row);
        var keep = Column(Row, Target.Keep);
        MergeAction update = assignments.IsEmpty ? new MergeDoNothing() : new MergeUpdate(assignments);
        return new MergeStatement(
            new TargetTable(names.Table, Target.Alias),
            source,
            Eq(Target.Ctid, Column(Row, Target.Tid)),
            [
                new MergeWhen(Matched: true, keep, update),
                new MergeWhen(Matched: true, null, new MergeDelete()),
                new MergeWhen(Matched: false, keep, new MergeInsert(ColumnNames(result), Values(result, places.Select(New)).ToSyntaxList())),
            ])
        {
            With = new WithClause(tables.ToSyntaxList()),
        };
    }

    /// <summary>
    /// All deletes are done before the first insert, since the insert needs their number. A row deleted by its own transaction is no duplicate to a unique index.
    /// </summary>
    private static InsertStatement Split(StoredResult result, PlanNames names, List<CommonTableExpression> tables)
    {
        var delete = new DeleteStatement(new TargetTable(names.Table, Target.Alias))
        {
            Using = [Table(Target.Change, Row)],
            Where = Eq(Target.Ctid, Column(Row, Target.Tid)),
            Returning = [Integer(1).As("one")],
        };
        tables.Add(Cte(Deleted, delete));
        var number = Scalar((Select(CountStar().As("n")) with { From = [Table(Deleted)] }).AsQuery());
        var values = Enumerable.Range(0, result.Columns.Count).Select(static i => (SqlExpression)Column(Row, Target.New(i)));
        var source = Select(Values(result, values).Select(static v => new SelectTarget(v))) with
        {
            From = [Gated(Table(Target.Change, Row))],
            Where = And(Binary(number, ">=", Integer(0)), Coalesce(Column(Row, Target.Keep), False)),
        };
        return new InsertStatement(new TargetTable(names.Table), ColumnNames(result), source.AsQuery()) { With = new WithClause(tables.ToSyntaxList()) };
    }

    /// <summary>Old images as -1 rows and new ones as +1 rows; an update that no visible column shows is nobody's business.</summary>
    private static InsertStatement PassOn(StoredResult result, QualifiedName buffer, SqlIdentifier weight)
    {
        var visible = result.VisibleColumns.ToList();
        var seen = Or(
            IsNull(Column(Target.Tid)),
            Not(Column(Target.Keep)),
            Or(visible.Select(i => Consolidation.Differs(Column(Target.New(i)), Column(Target.Old(i)), result.Columns[i].Type))));
        SelectBody Rows(int sign, Func<int, SqlIdentifier> name, SqlExpression condition) => Select(
            visible.Select(i => new SelectTarget(Column(name(i)))).Prepend(new SelectTarget(Cast(Integer(sign), TypeName.Standard("smallint"))))) with
        {
            From = [Table(Target.Change)],
            Where = And(condition, seen),
        };
        var rows = UnionAll(Rows(-1, Target.Old, IsNotNull(Column(Target.Tid))), Rows(1, Target.New, Column(Target.Keep)));
        return new InsertStatement(new TargetTable(buffer), [weight, .. visible.Select(i => result.Columns[i].Name)], rows.AsQuery());
    }

    private static SyntaxList<SqlIdentifier> ColumnNames(StoredResult result)
        => [.. result.Columns.Select(static c => c.Name), .. result.HasRowId ? [new SqlIdentifier(StreamTableShape.RowId)] : Array.Empty<SqlIdentifier>()];

    private static IEnumerable<SqlExpression> Values(StoredResult result, IEnumerable<SqlExpression> values)
    {
        var all = values.ToList();
        return result.HasRowId ? all.Append(Target.RowId(result, i => all[i])) : all;
    }
}
