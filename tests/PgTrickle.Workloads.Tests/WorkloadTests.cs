using PgTrickle.TestInfrastructure;
using PgTrickle.Workloads.Running;
using PgTrickle.Workloads.Tpch;
using Xunit.Abstractions;

namespace PgTrickle.Workloads.Tests;

/// <summary>The queries of known benchmarks, small: every stream table stays equal to its query, and is maintained by deltas.</summary>
public sealed class WorkloadTests(ITestOutputHelper output)
{
    /// <summary>A scale of a few thousand rows: more find nothing more.</summary>
    private const double Scale = 0.002;

    /// <summary>Five rounds meet all kinds of changes.</summary>
    private const int Rounds = 5;

    [Theory]
    [PostgresVersions]
    public Task TPC_H_stays_equal_and_differential(PostgresVersion version) => RunAsync(
        version, new TpchWorkload(1, Scale), "q1 q5 q6 q7 q8 q9 q12 q13 q14 q19");

    private async Task RunAsync(PostgresVersion version, Workload workload, string differential)
    {
        await using var database = await WorkloadDatabase.CreateAsync(version);
        await workload.LoadAsync(database.StreamTables.Database);
        var results = await WorkloadRun.RunAsync(database.StreamTables, workload, workload.Queries, Rounds, 0.03, output.WriteLine);
        Assert.Empty(results.Select(static r => r.Difference).OfType<string>());
        Assert.All(results, static r => Assert.Contains(r.ChangedRows, static rows => rows > 0));
        var full = results.Where(static r => !r.Table.IsDifferential).ToDictionary(static r => r.Table.Query.Name, static r => r.Table.Reason);
        Assert.Empty(differential.Split(' ').Where(full.ContainsKey).Select(name => $"{name}: {full[name]}"));
    }
}
