using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Binding;

/// <summary>
/// What is left of a sub-select of which only one thing is asked: whether it has a row. PostgreSQL leaves the same out (<c>simplify_EXISTS_query</c>), so expressions that stand there raise no
/// errors; were they kept, a delta would fail where the query does not.
/// </summary>
internal static class ExistenceQuery
{
    /// <summary>The query without order and limit, and without select list, DISTINCT and keys where there is a row for each row of FROM that passes WHERE, or for each group of them.</summary>
    public static Query Of(Query query, FunctionCatalog functions)
    {
        if (query.Offset is not null || query.Limit is not (null or Literal { Kind: LiteralKind.Number, Text: not "0" }))
        {
            return query;
        }

        var unordered = query with { OrderBy = [], Limit = null, WithTies = false };
        return query.Body is SelectBody select && IsRowByRow(query, select, functions)
            ? unordered with { Body = select with { Targets = [new SelectTarget(Integer(1), "one")], Distinct = null, GroupBy = null, Windows = [] } }
            : unordered;
    }

    private static bool IsRowByRow(Query query, SelectBody select, FunctionCatalog functions)
        => select.Having is null
            && (select.GroupBy is null || select.GroupBy.Elements.All(static e => e is GroupingExpressions { Expressions.IsEmpty: false }))
            && !((IEnumerable<SqlNode?>)[.. select.Targets, .. query.OrderBy, select.Distinct, select.GroupBy]).OfType<SqlNode>().SelectMany(static t => t.DescendantsAndSelf())
                .Any(n => n is FunctionCall call && (call.Over is not null || functions.IsAggregate(call) || functions.ReturnsSet(call)));
}
