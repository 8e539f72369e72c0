using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Differentiation;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Apply;

/// <summary>Names and conditions around the stream table in a statement.</summary>
internal static class Target
{
    /// <summary>The stream table's alias.</summary>
    public static SqlIdentifier Alias { get; } = new("t");

    /// <summary>The WITH query that says which rows change, and its alias.</summary>
    public static SqlIdentifier Change { get; } = new("change");

    /// <summary>The physical place of the row that is replaced or deleted; NULL for a new row.</summary>
    public static SqlIdentifier Tid { get; } = new("tid");

    /// <summary>Whether there is a row afterwards.</summary>
    public static SqlIdentifier Keep { get; } = new("keep");

    public static ColumnReference Ctid { get; } = Column(Alias, "ctid");

    /// <summary>A new value in the change.</summary>
    public static SqlIdentifier New(int place) => NameSource.ColumnName(place);

    /// <summary>The value before, of a visible column; there only if the stream table has a buffer.</summary>
    public static SqlIdentifier Old(int place) => new("o" + NameSource.ColumnName(place).Value[1..]);

    public static ColumnReference Stored(StoredColumn column) => Column(Alias, column.Name);

    /// <summary>The hash that a row with these values has.</summary>
    public static SqlExpression RowId(StoredResult result, Func<int, SqlExpression> value)
        => KeyMatch.HashOf(result.Identity.Columns.Select(i => (value(i), (TypeInfo?)result.Columns[i].Type)));

    /// <summary>The hash of a stored row, as its index has it.</summary>
    private static SqlExpression StoredHash(StoredResult result)
        => result.HasRowId ? Column(Alias, StreamTableShape.RowId) : RowId(result, i => Stored(result.Columns[i]));

    /// <summary>Whether the stored row is the one with these values.</summary>
    public static SqlExpression IsRow(StoredResult result, Func<int, SqlExpression> value)
    {
        var identity = result.Identity;
        if (identity.Kind == IdentityKind.SingleRow)
        {
            return True;
        }

        var same = identity.Columns.Select(i =>
        {
            var column = result.Columns[i];
            return identity.Kind == IdentityKind.Image ? Consolidation.IsSame(Stored(column), value(i), column.Type)
                : column.NotNull ? Equality.Equal(Stored(column), value(i), column.Type)
                : Equality.NullSafe(Stored(column), value(i), column.Type);
        });
        return identity.IsHashed ? And([Eq(StoredHash(result), RowId(result, value)), .. same]) : And(same);
    }

    /// <summary>Old values of the visible columns, if the change has to carry them.</summary>
    public static IEnumerable<SelectTarget> OldValues(StoredResult result, PlanNames names)
        => names.Buffer is null ? [] : result.VisibleColumns.Select(i => Stored(result.Columns[i]).As(Old(i)));
}
