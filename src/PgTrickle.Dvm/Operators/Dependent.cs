using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Operators;

/// <summary>
/// Each row of the outer side with the rows that the inner side yields for it: LATERAL, and whatever sub-select no plain join can stand for. Expressions inside the inner side
/// may refer to columns of the outer one.
/// </summary>
/// <param name="Type">Whether rows for which there are none are padded with NULLs.</param>
/// <param name="Outer">The outer side.</param>
/// <param name="Inner">The inner side; its columns are named by an operator of their own, a projection as a rule.</param>
/// <param name="Predicate">The join's condition.</param>
internal sealed record Dependent(JoinType Type, Operator Outer, Operator Inner, SqlExpression Predicate) : Operator
{
    public override SyntaxList<BoundColumn> Columns =>
    [
        .. Outer.Columns,
        .. Type == JoinType.Inner ? Inner.Columns : Inner.Columns.Select(static c => c with { NotNull = false }),
    ];

    public override SyntaxList<Operator> Inputs => [Outer, Inner];

    public override Operator WithInputs(SyntaxList<Operator> inputs)
        => ReferenceEquals(inputs[0], Outer) && ReferenceEquals(inputs[1], Inner) ? this : this with { Outer = inputs[0], Inner = inputs[1] };
}
