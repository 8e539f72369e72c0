using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Passes;

/// <summary>
/// What a condition over several relations says of one of them: <c>(a.x = 1 AND b.y = 2) OR (a.x = 3 AND b.y = 4)</c> holds only where <c>a.x = 1 OR a.x = 3</c>. PostgreSQL finds these, too,
/// but only within one level of a query.
/// </summary>
internal static class ImpliedFilters
{
    /// <summary>The relation with the filters that conditions imply; itself if there are none.</summary>
    /// <param name="relation">A relation of a join.</param>
    /// <param name="conditions">The join's conditions.</param>
    public static Operator Add(Operator relation, IEnumerable<SqlExpression> conditions)
    {
        if (Find(relation) is not { } table)
        {
            return relation;
        }

        var columns = table.ColumnSet();
        var implied = conditions.Select(c => Of(c, columns)).OfType<SqlExpression>().Except(Conditions(relation)).ToList();
        return implied.Count == 0 ? relation : Filtered(relation, implied);
    }

    /// <summary>The conditions of a filtered table.</summary>
    public static IEnumerable<SqlExpression> Conditions(Operator relation)
        => relation is Filter filter ? [.. filter.Predicate.Conjuncts(), .. Conditions(filter.Input)] : [];

    private static Scan? Find(Operator relation) => relation switch
    {
        Scan scan => scan,
        Filter filter => Find(filter.Input),
        _ => null,
    };

    /// <summary>Conditions that read the clock stand in a filter of their own, above all others.</summary>
    private static Filter Filtered(Operator relation, List<SqlExpression> conditions) => relation switch
    {
        Filter filter when ClockExpressions.ReadsClock(filter.Predicate) => filter with { Input = Filtered(filter.Input, conditions) },
        Filter filter => filter with { Predicate = And([.. filter.Predicate.Conjuncts(), .. conditions]) },
        _ => new Filter(relation, And(conditions)),
    };

    private static SqlExpression? Of(SqlExpression condition, HashSet<ColumnReference> columns)
    {
        if (condition is not LogicalExpression { Kind: LogicalKind.Or } or || condition.IsOver(columns))
        {
            return null;
        }

        var branches = new List<SqlExpression>();
        foreach (var branch in or.Operands)
        {
            var own = branch.Conjuncts().Where(c => c.References().Any() && c.IsOver(columns) && ExpressionSafety.CannotFail(c) && !ClockExpressions.ReadsClock(c)).ToList();
            if (own.Count == 0)
            {
                return null;
            }

            branches.Add(And(own));
        }

        return Or(branches);
    }
}
