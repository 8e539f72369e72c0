using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Apply;

/// <summary>A column of the stream table; the row identity is not among them.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type; of a visible column what PostgreSQL says.</param>
/// <param name="NotNull">Whether it is known never to be NULL.</param>
/// <param name="Visible">Whether the user's query yields it.</param>
internal sealed record StoredColumn(SqlIdentifier Name, TypeInfo Type, bool NotNull, bool Visible);

/// <summary>How a row of the stream table is found again.</summary>
internal enum IdentityKind
{
    /// <summary>By key columns, NOT NULL and indexable: a unique index.</summary>
    Key,

    /// <summary>By a key some of whose columns may be NULL or too large for an index: its hash is indexed, the columns decide.</summary>
    HashedKey,

    /// <summary>There may be duplicates: the hash of the whole row is indexed, its image decides, and n copies are n rows.</summary>
    Image,

    /// <summary>There is exactly one row.</summary>
    SingleRow,
}

/// <summary>The identity of stored rows: its kind, and the places of the columns that make it.</summary>
internal sealed record Identity(IdentityKind Kind, SyntaxList<int> Columns)
{
    public bool IsHashed => Kind is IdentityKind.HashedKey or IdentityKind.Image;
}

/// <summary>What is stored: an operator that yields visible and hidden columns in order, and how its rows are identified.</summary>
internal sealed record StoredResult(Project Source, SyntaxList<StoredColumn> Columns, Identity Identity)
{
    /// <summary>
    /// Whether the hash is a hidden column. An index on the expression does without one, but for types that are hashed by their text: what makes a text of them
    /// may depend on settings, which no index allows.
    /// </summary>
    public bool HasRowId => Identity.IsHashed && !Identity.Columns.All(i => Columns[i].Type.IsHashable);

    public IEnumerable<int> VisibleColumns => Enumerable.Range(0, Columns.Count).Where(i => Columns[i].Visible);
}
