using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using PgTrickle.Benchmarks.Harness;
using PgTrickle.Gateway;
using PgTrickle.Postgres.Catalog;
using PgTrickle.TestInfrastructure.Gateways;

namespace PgTrickle.Benchmarks.Gateway;

/// <summary>What the gateway costs: pgbench -S through it, directly, and through PgBouncer, in turns; and the memory of idle sessions.</summary>
internal static partial class GatewayBenchmark
{
    private static readonly int[] ClientCounts = [1, 16];

    public static Command Command()
    {
        var postgres = new Option<int>("--postgres") { DefaultValueFactory = _ => 18, Description = "Major version of the server." };
        var rounds = new Option<int>("--rounds") { DefaultValueFactory = _ => 5, Description = "Rounds of pgbench; figures are medians. 0: calls only." };
        var seconds = new Option<int>("--seconds") { DefaultValueFactory = _ => 4, Description = "Length of each run of pgbench." };
        var idle = new Option<int>("--idle-sessions") { DefaultValueFactory = _ => 1000, Description = "Sessions of which the memory is measured." };
        var calls = new Option<int>("--calls") { DefaultValueFactory = _ => 20, Description = "Creations that are timed, with two refreshes each." };
        var command = new Command("gateway", "Overhead of the gateway against a direct connection and PgBouncer; memory of idle sessions; latency of calls.")
        {
            postgres, rounds, seconds, idle, calls,
        };
        command.SetAction(async result =>
        {
            if (result.GetValue(calls) > 0)
            {
                await CallLatency.RunAsync(result.GetValue(postgres), result.GetValue(calls));
            }

            return result.GetValue(rounds) > 0
                ? await RunAsync(result.GetValue(postgres), result.GetValue(rounds), result.GetValue(seconds), result.GetValue(idle))
                : 0;
        });
        return command;
    }

    private static async Task<int> RunAsync(int version, int rounds, int seconds, int idleSessions)
    {
        await using var server = await BenchServer.StartAsync(version, isDurable: false, maxConnections: idleSessions + 100);
        var serverPort = new NpgsqlConnectionStringBuilder(server.ConnectionString).Port;
        await using var control = DatabaseConnections.Control(server.ConnectionString, "bench");
        using var metrics = new GatewayMetrics();
        await using var gateway = GatewayServer.Start(
            new GatewayOptions
            {
                Listen = new IPEndPoint(IPAddress.Loopback, 0),
                Server = new ServerAddress("127.0.0.1", serverPort, SslMode.Disable),
                Database = "postgres",
                MaxSessions = idleSessions + 100,
            },
            control, metrics, NullLogger.Instance, TimeProvider.System);
        await using var bouncer = Bouncer.Find() is { } program
            ? await Bouncer.StartAsync(program, serverPort, "postgres", "pool_mode = session", "max_client_conn = 200", "default_pool_size = 100")
            : null;
        var targets = new List<Target> { new("direct", serverPort, null), new("gateway", gateway.EndPoint.Port, Environment.ProcessId) };
        if (bouncer is not null)
        {
            targets.Add(new("pgbouncer", bouncer.Port, bouncer.ProcessId));
        }

        await PgbenchAsync(serverPort, "-i", "-s", "1", "-q");
        var rates = targets.SelectMany(target => ClientCounts.Select(clients => (target.Name, clients))).ToDictionary(key => key, _ => new List<Run>());
        for (var round = 0; round < rounds; round++)
        {
            foreach (var clients in ClientCounts)
            {
                foreach (var target in targets)
                {
                    rates[(target.Name, clients)].Add(await MeasureAsync(target, clients, seconds));
                }
            }
        }

        Print(targets, rates);
        await IdleAsync(gateway, idleSessions);
        return 0;
    }

    private static async Task<Run> MeasureAsync(Target target, int clients, int seconds)
    {
        var before = ProcessorTime(target);
        var output = await PgbenchAsync(target.Port, "-n", "-S", "-M", "prepared", "-c", $"{clients}", "-j", "2", "-T", $"{seconds}");
        var used = ProcessorTime(target) - before;
        var count = double.Parse(CountPattern().Match(output).Groups[1].Value, CultureInfo.InvariantCulture);
        return new Run(double.Parse(RatePattern().Match(output).Groups[1].Value, CultureInfo.InvariantCulture), used.TotalMicroseconds / count);
    }

    /// <summary>Of the process alone: pgbench and the server descend from this one.</summary>
    private static TimeSpan ProcessorTime(Target target)
    {
        if (target.ProcessId is not { } id)
        {
            return TimeSpan.Zero;
        }

        using var process = Process.GetProcessById(id);
        return process.TotalProcessorTime;
    }

    private static void Print(List<Target> targets, Dictionary<(string Name, int Clients), List<Run>> runs)
    {
        var table = new ResultTable("pgbench -S", "1 client, tps", "us more than direct", "own CPU, us", "16 clients, tps", "of direct", "own CPU, us");
        var direct = (One: Rate("direct", 1), Many: Rate("direct", 16));
        foreach (var target in targets)
        {
            var (one, many) = (Rate(target.Name, 1), Rate(target.Name, 16));
            table.Add(
                target.Name, Number(one), Number((1e6 / one) - (1e6 / direct.One)), Cpu(target.Name, 1), Number(many),
                (many / direct.Many).ToString("P0", CultureInfo.InvariantCulture), Cpu(target.Name, 16));
        }

        table.Print();

        double Rate(string name, int clients) => Statistics.Median(runs[(name, clients)].Select(run => run.Rate));

        string Cpu(string name, int clients) => Number(Statistics.Median(runs[(name, clients)].Select(run => run.Processor)));
    }

    /// <summary>Memory of this process, in which the clients' ends live as well: an upper bound.</summary>
    private static async Task IdleAsync(GatewayServer gateway, int count)
    {
        var before = Settled();
        await using var source = new NpgsqlDataSourceBuilder(
            $"Host=127.0.0.1;Port={gateway.EndPoint.Port};Database=postgres;Username=postgres;SSL Mode=Disable;Maximum Pool Size={count}").Build();
        var connections = new List<NpgsqlConnection>();
        for (var i = 0; i < count; i++)
        {
            connections.Add(await source.OpenConnectionAsync());
        }

        var after = Settled();
        var table = new ResultTable("idle sessions", "MB, clients included");
        table.Add($"{count}", Number((after - before) / 1e6));
        table.Print();
        foreach (var connection in connections)
        {
            await connection.DisposeAsync();
        }
    }

    private static long Settled()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }

    private static async Task<string> PgbenchAsync(int port, params string[] arguments)
    {
        var start = new ProcessStartInfo("pgbench", ["-h", "127.0.0.1", "-p", $"{port}", "-U", "postgres", .. arguments, "postgres"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PGSSLMODE"] = "disable";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? await output : throw new InvalidOperationException($"pgbench failed: {await error}");
    }

    private static string Number(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"number of transactions actually processed: ([0-9]+)")]
    private static partial Regex CountPattern();

    [GeneratedRegex(@"tps = ([0-9.]+) \(without initial connection time\)")]
    private static partial Regex RatePattern();

    /// <summary>What pgbench connects to, and the process between it and the server. The gateway's is this one, which does little else meanwhile.</summary>
    private sealed record Target(string Name, int Port, int? ProcessId);

    /// <summary>Transactions a second, and the processor time of the process between for each.</summary>
    private sealed record Run(double Rate, double Processor);
}
