using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>What a SELECT yields and sorts by: what stands above its aggregates and windows.</summary>
/// <param name="Targets">The select list.</param>
/// <param name="Sort">ORDER BY, where it matters.</param>
/// <param name="DistinctKeys">DISTINCT ON.</param>
internal sealed record SelectParts(SyntaxList<ComputedColumn> Targets, SyntaxList<OrderItem> Sort, SyntaxList<SqlExpression> DistinctKeys)
{
    /// <summary>All expressions.</summary>
    public IEnumerable<SqlExpression> Expressions => Targets.Select(static t => t.Expression).Concat(Sort.Select(static s => s.Expression)).Concat(DistinctKeys);

    /// <summary>The same with each expression replaced.</summary>
    public SelectParts Map(Func<SqlExpression, SqlExpression> map) => new(
        Targets.Select(t => t with { Expression = map(t.Expression) }).ToSyntaxList(),
        Sort.Select(s => s with { Expression = map(s.Expression) }).ToSyntaxList(),
        DistinctKeys.Select(map).ToSyntaxList());
}
