using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using PgTrickle.Benchmarks.Harness;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Benchmarks.Idle;

/// <summary>What a cluster costs while nothing changes: processor time of a real node process and of the whole server, as shares of one core.</summary>
internal static class IdleBenchmark
{
    public static Command Command()
    {
        var postgres = new Option<int>("--postgres") { DefaultValueFactory = _ => 18, Description = "Major version of the server." };
        var tables = new Option<int>("--stream-tables") { DefaultValueFactory = _ => 1000, Description = "Number of stream tables." };
        var sources = new Option<int>("--sources") { DefaultValueFactory = _ => 100, Description = "Number of tables that they read." };
        var seconds = new Option<int>("--seconds") { DefaultValueFactory = _ => 60, Description = "How long the processor time is observed." };
        var command = new Command("idle", "Processor time of a node and its server with 1000 stream tables and no changes.") { postgres, tables, sources, seconds };
        command.SetAction(async (result, cancellation) => await RunAsync(
            result.GetValue(postgres), result.GetValue(tables), result.GetValue(sources), result.GetValue(seconds), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(int version, int streamTables, int sources, int seconds, CancellationToken cancellation)
    {
        await using var server = await BenchServer.StartAsync(version, isDurable: false);
        var started = Stopwatch.GetTimestamp();
        await DefineAsync(server, streamTables, sources);
        Say($"defined {streamTables} stream tables in {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");
        started = Stopwatch.GetTimestamp();
        using var node = NodeProcess.Start(server.ConnectionString);
        await Eventually.TrueAsync(
            async () => await server.Database.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.stream_table_state WHERE is_populated") == streamTables,
            "all stream tables are filled",
            TimeSpan.FromMinutes(10));
        Say($"a node of 4 workers filled them in {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");
        // Statistics and first compilations go on for a while.
        await Task.Delay(TimeSpan.FromSeconds(20), cancellation);

        var (nodeBefore, serverBefore) = (ProcessorTime.OfTree(node.Id), ProcessorTime.OfTree(server.ProcessId));
        started = Stopwatch.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(seconds), cancellation);
        var elapsed = Stopwatch.GetElapsedTime(started);
        var (nodeShare, serverShare) = (
            (ProcessorTime.OfTree(node.Id) - nodeBefore) / elapsed,
            (ProcessorTime.OfTree(server.ProcessId) - serverBefore) / elapsed);
        var table = new ResultTable("idle", "share of a core");
        table.Add("node", Percent(nodeShare));
        table.Add("server", Percent(serverShare));
        table.Add("together", Percent(nodeShare + serverShare));
        table.Print();
        return 0;
    }

    private static async Task DefineAsync(BenchServer server, int streamTables, int sources)
    {
        for (var source = 0; source < sources; source++)
        {
            await server.Database.ExecuteAsync(
                $"""
                CREATE TABLE source_{source} (id int PRIMARY KEY, k int NOT NULL, v int NOT NULL);
                INSERT INTO source_{source} SELECT n, n % 10, n FROM generate_series(1, 100) AS n;
                """);
        }

        for (var number = 0; number < streamTables; number++)
        {
            await server.Database.ExecuteAsync(
                "SELECT pgtrickle.create_stream_table($1, $2, schedule => '1s')",
                $"st_{number}",
                $"SELECT k, count(*) AS n, sum(v) AS total FROM source_{number % sources} GROUP BY k");
        }
    }

    private static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private static string Percent(double share) => share.ToString("P2", CultureInfo.InvariantCulture);
}
