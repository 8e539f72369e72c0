using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using Npgsql;
using PgTrickle.Cli.CommandLine;
using PgTrickle.Cli.Demo.Writing;
using PgTrickle.Cli.Reporting;
using PgTrickle.Cli.Up;

namespace PgTrickle.Cli.Demo;

/// <summary>
/// The demo on a cluster that runs: the document's tables and stream tables, writers, the live table, and at the end the comparison of every stream table with
/// its query.
/// </summary>
/// <param name="context">Where it shows what happens.</param>
/// <param name="options">What it should be like.</param>
/// <param name="roles">The database and its roles.</param>
/// <param name="nodes">The nodes, for their number.</param>
internal sealed class DemoRun(CliContext context, DemoOptions options, DemoRoles roles, NodeFleet nodes)
{
    private static readonly TimeSpan LiveFrames = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LineFrames = TimeSpan.FromSeconds(1);

    private readonly Workload _workload = new(roles.Writer, options.Seed, context.Time);
    private readonly ProgressReporter _progress = new(context);

    /// <summary>Runs it.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        await _progress.RunAsync("Creating the tables of the patterns", show => CreateAsync(show, cancellation));
        await context.Output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"seed {options.Seed}, {options.Writers} writers, {options.Writing.TotalSeconds:0.#} s"));
        await WriteAndShowAsync(cancellation);
        await using var connection = await roles.Owner.OpenConnectionAsync(cancellation);
        await _progress.RunAsync("Waiting until every stream table reflects everything", async show =>
            await Settling.SettleAsync(connection, await StreamTableFigures.ReadAsync(connection, cancellation), show, cancellation));
        return await CompareAsync(connection, cancellation);
    }

    private async Task CreateAsync(Action<string> show, CancellationToken cancellation)
    {
        await using var connection = await roles.Owner.OpenConnectionAsync(cancellation);
        var statements = PatternScript.Load();
        var tables = statements.Where(statement => statement.Kind == PatternStatementKind.Table).ToImmutableArray();
        await ExecuteAsync(connection, tables, cancellation);
        await roles.GrantTablesAsync(tables.Select(statement => statement.Name), cancellation);
        show("Filling the tables");
        await _workload.PrepareAsync(cancellation);
        show("Creating the stream tables");
        await ExecuteAsync(connection, statements.Where(statement => statement.Kind != PatternStatementKind.Table), cancellation);
        foreach (var table in await StreamTableFigures.ReadAsync(connection, cancellation))
        {
            show($"Waiting for the first contents of {table.Table.Name}");
            await Settling.WaitAsync(connection, table, cancellation);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, IEnumerable<PatternStatement> statements, CancellationToken cancellation)
    {
        foreach (var statement in statements)
        {
            await using var command = new NpgsqlCommand(statement.Sql, connection);
            await command.ExecuteNonQueryAsync(cancellation);
        }
    }

    private async Task WriteAndShowAsync(CancellationToken cancellation)
    {
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var writing = WriteAsync();
        await new LiveTable(context).ShowAsync(FramesAsync(done.Token, cancellation));
        await writing;

        async Task WriteAsync()
        {
            try
            {
                await _workload.RunAsync(options.Writers, options.Writing, cancellation);
            }
            finally
            {
                await done.CancelAsync();
            }
        }
    }

    /// <summary>Frames until the writers are done, and one of the end.</summary>
    private async IAsyncEnumerable<DemoFrame> FramesAsync(CancellationToken done, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var start = context.Time.GetTimestamp();
        await using var connection = await roles.Owner.OpenConnectionAsync(cancellation);
        using var timer = new PeriodicTimer(context.IsOutputLive ? LiveFrames : LineFrames, context.Time);
        var more = true;
        while (more)
        {
            more = await TickAsync(timer, done);
            cancellation.ThrowIfCancellationRequested();
            var tables = await StreamTableFigures.ReadWithRowsAsync(connection, cancellation);
            yield return new DemoFrame(context.Time.GetElapsedTime(start), _workload.Counters.Changes, nodes.Running, tables);
        }
    }

    private static async Task<bool> TickAsync(PeriodicTimer timer, CancellationToken done)
    {
        try
        {
            return await timer.WaitForNextTickAsync(done);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task<int> CompareAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var tables = await StreamTableFigures.ReadAsync(connection, cancellation);
        var differences = await _progress.RunAsync("Comparing every stream table with its query", show => Verifier.CompareAsync(
            connection, [.. tables.Select(table => new VerifiedTable(table.Table, table.Query))], table => show($"Comparing {table.Table.Name}"), cancellation));
        foreach (var difference in differences)
        {
            await context.Output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{difference.Table}: {difference.Missing} rows are missing, {difference.Unexpected} should not be there"));
            foreach (var sample in difference.Samples)
            {
                await context.Output.WriteLineAsync("    " + sample);
            }
        }

        var writers = _workload.Counters;
        await context.Output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"transactions: {writers.Committed} committed ({writers.Long} of them long), {writers.RolledBack} rolled back, {writers.Aborted} ended by conflicts"));
        await context.Output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"demo: {tables.Count} stream tables, {tables.Sum(table => table.Refreshes)} refreshes, {writers.Changes} changes, {differences.Length} differences"));
        return differences.IsEmpty ? ExitCode.Ok : ExitCode.Failed;
    }
}
