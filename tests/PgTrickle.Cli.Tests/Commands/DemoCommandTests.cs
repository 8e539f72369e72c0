using PgTrickle.Cli.CommandLine;

namespace PgTrickle.Cli.Tests.Commands;

public sealed class DemoCommandTests
{
    [Fact]
    public async Task A_short_demo_ends_without_differences()
    {
        await using var demo = CliProcess.Start("demo", "--seconds", "5", "--nodes", "2", "--postgres", "15");

        var code = await demo.WaitAsync();

        Assert.True(code == ExitCode.Ok, demo.All);
        Assert.Matches(@"^demo: 15 stream tables, [1-9]\d* refreshes, [1-9]\d* changes, 0 differences$", demo.Output[^1]);
    }

    [Fact]
    public async Task An_interrupted_demo_cleans_up_and_says_so()
    {
        await using var demo = CliProcess.Start("demo", "--seconds", "600", "--nodes", "1", "--postgres", "15");
        await demo.LineAsync("seed ");

        await demo.SignalAsync("INT");

        Assert.Equal(ExitCode.Interrupted, await demo.WaitAsync());
        Assert.Contains("interrupted", demo.All, StringComparison.Ordinal);
    }
}
