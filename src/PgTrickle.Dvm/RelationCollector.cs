using PgTrickle.Dvm.Catalog;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm;

/// <summary>
/// The tables that a query reads, through views, and the columns that it may use of them, found by name: for queries that are evaluated as a whole, where it only
/// matters that no change is missed.
/// </summary>
internal sealed class RelationCollector(CatalogSnapshot catalog, int maxDepth)
{
    private readonly Dictionary<uint, RelationInfo> _relations = [];
    private readonly HashSet<QualifiedName> _views = [];
    private readonly HashSet<SqlIdentifier> _names = [];
    private bool _wholeRows;

    /// <summary>Tables whose changes can be captured, with columns.</summary>
    public IReadOnlyList<PlanSource> Sources => [.. _relations.Values.Where(IsCaptured).Select((r, i) => new PlanSource(i, r, Used(r)))];

    /// <summary>Relations whose changes can't be captured.</summary>
    public IReadOnlyList<RelationInfo> Untracked => [.. _relations.Values.Where(static r => !IsCaptured(r))];

    public void Collect(Query query) => Collect(query, 0);

    private void Collect(Query query, int depth)
    {
        if (depth > maxDepth)
        {
            throw new CompileException(new CompileError(CompileErrorKind.Unsupported, "nesting", "", $"views are nested deeper than {maxDepth} levels"));
        }

        foreach (var node in query.DescendantsAndSelf())
        {
            switch (node)
            {
                case ColumnReference column:
                    _names.Add(column.Name);
                    break;
                case JoinedTable { Condition: JoinUsing merged }:
                    _names.UnionWith(merged.Columns);
                    break;
                case WholeRowReference or AllColumns or FieldExpansion:
                    _wholeRows = true;
                    break;
                case TableReference table when catalog.Find(table.Name) is { } relation:
                    // An alias with column names hides the columns' own.
                    _wholeRows |= table.Alias is { Columns.IsEmpty: false };
                    Add(relation, depth);
                    break;
            }
        }
    }

    private static bool IsCaptured(RelationInfo relation) => relation.Kind is RelationKind.Table or RelationKind.Partitioned;

    private void Add(RelationInfo relation, int depth)
    {
        if (relation.Kind != RelationKind.View)
        {
            _relations.TryAdd(relation.Oid, relation);
        }
        else if (_views.Add(relation.Name) && relation.ViewQuery is { } query)
        {
            Collect(query, depth + 1);
        }
    }

    private SyntaxList<ColumnInfo> Used(RelationInfo relation)
        => _wholeRows ? relation.Columns : relation.Columns.Where(c => _names.Contains(c.Name)).ToSyntaxList();
}
