using PgTrickle.Dvm.Binding;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Operators;

/// <summary>Rows that depend on no table: VALUES, or the single row without columns of a SELECT without FROM (then <see cref="Body"/> is null).</summary>
/// <param name="Alias">The relation's name.</param>
/// <param name="Body">The rows.</param>
/// <param name="Names">Names of the columns.</param>
internal sealed record Constant(SqlIdentifier Alias, ValuesBody? Body, SyntaxList<SqlIdentifier> Names) : Operator, ILinear
{
    /// <summary>What is known of the columns; nothing if it is empty.</summary>
    public SyntaxList<ExpressionType> Types { get; init; }

    public override SyntaxList<BoundColumn> Columns => Names.Select((n, i) => i < Types.Count
        ? new BoundColumn(new ColumnReference(Alias, n), Types[i].Type, Types[i].NotNull)
        : new BoundColumn(new ColumnReference(Alias, n), null, NotNull: false)).ToSyntaxList();

    public override SyntaxList<Operator> Inputs => [];

    public override Operator WithInputs(SyntaxList<Operator> inputs) => this;
}
