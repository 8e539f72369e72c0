using PgTrickle.Dvm.Passes;
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

/// <summary>A join predicate made of equalities between the sides and conditions on the outer side alone.</summary>
internal sealed record EquiPredicate(SyntaxList<EquiPair> Pairs, SyntaxList<SqlExpression> OuterOnly)
{
    /// <summary>The predicate taken apart, or null if it isn't of this kind. Conditions on the inner side alone have been pushed into it before.</summary>
    public static EquiPredicate? Of(SqlExpression predicate, IReadOnlySet<ColumnReference> outer, IReadOnlySet<ColumnReference> inner)
    {
        var pairs = new List<EquiPair>();
        var rest = new List<SqlExpression>();
        foreach (var conjunct in predicate.Conjuncts())
        {
            if (conjunct is BinaryExpression { Operator: { Schema: null, Symbol: "=" } } equality && Pair(equality, outer, inner) is { } pair)
            {
                pairs.Add(pair);
            }
            else if (conjunct.IsOver(outer))
            {
                rest.Add(conjunct);
            }
            else
            {
                return null;
            }
        }

        return pairs.Count == 0 ? null : new EquiPredicate(pairs.ToSyntaxList(), rest.ToSyntaxList());
    }

    private static EquiPair? Pair(BinaryExpression equality, IReadOnlySet<ColumnReference> outer, IReadOnlySet<ColumnReference> inner)
        => IsOf(equality.Left, outer) && IsOf(equality.Right, inner) ? new(equality, equality.Left, equality.Right)
            : IsOf(equality.Right, outer) && IsOf(equality.Left, inner) ? new(equality, equality.Right, equality.Left)
            : null;

    private static bool IsOf(SqlExpression operand, IReadOnlySet<ColumnReference> columns) => operand.References().Any() && operand.IsOver(columns);
}
