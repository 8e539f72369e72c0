using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Operators;

/// <summary>Which rows without partner a join keeps; RIGHT is bound as LEFT with the sides swapped.</summary>
internal enum JoinType
{
    Inner,
    Left,
    Full,
}

/// <summary>Pairs of rows that satisfy a predicate; a cross join's predicate is <c>true</c>.</summary>
internal sealed record Join(JoinType Type, Operator Left, Operator Right, SqlExpression Predicate) : Operator, IBilinear
{
    public override SyntaxList<BoundColumn> Columns =>
    [
        .. Type == JoinType.Full ? Left.Columns.Select(Nullable) : Left.Columns,
        .. Type == JoinType.Inner ? Right.Columns : Right.Columns.Select(Nullable),
    ];

    public override SyntaxList<Operator> Inputs => [Left, Right];

    public override Operator WithInputs(SyntaxList<Operator> inputs)
        => ReferenceEquals(inputs[0], Left) && ReferenceEquals(inputs[1], Right) ? this : this with { Left = inputs[0], Right = inputs[1] };

    private static BoundColumn Nullable(BoundColumn column) => column with { NotNull = false };
}
