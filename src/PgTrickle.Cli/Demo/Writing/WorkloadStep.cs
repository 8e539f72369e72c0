using System.Collections.Immutable;

namespace PgTrickle.Cli.Demo.Writing;

/// <summary>A kind of write that an application makes.</summary>
/// <param name="Name">For messages and tests.</param>
/// <param name="Weight">How often it is chosen, relative to the others.</param>
/// <param name="RunAsync">Does it and returns the number of rows changed.</param>
internal sealed record WorkloadStep(string Name, int Weight, Func<WriteSession, CancellationToken, Task<int>> RunAsync)
{
    /// <summary>All steps of the workload.</summary>
    public static ImmutableArray<WorkloadStep> All { get; } = [.. OrderSteps.All, .. EventSteps.All, .. CustomerSteps.All];

    /// <summary>One of <paramref name="steps"/>, by weight.</summary>
    public static WorkloadStep Choose(ImmutableArray<WorkloadStep> steps, Random random)
    {
        var ticket = random.Next(steps.Sum(step => step.Weight));
        foreach (var step in steps)
        {
            ticket -= step.Weight;
            if (ticket < 0)
            {
                return step;
            }
        }

        throw new InvalidOperationException("Weights must be positive.");
    }
}
