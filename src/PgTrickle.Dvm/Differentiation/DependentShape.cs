using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>
/// The inner side of a dependent join, seen as a function of the rows that a condition relates to the outer row: <see cref="Core"/>, which refers to nothing outside, and what stands
/// above it.
/// </summary>
/// <param name="At">The operator in the inner side whose rows are those of the core that satisfy the conditions.</param>
/// <param name="Core">The same operator without the correlated conditions.</param>
/// <param name="Conditions">The correlated conditions over the core's and the outer side's columns.</param>
/// <param name="Columns">The core's columns that anything needs.</param>
/// <param name="Grouping">The aggregate right above, if all that stands above it are filters and projections; null otherwise.</param>
internal sealed record DependentShape(
    Operator At, Operator Core, SyntaxList<SqlExpression> Conditions, IReadOnlyList<BoundColumn> Columns, Aggregate? Grouping)
{
    /// <summary>The shape of an inner side, or null if it has more than one part that refers to the outer row.</summary>
    public static DependentShape? Of(Operator inner)
    {
        var above = new List<Operator>();
        var at = inner;
        while (true)
        {
            if (Correlation.TakeOut(at, existence: false, groups: false) is { } core)
            {
                return Of(inner, above, at, core);
            }

            if (at.Inputs.Count != 1)
            {
                return null;
            }

            above.Add(at);
            at = at.Inputs[0];
        }
    }

    private static DependentShape Of(Operator inner, List<Operator> above, Operator at, Uncorrelated core)
    {
        var used = above.SelectMany(static o => o.OwnExpressions()).Concat(core.Conditions).SelectMany(static e => e.References())
            .Concat(inner.Columns.Select(static c => c.Reference))
            .ToHashSet();

        // What passes its input's columns on as they are needs them all.
        var all = above.FindLast(static o => o is not Filter) is { } first && first is not (Project or Aggregate or Window);
        var columns = core.Source.Columns.Where(c => all || used.Contains(c.Reference)).ToList();
        var grouping = above.Count > 0 && above[^1] is Aggregate aggregate && above.SkipLast(1).All(static o => o is Filter or Project) ? aggregate : null;
        return new DependentShape(at, core.Source, core.Conditions, columns, grouping);
    }
}
