using PgTrickle.Postgres.Ports;

namespace PgTrickle.Workloads.Running;

/// <summary>What came of a query: an entry a round in each list.</summary>
/// <param name="Table">The stream table.</param>
public sealed record QueryResults(MaintainedQuery Table)
{
    /// <summary>Milliseconds of each refresh.</summary>
    public List<double> Refreshes { get; } = [];

    /// <summary>Milliseconds of each evaluation of the query.</summary>
    public List<double> Evaluations { get; } = [];

    /// <summary>Change rows that each refresh read; an update is two.</summary>
    public List<double> ChangedRows { get; } = [];

    /// <summary>Refreshes that evaluated the query although its plan has deltas.</summary>
    public int Fallbacks { get; set; }

    /// <summary>The first difference between stream table and query, with its round; null if there was none.</summary>
    public string? Difference { get; set; }
}

/// <summary>A workload's queries as stream tables, through rounds of changes; each refreshed, timed and compared after every round.</summary>
public static class WorkloadRun
{
    /// <summary>Runs a loaded workload.</summary>
    /// <param name="tables">Where.</param>
    /// <param name="workload">Its tables exist and are filled.</param>
    /// <param name="queries">Those of its queries that take part.</param>
    /// <param name="rounds">How many rounds of changes, at least 1.</param>
    /// <param name="share">See <see cref="Workload.ChangeAsync"/>.</param>
    /// <param name="progress">Is told in words what goes on.</param>
    public static async Task<IReadOnlyList<QueryResults>> RunAsync(
        StreamTables tables, Workload workload, IReadOnlyList<WorkloadQuery> queries, int rounds, double share, Action<string>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(tables);
        ArgumentNullException.ThrowIfNull(workload);
        ArgumentNullException.ThrowIfNull(queries);
        ArgumentOutOfRangeException.ThrowIfLessThan(rounds, 1);
        var results = new List<QueryResults>();
        foreach (var query in queries)
        {
            results.Add(new QueryResults(await tables.CreateAsync(query)));
            progress?.Invoke($"{query.Name}: {results[^1].Table.Mode} {results[^1].Table.Reason}");
        }

        for (var round = 0; round < rounds; round++)
        {
            await workload.ChangeAsync(tables.Database, round, share);
            foreach (var (result, index) in results.Select(static (r, i) => (r, i)))
            {
                await MeasureAsync(tables, result, refreshFirst: (round + index) % 2 == 0);
                if (result.Difference is null && await tables.DifferenceAsync(result.Table) is { } difference)
                {
                    result.Difference = $"{result.Table.Query.Name}, round {round}: {difference}";
                    progress?.Invoke(result.Difference);
                }
            }

            await tables.Engine.CleanUpAsync(CancellationToken.None);
            progress?.Invoke($"round {round + 1} of {rounds}");
        }

        return results;
    }

    /// <summary>Who comes second finds the pages warm: they take turns.</summary>
    private static async Task MeasureAsync(StreamTables tables, QueryResults result, bool refreshFirst)
    {
        if (!refreshFirst)
        {
            result.Evaluations.Add(await tables.EvaluateAsync(result.Table.Query));
        }

        var (milliseconds, outcome) = await tables.RefreshAsync(result.Table);
        result.Refreshes.Add(milliseconds);
        result.ChangedRows.Add(outcome.DeltaRows);
        if (result.Table.IsDifferential && outcome.Action is RefreshAction.Full or RefreshAction.Reinitialize)
        {
            result.Fallbacks++;
        }

        if (refreshFirst)
        {
            result.Evaluations.Add(await tables.EvaluateAsync(result.Table.Query));
        }
    }
}
