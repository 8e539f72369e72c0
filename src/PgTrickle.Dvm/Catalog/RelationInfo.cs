using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Catalog;

/// <summary>What a relation in FROM is.</summary>
public enum RelationKind
{
    /// <summary>An ordinary table; stream tables are such.</summary>
    Table,

    /// <summary>A partitioned table, read as a whole.</summary>
    Partitioned,

    /// <summary>A view, inlined by its canonical text.</summary>
    View,

    /// <summary>A materialised view: no changes can be captured.</summary>
    MaterializedView,

    /// <summary>A foreign table: no changes can be captured.</summary>
    Foreign,
}

/// <summary>A column of a relation.</summary>
/// <param name="Number">attnum.</param>
/// <param name="Name">attname.</param>
/// <param name="Type">Type, with modifier and collation.</param>
/// <param name="NotNull">Whether a constraint keeps NULL out. Of a view's columns nothing is known: false.</param>
public sealed record ColumnInfo(short Number, SqlIdentifier Name, TypeInfo Type, bool NotNull);

/// <summary>A relation that a query reads.</summary>
/// <param name="Oid">OID in pg_class.</param>
/// <param name="Name">Schema and name, as the canonical text has them.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Columns">Columns in order of their number, without dropped ones.</param>
public sealed record RelationInfo(uint Oid, QualifiedName Name, RelationKind Kind, SyntaxList<ColumnInfo> Columns)
{
    /// <summary>Whether it is a stream table, whose buffer its own refresh fills. Its hidden columns belong into <see cref="Columns"/>, too.</summary>
    public bool IsStreamTable { get; init; }

    /// <summary>Column sets of unique, immediate, complete (no predicate, no expressions) indexes all of whose columns are NOT NULL.</summary>
    public SyntaxList<SyntaxList<SqlIdentifier>> UniqueKeys { get; init; }

    /// <summary>The table as ONLY reads it, with what its own constraints say of its own rows; null if no tables inherit from it, and ONLY means the same.</summary>
    public RelationInfo? Alone { get; init; }

    /// <summary>Whether it stands for its own rows, without those of tables that inherit from it: an <see cref="Alone"/>.</summary>
    public bool IsAlone { get; init; }

    /// <summary>What changes are captured by: a table and the same table alone have each their own.</summary>
    public (uint Oid, bool IsAlone) Captured => (Oid, IsAlone);

    /// <summary>The parsed canonical text of a view; null for all other kinds.</summary>
    public Query? ViewQuery { get; init; }

    /// <summary>The functions that a view's query uses.</summary>
    public SyntaxList<FunctionInfo> ViewFunctions { get; init; }
}
