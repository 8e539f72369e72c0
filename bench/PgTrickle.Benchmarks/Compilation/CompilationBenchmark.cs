using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using PgTrickle.Benchmarks.Harness;
using PgTrickle.Dvm;
using PgTrickle.Postgres.Compilation;
using PgTrickle.Postgres.Ports;
using PgTrickle.Sql;
using PgTrickle.Sql.Syntax;
using PgTrickle.TestInfrastructure;
using PgTrickle.Workloads.Running;
using PgTrickle.Workloads.Tpch;

namespace PgTrickle.Benchmarks.Compilation;

/// <summary>
/// What the compiler itself costs for each query of TPC-H, without what PostgreSQL takes to analyse it; and how long a node that was replaced by one with a
/// newer compiler takes to make many plans anew.
/// </summary>
internal static class CompilationBenchmark
{
    public static Command Command()
    {
        var postgres = new Option<int>("--postgres") { DefaultValueFactory = _ => 18, Description = "Major version of the server." };
        var runs = new Option<int>("--runs") { DefaultValueFactory = _ => 20, Description = "Compilations of each query after the first." };
        var tables = new Option<int>("--stream-tables") { DefaultValueFactory = _ => 1000, Description = "Stream tables whose plans are made anew; 0 leaves this out." };
        var command = new Command("compilation", "Compiling the queries of TPC-H, and 1000 stream tables anew after a restart.") { postgres, runs, tables };
        command.SetAction(async (result, _) => await RunAsync(result.GetValue(postgres), result.GetValue(runs), result.GetValue(tables)));
        return command;
    }

    private static async Task<int> RunAsync(int version, int runs, int streamTables)
    {
        await using var server = await BenchServer.StartAsync(version, isDurable: false);
        var workload = new TpchWorkload(seed: 1, scale: 0.001);
        await workload.LoadAsync(server.Database);
        var table = new ResultTable("query", "first ms", "median ms", "statements", "kB");
        foreach (var query in workload.Queries)
        {
            table.Add(await MeasureAsync(server, query, runs));
        }

        table.Print();
        if (streamTables > 0)
        {
            await RestartAsync(server, workload, streamTables);
        }

        return 0;
    }

    /// <summary>From the canonical text to the statements that a new stream table has from the start.</summary>
    private static async Task<string[]> MeasureAsync(BenchServer server, WorkloadQuery query, int runs)
    {
        await using var connection = await server.Database.OpenConnectionAsync();
        var times = new List<double>();
        var statements = new List<string>();
        await QueryExplainer.CompileAsync(
            connection,
            query.Text,
            RequestedMode.Differential,
            (analysis, catalog, options) =>
            {
                for (var run = 0; run <= runs; run++)
                {
                    var started = Stopwatch.GetTimestamp();
                    var plan = Compiler.Compile(analysis with { Query = CanonicalSql.ParseQuery(analysis.Text) }, catalog, options);
                    statements = Statements(plan);
                    times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                }

                return Compiler.Compile(analysis, catalog, options);
            },
            CancellationToken.None);
        return [query.Name, Format(times[0]), Format(Statistics.Median(times.Skip(1))),
            statements.Count.ToString(CultureInfo.InvariantCulture), (statements.Sum(static s => s.Length) / 1024).ToString(CultureInfo.InvariantCulture)];
    }

    private static List<string> Statements(CompiledPlan plan)
    {
        var names = new PlanNames(
            new QualifiedName("stream_table"),
            plan.Sources.Select(static s => new QualifiedName(string.Create(CultureInfo.InvariantCulture, $"changes_{s.Ordinal}"))).ToSyntaxList());
        return
        [
            .. plan.Setup(names), .. plan.Fill(names), .. plan.Full(names),
            .. plan.Mode == PlanMode.Full ? [] : plan.Sources.SelectMany(s => plan.Delta(names, 1L << s.Ordinal)),
        ];
    }

    private static async Task RestartAsync(BenchServer server, TpchWorkload workload, int streamTables)
    {
        var ids = new List<long>();
        for (var number = 0; number < streamTables; number++)
        {
            var query = workload.Queries[number % workload.Queries.Count];
            ids.Add(await server.CreateAsync(string.Create(CultureInfo.InvariantCulture, $"{query.Name}_{number}"), query.Text));
        }

        await server.Database.ExecuteAsync("UPDATE pgtrickle.plans SET compiler_version = compiler_version - 1");
        await using var restarted = await StreamTables.OpenAsync(server.Database, server.ConnectionString);
        var compiled = await RefreshAllAsync(restarted, ids);
        await server.Database.ExecuteAsync("UPDATE pgtrickle.stream_table_state SET needs_reinit = true");
        var refreshed = await RefreshAllAsync(restarted, ids);
        Console.WriteLine(FormattableString.Invariant(
            $"{streamTables} stream tables compiled anew and reinitialised by 4 workers in {compiled:F1} s; reinitialised once more in {refreshed:F1} s, so compiled in {compiled - refreshed:F1} s"));
    }

    private static async Task<double> RefreshAllAsync(StreamTables node, List<long> ids)
    {
        var started = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (id, cancellation) =>
            await node.Engine.RefreshAsync(new([id], RefreshInitiator.Scheduler), cancellation));
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static string Format(double value) => value.ToString("F1", CultureInfo.InvariantCulture);
}
