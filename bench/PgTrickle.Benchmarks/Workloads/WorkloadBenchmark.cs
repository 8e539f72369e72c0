using System.CommandLine;
using System.Globalization;
using PgTrickle.Benchmarks.Harness;
using PgTrickle.Workloads.Running;

namespace PgTrickle.Benchmarks.Workloads;

/// <summary>All queries of a known benchmark as stream tables, through rounds of changes: is each equal to its query, and what is a refresh worth against evaluating it?</summary>
internal static class WorkloadBenchmark
{
    private sealed record Settings(int Version, double Scale, int Rounds, double Share, int Seed, string[] Queries, bool IsDurable);

    /// <param name="name">The subcommand.</param>
    /// <param name="description">What it runs.</param>
    /// <param name="create">Makes the workload from seed and scale.</param>
    public static Command Command(string name, string description, Func<int, double, Workload> create) => Command(name, description, (seed, scale, _) => create(seed, scale), part: null);

    /// <param name="name">The subcommand.</param>
    /// <param name="description">What it runs.</param>
    /// <param name="create">Makes the workload from seed, scale, and whether only a part of the tables changes.</param>
    /// <param name="part">Asks for that.</param>
    public static Command Command(string name, string description, Func<int, double, bool, Workload> create, Option<bool>? part)
    {
        var postgres = new Option<int>("--postgres") { DefaultValueFactory = _ => 18, Description = "Major version of the server." };
        var scale = new Option<double>("--scale") { DefaultValueFactory = _ => 0.1, Description = "Size of the data; 1 is the benchmark's own." };
        var rounds = new Option<int>("--rounds") { DefaultValueFactory = _ => 10, Description = "Rounds of changes." };
        var change = new Option<double>("--change") { DefaultValueFactory = _ => 0.001, Description = "Changed rows a round, as a part of the large tables." };
        var seed = new Option<int>("--seed") { DefaultValueFactory = _ => 1, Description = "Seed of data and changes." };
        var queries = new Option<string>("--queries") { DefaultValueFactory = _ => "", Description = "Only these queries, as 1,3 or q1,q3." };
        var durable = new Option<bool>("--durable") { Description = "Commits wait for the disk." };
        var command = new Command(name, description) { postgres, scale, rounds, change, seed, queries, durable };
        if (part is not null)
        {
            command.Add(part);
        }

        command.SetAction(async (result, _) => await RunAsync(
            create(result.GetValue(seed), result.GetValue(scale), part is not null && result.GetValue(part)),
            new(
                result.GetValue(postgres),
                result.GetValue(scale),
                result.GetValue(rounds),
                result.GetValue(change),
                result.GetValue(seed),
                result.GetValue(queries)!.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
                result.GetValue(durable))));
        return command;
    }

    private static async Task<int> RunAsync(Workload workload, Settings settings)
    {
        var queries = Chosen(workload, settings.Queries);
        if (queries.Count == 0)
        {
            await Console.Error.WriteLineAsync($"no such query; there are {string.Join(", ", workload.Queries.Select(static q => q.Name))}");
            return 2;
        }

        await using var server = await BenchServer.StartAsync(settings.Version, settings.IsDurable);
        await Console.Error.WriteLineAsync(FormattableString.Invariant($"{workload.Name} at scale {settings.Scale}, seed {settings.Seed}, PostgreSQL {settings.Version}: loading"));
        await workload.LoadAsync(server.Database);
        var results = await WorkloadRun.RunAsync(
            server.StreamTables, workload, queries, settings.Rounds, settings.Share, progress: static line => Console.Error.WriteLine(line));
        var table = new ResultTable("query", "mode", "rows changed", "refresh ms", "query ms", "ratio", "evaluated", "equal");
        foreach (var result in results)
        {
            table.Add(
                result.Table.Query.Name, result.Table.Mode, Median(result.ChangedRows, "F0"), Median(result.Refreshes, "F2"), Median(result.Evaluations, "F2"),
                Ratio(result)?.ToString("F2", CultureInfo.InvariantCulture) ?? "-", $"{result.Fallbacks} of {settings.Rounds}", result.Difference is null ? "yes" : "NO");
        }

        table.Print();
        foreach (var result in results.Where(static r => r.Table.Reason is not null))
        {
            Console.WriteLine($"{result.Table.Query.Name}: {result.Table.Reason}");
        }

        foreach (var difference in results.Select(static r => r.Difference).OfType<string>())
        {
            Console.WriteLine(difference);
        }

        var differential = results.Count(static r => r.Table.IsDifferential);
        var equal = results.Count(static r => r.Difference is null);
        var mean = Math.Exp(results.Select(Ratio).OfType<double>().Average(Math.Log));
        Console.WriteLine(FormattableString.Invariant(
            $"{workload.Name}: {differential} of {results.Count} differential, {equal} of {results.Count} equal, geomean {mean:F1}"));
        return equal == results.Count ? 0 : 1;
    }

    /// <summary>Null where nothing changed that the query reads.</summary>
    private static double? Ratio(QueryResults result) =>
        Statistics.Median(result.ChangedRows) > 0 ? Statistics.Median(result.Evaluations) / Statistics.Median(result.Refreshes) : null;

    private static string Median(List<double> values, string format) => Statistics.Median(values).ToString(format, CultureInfo.InvariantCulture);

    private static IReadOnlyList<WorkloadQuery> Chosen(Workload workload, string[] names) => names.Length == 0
        ? workload.Queries
        : [.. workload.Queries.Where(q => names.Any(n => q.Name == n || q.Name == "q" + n))];
}
