using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>
/// What tells the partners of a row from each other, where they are rows of a table with a key. A key of the join that won partners had one before if a partner is there that did not come: to look for
/// one such ends with the first, while to count them reads all.
/// </summary>
internal static class PartnerKey
{
    /// <summary>The columns of the table's key; null if there is none, if partners are not found by equality alone, or if there is at most one.</summary>
    /// <param name="outer">The side whose rows have partners.</param>
    /// <param name="inner">The side that the partners are of.</param>
    /// <param name="predicate">Who is one.</param>
    public static IReadOnlyList<BoundColumn>? Of(Operator outer, Operator inner, SqlExpression predicate)
    {
        var source = inner;
        while (source is Filter filter && !ClockExpressions.ReadsClock(filter.Predicate))
        {
            source = filter.Input;
        }

        if (source is not Scan scan || MatchPredicate.Of(predicate.Conjuncts(), outer.ColumnSet(), inner.ColumnSet()) is not { Pairs.IsEmpty: false, Rest.IsEmpty: true } by)
        {
            return null;
        }

        var columns = scan.Columns.ToDictionary(static c => c.Name);
        var key = scan.Relation.UniqueKeys.Where(k => k.Count > 0 && k.All(c => columns.TryGetValue(c, out var column) && column is { NotNull: true, Type: { IsHashable: true, EqualityOperator: null } }))
            .OrderBy(static k => k.Count).FirstOrDefault().Select(c => columns[c]).ToList();
        return key.Count == 0 || key.TrueForAll(k => by.Pairs.Any(p => p.Inner == k.Reference)) ? null : key;
    }

    /// <summary>The columns of the keys that the rules for an operator make use of, beside those that it refers to.</summary>
    public static IEnumerable<ColumnReference> UsedBy(Operator source) => (source switch
    {
        Match match => Of(match.Outer, match.Inner, match.Predicate) ?? [],
        Join { Type: JoinType.Left } join => Of(join.Left, join.Right, join.Predicate) ?? [],
        Join { Type: JoinType.Full } join => (Of(join.Left, join.Right, join.Predicate) ?? []).Concat(Of(join.Right, join.Left, join.Predicate) ?? []),
        _ => [],
    }).Select(static c => c.Reference);
}
