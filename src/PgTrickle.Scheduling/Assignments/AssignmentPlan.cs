using System.Collections.Immutable;
using PgTrickle.Scheduling.Graph;

namespace PgTrickle.Scheduling.Assignments;

/// <summary>The assignments of all stream tables of one database.</summary>
/// <param name="Graph">The dependency graph behind them.</param>
/// <param name="Groups">All atomic groups.</param>
/// <param name="Assignments">By id.</param>
/// <param name="Excluded">Ids without an assignment, since they are on a cycle or downstream of one: a damaged catalog.</param>
/// <param name="Cycle">One of the cycles, for a message; null without any.</param>
public sealed record AssignmentPlan(
    DependencyGraph Graph,
    EquatableArray<AtomicGroup> Groups,
    ImmutableSortedDictionary<long, Assignment> Assignments,
    EquatableArray<long> Excluded,
    DependencyCycle? Cycle)
{
    /// <summary>The plan without stream tables, to compare the first one with.</summary>
    public static AssignmentPlan Empty { get; } = new(
        DependencyGraph.Empty, [], ImmutableSortedDictionary<long, Assignment>.Empty, [], null);

    /// <summary>Who must be told what, after <paramref name="previous"/>; both sorted by id.</summary>
    public AssignmentChanges Since(AssignmentPlan previous) => new(
        [.. Assignments.Values.Where(mine => !(previous.Assignments.TryGetValue(mine.Id, out var old) && old == mine))],
        [.. previous.Assignments.Keys.Where(id => !Assignments.ContainsKey(id))]);
}

/// <summary>The difference between two plans.</summary>
/// <param name="Assigned">New and changed assignments.</param>
/// <param name="Withdrawn">Ids whose stream table is gone.</param>
public sealed record AssignmentChanges(EquatableArray<Assignment> Assigned, EquatableArray<long> Withdrawn)
{
    /// <summary>True when nobody has to be told anything.</summary>
    public bool IsEmpty => Assigned.IsEmpty && Withdrawn.IsEmpty;
}
