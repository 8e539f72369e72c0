using PgTrickle.Dvm.Binding;
using PgTrickle.Dvm.Differentiation;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Passes;

/// <summary>
/// Orders that leave nothing open: where a query's own order has ties, the images of the rows decide. Of the answers that PostgreSQL may give it is always the same one, so that
/// the former answer is known without having been stored.
/// </summary>
internal sealed class ImageOrder
{
    private readonly Operator _input;
    private readonly Dictionary<ColumnReference, BoundColumn> _columns;

    public ImageOrder(Operator input)
    {
        _input = input;
        _columns = input.Columns.ToDictionary(static c => c.Reference);
    }

    public ExpressionType TypeOf(SqlExpression expression) => ExpressionType.Of(expression, _columns.GetValueOrDefault);

    /// <summary>Whether equal values of an expression are known to be identical.</summary>
    public bool IsImageEqual(SqlExpression expression) => TypeOf(expression).Type is { IsImageEqual: true };

    /// <summary>The order, and after it whatever of the values it does not settle.</summary>
    public SyntaxList<OrderItem> Settle(SyntaxList<OrderItem> order, IEnumerable<SqlExpression> values)
    {
        var settled = order.Select(static o => o.Expression).Where(IsImageEqual).ToHashSet();
        var open = values.Where(v => v is not Literal && !settled.Contains(v)).Distinct();
        return order.AddRange(open.Select(v => OrderBy(TypeOf(v).Type is { IsImageEqual: true, IsOrdered: true } ? v : Image(v))));
    }

    /// <summary>
    /// The text is computed, so that it is never the value itself under another collation: PostgreSQL 16 and later sort the input of an aggregate by its groups and its order, and where both are
    /// one column, a sort of a single column looks at the first of its keys only.
    /// </summary>
    private static SqlExpression Image(SqlExpression value) => Consolidation.AsText(Binary(Cast(value, TypeName.Named("text")), "||", String("")));

    /// <summary>Whether rows that are equal in all of these are the same row.</summary>
    public bool IsTotal(IEnumerable<SqlExpression> values)
    {
        var columns = values.OfType<ColumnReference>().ToHashSet();
        return KeyInference.Keys(_input).Any(k => k.IsSubsetOf(columns));
    }
}
