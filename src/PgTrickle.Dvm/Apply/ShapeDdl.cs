using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Apply;

/// <summary>The DDL that gives a new stream table its hidden columns and its index. Made of quoted identifiers and keywords only.</summary>
internal static class ShapeDdl
{
    private static readonly QualifiedName BigInteger = new(new SqlIdentifier("pg_catalog"), new SqlIdentifier("int8"));

    public static StreamTableShape ShapeOf(StoredResult result)
    {
        var hidden = result.Columns.Where(static c => !c.Visible).Select(static c => new HiddenColumn(c.Name, c.Type.Name, c.NotNull));
        var identity = result.Identity;
        var rowId = new SqlIdentifier(StreamTableShape.RowId);
        return new StreamTableShape
        {
            HiddenColumns = [.. hidden, .. identity.HasRowId ? [new HiddenColumn(rowId, BigInteger, NotNull: true)] : Array.Empty<HiddenColumn>()],
            IndexColumns = identity.HasRowId ? [rowId]
                : identity.Kind == IdentityKind.Key ? identity.Columns.Select(i => result.Columns[i].Name).ToSyntaxList()
                : [],
            IsUnique = identity.Kind == IdentityKind.Key,
        };
    }

    public static IReadOnlyList<string> Statements(StreamTableShape shape, QualifiedName table)
    {
        var actions = shape.HiddenColumns.Select(static c => $"ADD COLUMN {c.Name} {c.Type}{(c.NotNull ? " NOT NULL" : "")}").ToList();
        if (shape.IsUnique)
        {
            actions.AddRange(shape.IndexColumns.Select(static c => $"ALTER COLUMN {c} SET NOT NULL"));
        }

        var statements = new List<string>();
        if (actions.Count > 0)
        {
            statements.Add($"ALTER TABLE {table} {string.Join(", ", actions)}");
        }

        if (!shape.IndexColumns.IsEmpty)
        {
            statements.Add($"CREATE {(shape.IsUnique ? "UNIQUE " : "")}INDEX ON {table} ({string.Join(", ", shape.IndexColumns)})");
        }

        return statements;
    }
}
