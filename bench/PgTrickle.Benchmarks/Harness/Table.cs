using Spectre.Console;

namespace PgTrickle.Benchmarks.Harness;

/// <summary>The result of a benchmark, as a table on a terminal and in a log alike.</summary>
internal sealed class ResultTable
{
    private readonly Table _table = new Table().Border(TableBorder.Simple);

    public ResultTable(string first, params string[] figures)
    {
        _table.AddColumn(first);
        foreach (var figure in figures)
        {
            _table.AddColumn(new TableColumn(figure).RightAligned());
        }
    }

    public void Add(params string[] cells) => _table.AddRow([.. cells.Select(cell => new Text(cell))]);

    public void Print()
    {
        if (Console.IsOutputRedirected)
        {
            // A file has no edge to wrap at.
            AnsiConsole.Profile.Width = 200;
        }

        AnsiConsole.Write(_table);
    }
}
