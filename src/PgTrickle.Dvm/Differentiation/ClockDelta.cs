using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>
/// Filters and projections, which are linear, and the clock, which makes them bilinear: with f at the time of the frontier and g at the time of the refresh,
/// D = f(D(L)) + g(N(L)) - f(N(L)). A filter needs only the rows of N(L) on which f and g disagree.
/// </summary>
internal sealed class ClockDelta(DeltaContext context, Differentiator differentiator)
{
    public IReadOnlyList<Fragment> OfFilter(Filter filter, IReadOnlySet<ColumnReference> required)
    {
        var input = differentiator.Delta(filter.Input, Differentiator.Below(filter.Predicate, required));
        if (!context.ClockMoved || !ClockExpressions.ReadsClock(filter.Predicate))
        {
            return [.. input.Select(f => f.Filtered(filter.Predicate))];
        }

        var old = ClockExpressions.AtFrontier(filter.Predicate);
        var crossing = context.Present.Read(filter.Input).Filtered(Or(filter.Predicate.Conjuncts().Select(Boundary)))
            .Filtered(IsDistinctFrom(IsTrue(filter.Predicate), IsTrue(old)));
        var weight = Case(crossing.Resolve(filter.Predicate), Consolidation.AsBigInteger(Integer(1)), Consolidation.AsBigInteger(Integer(-1)));
        return [.. input.Select(f => f.Filtered(old)), crossing with { Weight = weight }];
    }

    public IReadOnlyList<Fragment> OfProject(Project project, IReadOnlySet<ColumnReference> required)
    {
        var columns = project.Columns.Zip(project.Outputs).Where(p => required.Contains(p.First.Reference)).Select(static p => p.Second).ToList();
        var below = columns.SelectMany(static c => c.Expression.References()).ToHashSet();
        var input = differentiator.Delta(project.Input, below);
        if (!context.ClockMoved || !columns.Exists(static c => ClockExpressions.ReadsClock(c.Expression)))
        {
            return [.. input.Select(f => f.Projected(project.Alias, columns.Select(static c => (c.Name, c.Expression))))];
        }

        var old = columns.Select(static c => (c.Name, ClockExpressions.AtFrontier(c.Expression))).ToList();
        var present = context.Present.Read(project.Input);
        var moving = columns.Where(static c => ClockExpressions.ReadsClock(c.Expression)).ToList();
        if (moving.TrueForAll(static c => c.Type == WellKnownTypes.Boolean))
        {
            // Of conditions only the rows count that change their mind; of other types, equal need not be identical.
            present = present.Filtered(Or(moving.Select(static c => ClockExpressions.Moved(c.Expression))));
        }

        return
        [
            .. input.Select(f => f.Projected(project.Alias, old)),
            present.Projected(project.Alias, columns.Select(static c => (c.Name, c.Expression))),
            present.Projected(project.Alias, old).Negated(),
        ];
    }

    /// <summary>
    /// A condition that holds wherever a conjunct may have another value than at the frontier. Where a column is compared with an expression of the clock, that is a range
    /// between the expression's two values, and an index finds it; a conjunct that doesn't read the clock never changes.
    /// </summary>
    private static SqlExpression Boundary(SqlExpression conjunct)
    {
        if (!ClockExpressions.ReadsClock(conjunct))
        {
            return False;
        }

        if (conjunct is BinaryExpression { Operator: { Schema: null } symbol } comparison)
        {
            var (value, bound, name) = ClockExpressions.ReadsClock(comparison.Right)
                ? (comparison.Left, comparison.Right, symbol.Symbol)
                : (comparison.Right, comparison.Left, Mirrored(symbol.Symbol));
            if (IsFixed(bound) && !ClockExpressions.ReadsClock(value))
            {
                SqlExpression[] times = [bound, ClockExpressions.AtFrontier(bound)];
                var least = new ConditionalFunction(ConditionalKind.Least, [.. times]);
                var greatest = new ConditionalFunction(ConditionalKind.Greatest, [.. times]);
                switch (name)
                {
                    case ">=" or "<":
                        return And(Binary(value, ">=", least), Binary(value, "<", greatest));
                    case ">" or "<=":
                        return And(Binary(value, ">", least), Binary(value, "<=", greatest));
                    case "=":
                        return Or(times.Select(t => Eq(value, t)));
                }
            }
        }

        return True;
    }

    private static bool IsFixed(SqlExpression bound) => !bound.References().Any();

    private static string Mirrored(string symbol) => symbol switch
    {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        _ => symbol,
    };
}
