using PgTrickle.Fuzzing.Running;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Workloads.Tests;

/// <summary>
/// Some batches of the fuzzer, always the same ones, so that what is tested is the code and not somebody's luck; others if the variable names a seed, or says <c>random</c>. The hunt for new
/// seeds is the benchmarks' command, which runs as long as one likes.
/// </summary>
public sealed class FuzzerTests(ITestOutputHelper output)
{
    private const string SeedVariable = "PGTRICKLE_FUZZ_SEED";

    /// <summary>Random seeds are below this, so that they stay easy to type.</summary>
    private const int RandomSeeds = 1_000_000;

    /// <summary>How many batches follow a seed that was asked for.</summary>
    private const int AskedBatches = 4;

    /// <summary>Batches that reach most of the rules and constructs between them; each server has its own. A change of the generator makes other queries of them: choose anew then.</summary>
    private static readonly int[] BatchesOf15 = [1, 6, 7, 21, 465], BatchesOfLater = [1, 6, 7, 21, 465];

    [Theory]
    [PostgresVersions]
    public async Task Random_queries_stay_equal_under_random_changes(PostgresVersion version)
    {
        await using var database = await WorkloadDatabase.CreateAsync(version);
        var batches = Batches(version);
        output.WriteLine($"seeds: {string.Join(", ", batches)} (others with {SeedVariable}, a number or random)");
        var options = new FuzzOptions(TimeSpan.FromMinutes(5), batches[0], ShrinkFor: TimeSpan.FromSeconds(40), MaxFailures: 1) { Batches = batches };
        var fuzzer = new Fuzzer(database.StreamTables.Database, version.Major, options, database.StreamTables, output.WriteLine);
        await fuzzer.RunAsync();
        foreach (var line in fuzzer.Coverage().Append(fuzzer.Summary()))
        {
            output.WriteLine(line);
        }

        Assert.Empty(fuzzer.Failures);
        Assert.True(fuzzer.Comparisons > 100, fuzzer.Summary());
    }

    private static int[] Batches(PostgresVersion version) => Environment.GetEnvironmentVariable(SeedVariable) switch
    {
        null or "" => version.Major == 15 ? BatchesOf15 : BatchesOfLater,
        "random" => [.. Enumerable.Range(Random.Shared.Next(RandomSeeds), AskedBatches)],
        var asked => [.. Enumerable.Range(int.Parse(asked, System.Globalization.CultureInfo.InvariantCulture), AskedBatches)],
    };

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
        var options = new FuzzOptions(TimeSpan.FromMinutes(5), Seed: 1, ShrinkFor: TimeSpan.FromSeconds(30), MaxFailures: 1)
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
