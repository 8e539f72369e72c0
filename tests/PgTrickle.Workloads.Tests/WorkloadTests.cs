using PgTrickle.TestInfrastructure;
using PgTrickle.Workloads.Graphs;
using PgTrickle.Workloads.Nexmark;
using PgTrickle.Workloads.Running;
using PgTrickle.Workloads.Ssb;
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
        version, new TpchWorkload(1, Scale), string.Join(' ', Enumerable.Range(1, 22).Select(static n => $"q{n}")));

    [Theory]
    [PostgresVersions]
    public Task Nexmark_stays_equal_and_differential(PostgresVersion version) => RunAsync(
        version, new NexmarkWorkload(1, Scale), "q0 q1 q2 q3 q4 q5 q6 q7 q8 q9 q10 q13 q14 q15 q16 q17 q18 q19 q20 q21 q22");

    [Theory]
    [PostgresVersions]
    public Task The_star_schema_benchmark_stays_equal_and_differential(PostgresVersion version) => RunAsync(
        version, new SsbWorkload(1, Scale), "q1_1 q1_2 q1_3 q2_1 q2_2 q2_3 q3_1 q3_2 q3_3 q3_4 q4_1 q4_2 q4_3");

    [Theory]
    [PostgresVersions]
    public Task Recursive_queries_stay_equal_and_differential(PostgresVersion version) => RunAsync(version, new GraphWorkload(1, Scale), "ways heads loops used pieces reached");

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
