using PgTrickle.Fuzzing.Running;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Workloads.Tests;

/// <summary>
/// Some batches of the fuzzer, others each time, or those of the seed that the variable gives. The benchmarks' command runs it from any seed for as long as one likes.
/// </summary>
public sealed class FuzzerTests(ITestOutputHelper output)
{
    private const string SeedVariable = "PGTRICKLE_FUZZ_SEED";

    /// <summary>Seeds are random below this, so that they stay easy to type.</summary>
    private const int Seeds = 1_000_000;

    [Theory]
    [PostgresVersions]
    public async Task Random_queries_stay_equal_under_random_changes(PostgresVersion version)
    {
        await using var database = await WorkloadDatabase.CreateAsync(version);
        var seed = int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), out var asked) ? asked : Random.Shared.Next(Seeds);
        output.WriteLine($"seed: {seed} (again with {SeedVariable}={seed})");
        var options = new FuzzOptions(TimeSpan.FromMinutes(5), seed, ShrinkFor: TimeSpan.FromSeconds(40), MaxFailures: 1) { MaxBatches = 4 };
        var fuzzer = new Fuzzer(database.StreamTables.Database, version.Major, options, database.StreamTables, output.WriteLine);
        await fuzzer.RunAsync();
        foreach (var line in fuzzer.Coverage().Append(fuzzer.Summary()))
        {
            output.WriteLine(line);
        }

        Assert.Empty(fuzzer.Failures);
        Assert.True(fuzzer.Comparisons > 100, fuzzer.Summary());
    }

    /// <summary>Scripts that the fuzzer printed, and some written in their manner, each for a mistake that was made once.</summary>
    [Theory]
    [PostgresVersions]
    public async Task What_went_wrong_once_does_not_again(PostgresVersion version)
    {
        await using var database = await WorkloadDatabase.CreateAsync(version);
        var fuzzer = new Fuzzer(database.StreamTables.Database, version.Major, new FuzzOptions(TimeSpan.Zero, Seed: 0, ShrinkFor: TimeSpan.Zero));
        var cases = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Cases"), "*.sql").Order(StringComparer.Ordinal).ToList();
        Assert.NotEmpty(cases);
        var wrong = new List<string>();
        foreach (var path in cases)
        {
            if (await fuzzer.ReplayAsync(await File.ReadAllTextAsync(path)) is { } seen)
            {
                wrong.Add($"{Path.GetFileName(path)}: {seen}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
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
