using System.CommandLine;
using PgTrickle.Cli.CommandLine;
using PgTrickle.Cli.Up;

namespace PgTrickle.Cli.Commands;

/// <summary><c>pgtrickle up</c>: a server, the schema and nodes, until it is told to stop.</summary>
internal sealed class UpCommand : CliCommand
{
    private readonly Option<PostgresTarget?> _postgres = CommonOptions.Postgres();
    private readonly Option<int> _nodes = CommonOptions.Nodes(usual: 3);

    private readonly Option<string?> _data = new("--data")
    {
        Description = "A folder for the data of the server that is started; it is kept. Without it the data is temporary.",
        HelpName = "folder",
    };

    private readonly Option<int?> _port = new("--port") { Description = "The port of the server that is started. Without it a free one is taken.", HelpName = "port" };

    private readonly Option<string?> _logs = new("--logs") { Description = "A folder for the logs of the nodes; they are kept.", HelpName = "folder" };

    private readonly CliContext _context;

    public UpCommand(CliContext context)
        : base(
            "up",
            "Starts PostgreSQL, or uses the one given, installs stream tables in it, starts nodes, and runs until Ctrl-C. Prints DIRECT=<uri> of the server, "
            + "GATEWAY=<uri> where psql connects so that calls return when they are carried out, and a line for each node.",
            new Example("pgtrickle up", "A throwaway server and three nodes"),
            new Example("pgtrickle up --postgres 15 --nodes 1", "PostgreSQL 15 and one node"),
            new Example("pgtrickle up --data ./trial --port 5433", "Data that is there again the next time"),
            new Example("pgtrickle up --postgres postgresql://admin:secret@db/shop", "Nodes for a database that exists"))
    {
        _context = context;
        Options.Add(_postgres);
        Options.Add(_nodes);
        Options.Add(_data);
        Options.Add(_port);
        Options.Add(_logs);
        Validators.Add(result =>
        {
            // The text and not the value, which can't be asked for when it was refused.
            var isGiven = result.GetResult(_postgres) is { Tokens: [var text] } && !text.Value.All(char.IsAsciiDigit);
            if (isGiven && (result.GetResult(_data) is not null || result.GetResult(_port) is not null))
            {
                result.AddError("--data and --port are about the server that is started; with the URI of a running server there is none.");
            }
        });
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        using var logs = new LogDirectory(arguments.GetValue(_logs));
        var place = new EmbeddedPlace(arguments.GetValue(_data) is { } folder ? Path.GetFullPath(folder) : null, arguments.GetValue(_port));
        await using var server = await LocalCluster.StartServerAsync(_context, arguments.GetValue(_postgres) ?? PostgresTarget.Parse(null), place, cancellation);
        await using var nodes = await LocalCluster.StartNodesAsync(
            _context, server.Administrator, arguments.GetValue(_nodes), server.IsEmbedded, logs, cancellation);
        await _context.Output.WriteLineAsync($"DIRECT={server.DirectUri}");
        await _context.Output.WriteLineAsync($"GATEWAY={server.GatewayUri(nodes.Gateway)}");
        await _context.Error.WriteLineAsync("Ready. Ctrl-C stops it.");
        return await new UpWatch(_context, nodes, logs).UntilStoppedAsync(cancellation);
    }
}
