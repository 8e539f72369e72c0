using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>An equality between the two sides of a join.</summary>
/// <param name="Conjunct">The comparison as it stands.</param>
/// <param name="Outer">The operand over the outer side.</param>
/// <param name="Inner">The operand over the inner side.</param>
internal sealed record EquiPair(BinaryExpression Conjunct, SqlExpression Outer, SqlExpression Inner)
{
    /// <summary>The comparison with other operands, each on the side where it stood.</summary>
    public BinaryExpression With(SqlExpression outer, SqlExpression inner)
        => ReferenceEquals(Conjunct.Left, Outer) ? Conjunct with { Left = outer, Right = inner } : Conjunct with { Left = inner, Right = outer };
}
