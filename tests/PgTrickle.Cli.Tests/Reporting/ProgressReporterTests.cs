using Microsoft.Extensions.Time.Testing;
using PgTrickle.Cli.Reporting;
using PgTrickle.Postgres.Embedded;

namespace PgTrickle.Cli.Tests.Reporting;

public sealed class ProgressReporterTests
{
    [Fact]
    public async Task Without_a_terminal_the_title_and_a_line_a_second_are_printed_on_standard_error()
    {
        var clock = new FakeTimeProvider();
        var console = new TestConsole();

        var result = await new ProgressReporter(console.Context with { Time = clock }).RunAsync("Begins", show =>
        {
            show("too soon");
            clock.Advance(TimeSpan.FromSeconds(1));
            show("in time");
            show("too soon again");
            return Task.FromResult(7);
        });

        Assert.Equal(7, result);
        Assert.Equal(["Begins", "in time"], console.Error.TrimEnd('\n').Split('\n'));
        Assert.Empty(console.Output);
    }

    [Fact]
    public void Percentages_of_a_download_stay_out_of_logs()
    {
        var console = new TestConsole();
        var shown = new List<string>();

        new ProgressReporter(console.Context).ForServer(shown.Add).Report(new EmbeddedProgress(EmbeddedStage.Downloading, "Downloading", 0.5));

        Assert.Equal(["Downloading"], shown);
    }

    [Fact]
    public async Task A_failure_of_the_step_is_the_failure_of_the_command()
    {
        var reporter = new ProgressReporter(new TestConsole().Context);

        await Assert.ThrowsAsync<InvalidOperationException>(() => reporter.RunAsync("Begins", _ => Task.FromException(new InvalidOperationException())));
    }
}
