using PgTrickle.Dvm.Catalog;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Operators;

/// <summary>The rows of a table, or of a node of the plan: a table that keeps the result of a part of the query.</summary>
/// <param name="Alias">The name of this reading of the table; a table that is read twice has two.</param>
/// <param name="Relation">The table.</param>
internal sealed record Scan(SqlIdentifier Alias, RelationInfo Relation) : Operator, ILinear
{
    private readonly SyntaxList<BoundColumn> _columns =
        Relation.Columns.Select(c => new BoundColumn(new ColumnReference(Alias, c.Name), c.Type.IsKnown ? c.Type : null, c.NotNull)).ToSyntaxList();

    /// <summary>The number of the node that is read, counted from 0; null for a table. Its table's name is the plan's to give.</summary>
    public int? Node { get; init; }

    public override SyntaxList<BoundColumn> Columns => _columns;

    public override SyntaxList<Operator> Inputs => [];

    public override Operator WithInputs(SyntaxList<Operator> inputs) => this;
}
