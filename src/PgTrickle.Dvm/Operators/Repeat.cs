using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Operators;

/// <summary>Each input row as often as an expression over it says; not at all if that is 0 or less.</summary>
internal sealed record Repeat(Operator Input, SqlExpression Times) : Operator, ILinear
{
    public override SyntaxList<BoundColumn> Columns => Input.Columns;

    public override SyntaxList<Operator> Inputs => [Input];

    public override Operator WithInputs(SyntaxList<Operator> inputs) => ReferenceEquals(inputs[0], Input) ? this : this with { Input = inputs[0] };
}
