using PgTrickle.Cli.Demo;
using Spectre.Console;

namespace PgTrickle.Cli.Tests.Demo;

public sealed class LiveTableTests
{
    private static readonly StreamTableFigures Healthy = new(
        "by_region", "SELECT 1", "5s", "hot", "DIFFERENTIAL", "ACTIVE", true, TimeSpan.FromSeconds(1.25), 7, (3, 2), TimeSpan.FromMilliseconds(4.56), null) { Rows = 5 };

    private static readonly StreamTableFigures Failing = new(
        "daily_[totals]", "SELECT 2", "5m", "cold", "FULL", "ERROR", true, null, 1, null, null, "division by zero") { Rows = 11 };

    private static DemoFrame Frame => new(TimeSpan.FromSeconds(12), 345, 3, [Healthy, Failing]);

    [Fact]
    public async Task Without_a_terminal_each_frame_is_one_line()
    {
        var console = new TestConsole();

        await new LiveTable(console.Context).ShowAsync(FramesAsync(Frame, Frame with { Elapsed = TimeSpan.FromSeconds(13) }));

        Assert.Equal(
            [
                "  12 s  3 nodes  345 changes  8 refreshes  16 rows  slowest by_region 4.6 ms  1 failing: \"daily_[totals]\": division by zero",
                "  13 s  3 nodes  345 changes  8 refreshes  16 rows  slowest by_region 4.6 ms  1 failing: \"daily_[totals]\": division by zero",
            ],
            console.Output.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task On_a_terminal_the_table_shows_every_figure()
    {
        var writer = new StringWriter();
        var terminal = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.Yes, Out = new FakeTerminal(writer),
        });
        var context = new TestConsole().Context with { OutputConsole = terminal };

        await new LiveTable(context).ShowAsync(FramesAsync(Frame));

        foreach (var shown in (string[])["by_region", "5s", "DIFFERENTIAL", "1.2 s", "+3 -2", "4.6 ms", "daily_[totals]", "5m cold", "ERROR", "11"])
        {
            Assert.Contains(shown, writer.ToString(), StringComparison.Ordinal);
        }
    }

    private static async IAsyncEnumerable<DemoFrame> FramesAsync(params DemoFrame[] frames)
    {
        foreach (var frame in frames)
        {
            await Task.Yield();
            yield return frame;
        }
    }

    private sealed class FakeTerminal(TextWriter writer) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;

        public bool IsTerminal => true;

        public int Width => 160;

        public int Height => 50;

        public void SetEncoding(System.Text.Encoding encoding)
        {
        }
    }
}
