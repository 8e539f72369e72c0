using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Operators;

/// <summary>The rows of the input at some places of an order: ORDER BY with LIMIT, OFFSET, FETCH FIRST.</summary>
/// <param name="Input">The input.</param>
/// <param name="Order">ORDER BY over the input's columns.</param>
/// <param name="Limit">LIMIT, a constant or over columns of an outer side; null for no limit.</param>
/// <param name="Offset">OFFSET, the same; null for none.</param>
/// <param name="WithTies">Whether rows that are equal in order to the last one come along.</param>
internal sealed record TopK(Operator Input, SyntaxList<OrderItem> Order, SqlExpression? Limit, SqlExpression? Offset, bool WithTies) : Operator, IPartitioned
{
    public SyntaxList<ComputedColumn> PartitionKeys => [];

    public override SyntaxList<BoundColumn> Columns => Input.Columns;

    public override SyntaxList<Operator> Inputs => [Input];

    public override Operator WithInputs(SyntaxList<Operator> inputs) => ReferenceEquals(inputs[0], Input) ? this : this with { Input = inputs[0] };
}
