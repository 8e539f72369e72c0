using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Operators;

/// <summary>What is evaluated as a whole, and only its difference applied; with the reason.</summary>
internal sealed record Opaque(CompileError Reason, SyntaxList<BoundColumn> Outputs) : Operator
{
    public override SyntaxList<BoundColumn> Columns => Outputs;

    public override SyntaxList<Operator> Inputs => [];

    public override Operator WithInputs(SyntaxList<Operator> inputs) => this;
}
