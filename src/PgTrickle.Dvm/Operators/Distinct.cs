using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Operators;

/// <summary>Each different input row once.</summary>
internal sealed record Distinct(Operator Input) : Operator, IStateful
{
    public override SyntaxList<BoundColumn> Columns => Input.Columns;

    public override SyntaxList<Operator> Inputs => [Input];

    public override Operator WithInputs(SyntaxList<Operator> inputs) => ReferenceEquals(inputs[0], Input) ? this : this with { Input = inputs[0] };
}
