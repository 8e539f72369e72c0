using System.CommandLine;
using PgTrickle.Benchmarks.Harness;
using PgTrickle.Fuzzing.Running;

namespace PgTrickle.Benchmarks.Fuzz;

/// <summary>Random queries over random changes for as long as is wanted; prints what was reached, and what went wrong as scripts that can be run again.</summary>
internal static class FuzzCommand
{
    public static Command Command()
    {
        var postgres = new Option<int>("--postgres") { DefaultValueFactory = _ => 18, Description = "Major version of the server." };
        var seconds = new Option<int>("--seconds") { DefaultValueFactory = _ => 300, Description = "How long to run." };
        var seed = new Option<int>("--seed") { DefaultValueFactory = _ => 1, Description = "Seed of the first batch." };
        var shrink = new Option<int>("--shrink") { DefaultValueFactory = _ => 60, Description = "Seconds spent on making a failure small." };
        var failures = new Option<int>("--failures") { DefaultValueFactory = _ => 5, Description = "Stop after so many failures." };
        var replay = new Option<FileInfo?>("--replay") { Description = "Run the script of a failure again instead." };
        var withhold = new Option<string?>("--withhold") { Description = "Leave the changes of a table (a, b, c, e, h) out, to see the differences found." };
        var command = new Command("fuzz", "Random queries over random changes; every refresh is compared with the query.") { postgres, seconds, seed, shrink, failures, replay, withhold };
        command.SetAction(async (result, cancellation) =>
        {
            await using var server = await BenchServer.StartAsync(result.GetValue(postgres), isDurable: false);
            var options = new FuzzOptions(
                TimeSpan.FromSeconds(result.GetValue(seconds)), result.GetValue(seed), TimeSpan.FromSeconds(result.GetValue(shrink)), result.GetValue(failures))
            {
                Withheld = result.GetValue(withhold),
            };
            var fuzzer = new Fuzzer(server.Database, result.GetValue(postgres), options, server.StreamTables, static line => Console.Error.WriteLine(line));
            if (result.GetValue(replay) is { } script)
            {
                var seen = await fuzzer.ReplayAsync(await File.ReadAllTextAsync(script.FullName, cancellation));
                Console.WriteLine(seen ?? "all is well");
                return seen is null ? 0 : 1;
            }

            await fuzzer.RunAsync();
            foreach (var line in fuzzer.Coverage().Concat(fuzzer.Failures))
            {
                Console.WriteLine(line);
            }

            Console.WriteLine(fuzzer.Summary());
            return fuzzer.Failures.Count == 0 ? 0 : 1;
        });
        return command;
    }
}
