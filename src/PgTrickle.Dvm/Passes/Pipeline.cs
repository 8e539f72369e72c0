using PgTrickle.Dvm.Operators;

namespace PgTrickle.Dvm.Passes;

/// <summary>All passes in their order, and what each needs and leaves behind.</summary>
internal static class Pipeline
{
    public static IReadOnlyList<IPass> Passes { get; } =
    [
        // Needs nothing. Afterwards projections stand only at the root, in UNION ALL and DISTINCT, and where an outer join pads computed columns.
        new MergeProjections(),

        // Needs merged projections. Afterwards each conjunct stands as low as it may, those that read the clock in filters of their own.
        new PushFilters(),

        // Needs conditions in their places. Afterwards inner joins are cross products only where no condition connects them.
        new OrderJoins(),

        // Needs conditions in their places, to see what rows they leave out. Afterwards aggregates that are kept for all rows are joined; the conditions that it adds are moved by the next.
        new Decorrelate(),
        new PushFilters(),

        // Needs filters out of the way of keys. Afterwards no DISTINCT [ON] stands over rows that are distinct anyway.
        new EliminateDistinct(),

        // Needs filters out of the way of keys. Afterwards DISTINCT in an aggregate is a grouping of its own where that can be added up.
        new DistinctCalls(),

        // Needs DISTINCT to be needed. Afterwards there is no Distinct: it is an aggregate without calls.
        new DistinctToAggregate(),

        // The projections that the three passes before left, merged like the others.
        new MergeProjections(),

        // Needs merged projections, and no Distinct, which asks for all columns. Afterwards dependent sides have the columns that are used.
        new TrimDependent(),

        // Needs conditions in their places. Afterwards no condition of a join or of a dependent side reads the clock.
        new IsolateJoinClock(),

        // Needs to be the last that moves projections. Afterwards the clock is read by filters and projections only.
        new IsolateClock(),
    ];

    /// <summary>The tree after all passes.</summary>
    /// <exception cref="CompileException">The clock is read where no rule follows it.</exception>
    public static Operator Run(Operator root)
    {
        var result = Passes.Aggregate(root, static (tree, pass) => pass.Apply(tree));
        return result.DescendantsAndSelf().FirstOrDefault(static o => o is not (Filter or Project or Recursion) && o.OwnExpressions().Any(ClockExpressions.ReadsClock)) is { } lost
            ? throw new CompileException(new CompileError(
                CompileErrorKind.NotImplemented, $"the clock in {lost.GetType().Name}", "", "only conditions and computed columns follow the clock"))
            : result;
    }
}
