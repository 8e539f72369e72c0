using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>
/// The scales that a numeric expression may have, where they are few: of <c>CASE WHEN b THEN price * (1 - discount) ELSE 0 END</c> 4 and 0. A sum shows the widest
/// scale of what it is over, so it can be kept by adding and subtracting if it is known how many values have each.
/// </summary>
internal static class NumericScales
{
    /// <summary>More are not worth a hidden count each.</summary>
    private const int Most = 4;

    /// <summary>The scales, from the widest; null if they are not known, or too many.</summary>
    public static IReadOnlyList<int>? Of(SqlExpression expression, Func<ColumnReference, BoundColumn?> columns)
        => Find(expression, columns) is { Count: > 0 and <= Most } found ? [.. found.OrderDescending()] : null;

    private static HashSet<int>? Find(SqlExpression expression, Func<ColumnReference, BoundColumn?> columns)
    {
        if (ExpressionType.Of(expression, columns).Type is { } type && AggregateTypes.Scale(type) is { } scale)
        {
            return [scale];
        }

        HashSet<int>? Recurse(SqlExpression e) => Find(e, columns);
        return expression switch
        {
            Literal { Kind: LiteralKind.Null } => [],
            CaseExpression @case => Union(@case.Branches.Select(static b => b.Result).Append(@case.Else ?? Sql.SqlFactory.Null).Select(Recurse)),
            ConditionalFunction { Kind: ConditionalKind.Coalesce or ConditionalKind.Greatest or ConditionalKind.Least } choice => Union(choice.Arguments.Select(Recurse)),
            Cast { Type: { } target } cast when target == TypeName.Standard("numeric") => Recurse(cast.Operand),
            UnaryExpression { Operator: { Schema: null, Symbol: "-" or "+" } } unary => Recurse(unary.Operand),
            BinaryExpression { Operator: { Schema: null, Symbol: "+" or "-" } } sum => Pairs(Recurse(sum.Left), Recurse(sum.Right), Math.Max),
            BinaryExpression { Operator: { Schema: null, Symbol: "*" } } product => Pairs(Recurse(product.Left), Recurse(product.Right), static (l, r) => l + r),
            _ => null,
        };
    }

    private static HashSet<int>? Union(IEnumerable<HashSet<int>?> parts)
    {
        var all = new HashSet<int>();
        foreach (var part in parts)
        {
            if (part is null)
            {
                return null;
            }

            all.UnionWith(part);
        }

        return all;
    }

    private static HashSet<int>? Pairs(HashSet<int>? left, HashSet<int>? right, Func<int, int, int> combine)
        => left is null || right is null ? null : left.SelectMany(l => right.Select(r => combine(l, r))).ToHashSet();
}
