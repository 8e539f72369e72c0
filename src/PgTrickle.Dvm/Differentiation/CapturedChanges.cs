using PgTrickle.Dvm.Catalog;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>
/// What a buffer holds for a refresh: the rows that this transaction sees in it and the frontier's snapshot did not, without own rows that the refresh before has read.
/// </summary>
internal static class CapturedChanges
{
    private static readonly SqlIdentifier Buffer = new("b");

    /// <summary>A column of the buffer, for conditions.</summary>
    public static ColumnReference Of(SqlIdentifier column) => Column(Buffer, column);

    /// <summary>The rows that satisfy conditions, as they were captured.</summary>
    /// <param name="names">Where the buffer is.</param>
    /// <param name="source">The table.</param>
    /// <param name="conditions">Over <see cref="Of"/>; they can't fail.</param>
    /// <param name="weight">The name of the weight.</param>
    public static Query Raw(PlanNames names, PlanSource source, SyntaxList<SqlExpression> conditions, SqlIdentifier weight)
    {
        var captured = Select(source.Columns.Select(static c => Of(c.Name).As(c.Name)).Append(Consolidation.AsBigInteger(Of(names.WeightColumn)).As(weight))) with
        {
            From = [Table(names.ChangeViews[source.Ordinal], Buffer)],
            Where = And([.. Unread(names, source), .. conditions]),
        };
        return captured.AsQuery() with { Limit = Number(source) };
    }

    /// <summary>The rows that satisfy conditions, added up over some columns.</summary>
    /// <param name="names">Where the buffer is.</param>
    /// <param name="source">The table.</param>
    /// <param name="columns">Those of its columns that matter.</param>
    /// <param name="conditions">Over <see cref="Of"/>; they can't fail, and so may see rows of states between.</param>
    /// <param name="weight">The name of the weight.</param>
    public static SelectBody Consolidated(PlanNames names, PlanSource source, SyntaxList<ColumnInfo> columns, SyntaxList<SqlExpression> conditions, SqlIdentifier weight)
    {
        var captured = Select(columns.Select(static c => Of(c.Name).As(c.Name)).Append(Of(names.WeightColumn).As(names.WeightColumn))) with
        {
            From = [Table(names.ChangeViews[source.Ordinal], Buffer)],
            Where = And([.. Unread(names, source), .. conditions]),
        };
        var known = captured.AsQuery() with { Limit = Number(source) };
        var sum = Sum(Of(names.WeightColumn));
        return Select(columns.Select(static c => Consolidation.Value(Of(c.Name), c.Type).As(c.Name)).Append(sum.As(weight))) with
        {
            From = [Derived(known, Buffer)],
            GroupBy = GroupBy(columns.SelectMany(static c => Consolidation.Identity(Of(c.Name), c.Type))),
            Having = NotEq(sum, Integer(0)),
        };
    }

    /// <summary>How many rows there are, as the probe counted them.</summary>
    private static SqlExpression Number(PlanSource source)
        => DeltaContext.NumberFrom(PlanSettings.OfSource(source.Ordinal));

    private static IEnumerable<SqlExpression> Unread(PlanNames names, PlanSource source)
    {
        var xid = Of(names.XidColumn);
        var snapshot = Cast(Parameter(1), TypeName.Named(new QualifiedName("pg_catalog", "pg_snapshot")));
        var own = new SubscriptExpression(
            Cast(Parameter(2), TypeName.Named(new QualifiedName("pg_catalog", "_xid8"))),
            [new Subscript(false, null, Integer(source.Ordinal + 1))]);
        return [Binary(xid, ">=", Call("pg_snapshot_xmin", snapshot)), Not(Call("pg_visible_in_snapshot", xid, snapshot)), IsDistinctFrom(xid, own)];
    }
}
