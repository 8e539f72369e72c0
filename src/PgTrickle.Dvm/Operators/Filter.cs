using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Operators;

/// <summary>The input rows for which the predicate is true.</summary>
internal sealed record Filter(Operator Input, SqlExpression Predicate) : Operator, ILinear
{
    public override SyntaxList<BoundColumn> Columns => Input.Columns;

    public override SyntaxList<Operator> Inputs => [Input];

    public override Operator WithInputs(SyntaxList<Operator> inputs) => ReferenceEquals(inputs[0], Input) ? this : this with { Input = inputs[0] };
}
