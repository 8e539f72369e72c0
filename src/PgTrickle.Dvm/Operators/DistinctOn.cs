using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Operators;

/// <summary>For each key the first input row in the given order.</summary>
/// <param name="Input">The input.</param>
/// <param name="Keys">The key columns, as expressions over the input.</param>
/// <param name="Order">The whole ORDER BY, whose first items are the keys in some order.</param>
internal sealed record DistinctOn(Operator Input, SyntaxList<SqlExpression> Keys, SyntaxList<OrderItem> Order) : Operator, IPartitioned
{
    public SyntaxList<ComputedColumn> PartitionKeys => Keys.Select(k =>
    {
        var column = Input.Columns.First(c => c.Reference == k);
        return new ComputedColumn(column.Name, k, column.Type, column.NotNull);
    }).ToSyntaxList();

    public override SyntaxList<BoundColumn> Columns => Input.Columns;

    public override SyntaxList<Operator> Inputs => [Input];

    public override Operator WithInputs(SyntaxList<Operator> inputs) => ReferenceEquals(inputs[0], Input) ? this : this with { Input = inputs[0] };
}
