using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;
using PgTrickle.Benchmarks.Harness;
using PgTrickle.TestInfrastructure;
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
        var shared = new Option<bool>("--shared") { Description = "As in a node that has other roles, too; without, as in one that is nothing but a gateway." };
        var command = new Command("gateway", "Overhead of the gateway against a direct connection and PgBouncer; memory of idle sessions; latency of calls.")
        {
            postgres, rounds, seconds, idle, calls, shared,
        };
        command.SetAction(async result =>
        {
            if (result.GetValue(calls) > 0)
            {
                await CallLatency.RunAsync(result.GetValue(postgres), result.GetValue(calls));
            }

            return result.GetValue(rounds) > 0
                ? await RunAsync(result.GetValue(postgres), result.GetValue(rounds), result.GetValue(seconds), result.GetValue(idle), result.GetValue(shared))
                : 0;
        });
        return command;
    }

    private static async Task<int> RunAsync(int version, int rounds, int seconds, int idleSessions, bool isShared)
    {
        await using var server = await BenchServer.StartAsync(version, isDurable: false, maxConnections: idleSessions + 100);
        var serverPort = new NpgsqlConnectionStringBuilder(server.ConnectionString).Port;
        var settings = Path.Combine(Path.GetTempPath(), $"pgtrickle-bench-{Guid.NewGuid():N}.conf");
        await File.WriteAllTextAsync(settings, $"pgtrickle.gateway.max-sessions = {idleSessions + 100}");
        using var gateway = NodeProcess.Start(
            server.ConnectionString, ["--config", settings, "--log-level", "warning", .. isShared ? Array.Empty<string>() : ["--role", "gateway"]]);
        var gatewayPort = await PortAsync(server);
        File.Delete(settings);
        await using var bouncer = Bouncer.Find() is { } program
            ? await Bouncer.StartAsync(program, serverPort, "postgres", "pool_mode = session", "max_client_conn = 200", "default_pool_size = 100")
            : null;
        var targets = new List<Target> { new("direct", serverPort, null), new("gateway", gatewayPort, gateway.Id) };
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
        await IdleAsync(gateway.Id, gatewayPort, idleSessions);
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

    private static async Task<int> PortAsync(BenchServer server)
    {
        var address = "";
        await Eventually.TrueAsync(
            async () => (address = await server.Database.ScalarAsync<string>("SELECT coalesce(max(address), '') FROM pgtrickle.gateways()") ?? "").Length > 0,
            "the gateway is up");
        return int.Parse(address.AsSpan(address.LastIndexOf(':') + 1), CultureInfo.InvariantCulture);
    }

    /// <summary>What sessions that do nothing add to the memory of the node.</summary>
    private static async Task IdleAsync(int process, int port, int count)
    {
        var before = Memory(process);
        await using var source = new NpgsqlDataSourceBuilder(
            $"Host=127.0.0.1;Port={port};Database=postgres;Username=postgres;SSL Mode=Disable;Maximum Pool Size={count}").Build();
        var connections = new List<NpgsqlConnection>();
        for (var i = 0; i < count; i++)
        {
            connections.Add(await source.OpenConnectionAsync());
        }

        var table = new ResultTable("idle sessions", "MB");
        table.Add($"{count}", Number((Memory(process) - before) / 1e6));
        table.Print();
        foreach (var connection in connections)
        {
            await connection.DisposeAsync();
        }
    }

    private static long Memory(int id)
    {
        using var process = Process.GetProcessById(id);
        return process.WorkingSet64;
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

    /// <summary>What pgbench connects to, and the process between it and the server.</summary>
    private sealed record Target(string Name, int Port, int? ProcessId);

    /// <summary>Transactions a second, and the processor time of the process between for each.</summary>
    private sealed record Run(double Rate, double Processor);
}
