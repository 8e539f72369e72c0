using PgTrickle.Sql.Printing;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Apply;

/// <summary>The DDL that gives a new stream table its hidden columns and its indexes.</summary>
internal static class ShapeDdl
{
    private static readonly QualifiedName BigInteger = new(new SqlIdentifier("pg_catalog"), new SqlIdentifier("int8"));

    public static StreamTableShape ShapeOf(StoredResult result, SyntaxList<int> lookup = default)
    {
        var hidden = result.Columns.Where(static c => !c.Visible).Select(static c => new HiddenColumn(c.Name, c.Type.Name, c.NotNull));
        var identity = result.Identity;
        var rowId = new SqlIdentifier(StreamTableShape.RowId);
        return new StreamTableShape
        {
            HiddenColumns = [.. hidden, .. result.HasRowId ? [new HiddenColumn(rowId, BigInteger, NotNull: true)] : Array.Empty<HiddenColumn>()],
            IndexKeys = result.HasRowId ? [Column(rowId)]
                : identity.IsHashed ? [Target.RowId(result, i => Column(result.Columns[i].Name))]
                : identity.Columns.Select(i => (SqlExpression)Column(result.Columns[i].Name)).ToSyntaxList(),
            IsUnique = identity.Kind == IdentityKind.Key,
            LookupKeys = StoredLookup.IndexKeys(result, lookup),
        };
    }

    public static IReadOnlyList<string> Statements(StreamTableShape shape, QualifiedName table)
    {
        var hidden = shape.HiddenColumns.Select(static c => (AlterTableAction)new AddColumn(c.Name, TypeName.Named(c.Type), c.NotNull));
        var keys = shape.IsUnique ? shape.IndexKeys.OfType<ColumnReference>().Select(static c => new SetNotNull(c.Name)) : [];
        var actions = hidden.Concat(keys).ToSyntaxList();
        var statements = new List<SqlStatement>();
        if (!actions.IsEmpty)
        {
            statements.Add(new AlterTableStatement(table, actions));
        }

        if (!shape.IndexKeys.IsEmpty)
        {
            statements.Add(new CreateIndexStatement(table, shape.IndexKeys, shape.IsUnique));
        }

        if (!shape.LookupKeys.IsEmpty)
        {
            statements.Add(new CreateIndexStatement(table, shape.LookupKeys, Unique: false));
        }

        return [.. statements.Select(static s => SqlPrinter.Print(s))];
    }
}
