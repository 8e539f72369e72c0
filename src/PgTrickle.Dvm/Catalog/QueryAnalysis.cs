using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Catalog;

/// <summary>An output column of the defining query.</summary>
/// <param name="Name">Its name, the stream table's column.</param>
/// <param name="Type">Its type.</param>
public sealed record OutputColumn(SqlIdentifier Name, TypeInfo Type);

/// <summary>What PostgreSQL says about a defining query.</summary>
/// <param name="Text">pg_get_viewdef under an empty search path.</param>
/// <param name="Query">The same, parsed.</param>
/// <param name="Columns">Output columns.</param>
/// <param name="Functions">Every function, aggregate and operator function that the query itself uses; those of views come with the views.</param>
public sealed record QueryAnalysis(string Text, Query Query, SyntaxList<OutputColumn> Columns, SyntaxList<FunctionInfo> Functions);

/// <summary>The relations that a query reads, directly and through views, as of one moment.</summary>
public sealed class CatalogSnapshot
{
    private readonly Dictionary<QualifiedName, RelationInfo> _relations;

    /// <summary>A snapshot of these relations.</summary>
    /// <exception cref="ArgumentException">Two have the same name.</exception>
    public CatalogSnapshot(params IEnumerable<RelationInfo> relations) => _relations = relations.ToDictionary(static r => r.Name);

    /// <summary>All relations.</summary>
    public IReadOnlyCollection<RelationInfo> Relations => _relations.Values;

    /// <summary>The relation of this name, or null.</summary>
    public RelationInfo? Find(QualifiedName name) => _relations.GetValueOrDefault(name);
}
