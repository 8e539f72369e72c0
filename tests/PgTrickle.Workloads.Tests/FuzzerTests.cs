using PgTrickle.Fuzzing.Running;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Workloads.Tests;

/// <summary>
/// Some batches of the fuzzer: the same ones each time, so that a change is judged by itself, or from the seed that the variable gives. The benchmarks' command runs it from any
/// seed for as long as one likes.
/// </summary>
public sealed class FuzzerTests(ITestOutputHelper output)
{
    private const string SeedVariable = "PGTRICKLE_FUZZ_SEED";

    private const int FirstSeed = 26;

    [Theory]
    [PostgresVersions]
    public async Task Random_queries_stay_equal_under_random_changes(PostgresVersion version)
    {
        await using var database = await WorkloadDatabase.CreateAsync(version);
        var seed = int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), out var asked) ? asked : FirstSeed;
        output.WriteLine($"seed: {seed} (another one with {SeedVariable})");
        var options = new FuzzOptions(TimeSpan.FromMinutes(5), seed, ShrinkFor: TimeSpan.FromSeconds(40), MaxFailures: 1) { MaxBatches = 6 };
        var fuzzer = new Fuzzer(database.StreamTables.Database, version.Major, options, database.StreamTables, output.WriteLine);
        await fuzzer.RunAsync();
        foreach (var line in fuzzer.Coverage().Append(fuzzer.Summary()))
        {
            output.WriteLine(line);
        }

        Assert.Empty(fuzzer.Failures);
        Assert.True(fuzzer.Comparisons > 100, fuzzer.Summary());
    }

    [Theory]
    [PostgresVersions]
    public async Task A_table_whose_changes_are_withheld_is_found_made_small_and_found_again(PostgresVersion version)
    {
        await using var database = await WorkloadDatabase.CreateAsync(version);
        var options = new FuzzOptions(TimeSpan.FromSeconds(60), Seed: 1, ShrinkFor: TimeSpan.FromSeconds(15), MaxFailures: 1)
        {
            QueriesPerBatch = 6,
            Intervals = 3,
            Withheld = "b",
        };
        var fuzzer = new Fuzzer(database.StreamTables.Database, version.Major, options);
        await fuzzer.RunAsync();
        var script = Assert.Single(fuzzer.Failures.Take(1));
        output.WriteLine(script);
        Assert.Contains("fuzz.b", script, StringComparison.Ordinal);
        Assert.True(script.Split("--! end")[0].Length < 4000, "it is still long");
        Assert.NotNull(await fuzzer.ReplayAsync(script));
        var sound = new Fuzzer(database.StreamTables.Database, version.Major, options with { Withheld = null });
        Assert.Null(await sound.ReplayAsync(script));
    }
}
