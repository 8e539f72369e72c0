using System.Globalization;
using PgTrickle.Cli.CommandLine;
using Spectre.Console;

namespace PgTrickle.Cli.Demo;

/// <summary>The state of a running demo at one moment.</summary>
/// <param name="Elapsed">Since the writers began.</param>
/// <param name="Changes">Rows changed by committed transactions.</param>
/// <param name="Nodes">Node processes that run.</param>
/// <param name="Tables">The stream tables.</param>
internal sealed record DemoFrame(TimeSpan Elapsed, long Changes, int Nodes, IReadOnlyList<StreamTableFigures> Tables)
{
    public long Refreshes => Tables.Sum(table => table.Refreshes);
}

/// <summary>Shows the frames of a running demo: a table that changes in place on a terminal, else one line a frame.</summary>
internal sealed class LiveTable(CliContext context)
{
    /// <summary>Shows frames until there are no more.</summary>
    public async Task ShowAsync(IAsyncEnumerable<DemoFrame> frames)
    {
        if (!context.IsOutputLive)
        {
            await foreach (var frame in frames)
            {
                await context.Output.WriteLineAsync(Line(frame));
            }

            return;
        }

        await context.OutputConsole.Live(new Text("...")).StartAsync(async display =>
        {
            await foreach (var frame in frames)
            {
                display.UpdateTarget(Table(frame));
            }
        });
    }

    /// <summary>A frame as one line.</summary>
    public static string Line(DemoFrame frame)
    {
        var refreshed = frame.Tables.Where(table => table.LastDuration is not null).ToList();
        var slowest = refreshed.MaxBy(table => table.LastDuration);
        var failing = frame.Tables.Where(table => table.Error is not null).ToList();
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{frame.Elapsed.TotalSeconds,4:F0} s  {frame.Nodes} nodes  {frame.Changes} changes  {frame.Refreshes} refreshes  {frame.Tables.Sum(table => table.Rows)} rows");
        return line
            + (slowest is null ? string.Empty : $"  slowest {slowest.Table.Name} {Milliseconds(slowest.LastDuration)}")
            + (failing.Count == 0 ? string.Empty : $"  {failing.Count} failing: {failing[0].Table.Name}: {failing[0].Error}");
    }

    private static Table Table(DemoFrame frame)
    {
        var table = new Table().Border(TableBorder.Rounded).Title(Markup.Escape(string.Create(
            CultureInfo.InvariantCulture,
            $"{frame.Elapsed.TotalSeconds:F0} s, {frame.Nodes} nodes, {frame.Changes} changes, {frame.Refreshes} refreshes")));
        table.AddColumn("stream table");
        table.AddColumn("schedule");
        table.AddColumn("mode");
        foreach (var heading in (string[])["rows", "refreshes", "staleness", "last delta", "last duration"])
        {
            table.AddColumn(new TableColumn(heading).RightAligned());
        }

        foreach (var row in frame.Tables)
        {
            table.AddRow(
                Markup.Escape(row.Table.Name.Value),
                Markup.Escape(row.Tier == "hot" ? row.Schedule : $"{row.Schedule} {row.Tier}"),
                row.Error is not null ? $"[red]{Markup.Escape(row.Status)}[/]" : Markup.Escape(row.IsPopulated ? row.Mode : row.Status),
                row.Rows.ToString(CultureInfo.InvariantCulture),
                row.Refreshes.ToString(CultureInfo.InvariantCulture),
                row.Staleness is { } staleness ? string.Create(CultureInfo.InvariantCulture, $"{staleness.TotalSeconds:F1} s") : "-",
                row.LastDelta is { } delta ? string.Create(CultureInfo.InvariantCulture, $"+{delta.Inserted} -{delta.Deleted}") : "-",
                Milliseconds(row.LastDuration));
        }

        return table;
    }

    private static string Milliseconds(TimeSpan? duration) =>
        duration is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known.TotalMilliseconds:F1} ms") : "-";
}
