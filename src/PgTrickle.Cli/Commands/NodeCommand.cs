using System.CommandLine;
using Microsoft.Extensions.Logging;
using PgTrickle.Cli.CommandLine;
using PgTrickle.Cli.Connections;
using PgTrickle.Cli.Up;
using PgTrickle.Node;

namespace PgTrickle.Cli.Commands;

/// <summary><c>pgtrickle node</c>: one node of a cluster, until it is told to stop.</summary>
internal sealed class NodeCommand : CliCommand
{
    /// <summary>The connection of role pgtrickle_worker, for servers where that role is not to log in with the stored password.</summary>
    public const string WorkerVariable = "PGTRICKLE_WORKER_CONNECTION";

    /// <summary>How long a node whose parent has ended may take to leave. Its database is often gone as well, so that leaving orderly may be impossible.</summary>
    private static readonly TimeSpan OrphanPatience = TimeSpan.FromSeconds(20);

    private static readonly string[] KnownRoles = ["worker", "coordinator", "gateway"];

    private readonly Option<string?> _connection = CommonOptions.Connection();
    private readonly Option<string?> _name = new("--name") { Description = "The name shown to users. Without it: host name and port.", HelpName = "name" };
    private readonly Option<string?> _host = new("--host") { Description = "The address to bind for other nodes.", HelpName = "address" };
    private readonly Option<int?> _port = new("--port") { Description = "The port to bind for other nodes. Without it a free one is taken.", HelpName = "port" };

    private readonly Option<string?> _publicHost = new("--public-host")
    {
        Description = "The name or address by which other nodes reach this one, when it is not the one bound.",
        HelpName = "address",
    };

    private readonly Option<string[]> _roles = new("--role")
    {
        Description = "worker refreshes stream tables, coordinator may coordinate, gateway takes client connections. May be given several times; a node has all roles unless told otherwise.",
        HelpName = "role",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<int?> _maxWorkers = new("--max-workers") { Description = "Refreshes that run at the same time on this node.", HelpName = "n" };

    private readonly Option<string?> _config = new("--config")
    {
        Description = "A HOCON file with settings; hocon/pgtrickle.reference.conf has them all.",
        HelpName = "file",
    };

    private readonly Option<bool> _noInstall = new("--no-install") { Description = "Do not install the schema or bring it up to date; end if it is not." };

    private readonly Option<LogLevel> _logLevel = new("--log-level")
    {
        Description = "The least severe messages to log: trace, debug, information, warning, error.",
        HelpName = "level",
        DefaultValueFactory = _ => LogLevel.Information,
    };

    private readonly Option<bool> _stopWithParent = new("--stop-with-parent") { Description = "Stop when standard input ends.", Hidden = true };

    private readonly CliContext _context;

    public NodeCommand(CliContext context)
        : base(
            "node",
            "Runs a node, which keeps the stream tables of a database fresh together with the other nodes of that database. Nodes find each other through the database. "
            + "SIGTERM or Ctrl-C lets it hand over its work and leave.",
            new Example($"{ConnectionText.Variable}=postgresql://shop_node:secret@db:5432/shop pgtrickle node", "A node on one machine"),
            new Example("pgtrickle node --host 0.0.0.0 --public-host 10.0.0.7 --port 4053 --max-workers 8", "A node that others reach over the network"))
    {
        _context = context;
        foreach (var option in (Option[])[_connection, _name, _host, _port, _publicHost, _roles, _maxWorkers, _config, _noInstall, _logLevel, _stopWithParent])
        {
            Options.Add(option);
        }

        _roles.AcceptOnlyFromAmong(KnownRoles);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        var options = OptionsOf(arguments);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (arguments.GetValue(_stopWithParent))
        {
            ParentWatch.Start(Console.OpenStandardInput(), () => _ = StopOrphanAsync(stop));
        }

        try
        {
            SocketCompletions.Choose(options);
            await using var node = await NodeHost.StartAsync(options, stop.Token);
            await _context.Output.WriteLineAsync($"node {node.Name} joined at {node.Address}");
            await node.Completion.WaitAsync(stop.Token);
            throw new CliException(ExitCode.Failed, $"Node {node.Name} ended: {node.Failure ?? "its actor system stopped"}.", "Start it again.");
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }
    }

    private NodeOptions OptionsOf(ParseResult arguments) => new()
    {
        ControlConnection = ConnectionText.Require(arguments.GetValue(_connection), _context).ConnectionString,
        WorkerConnection = _context.Variable(WorkerVariable) is { } worker ? ConnectionText.Parse(worker).ConnectionString : null,
        Name = arguments.GetValue(_name),
        Host = arguments.GetValue(_host),
        Port = arguments.GetValue(_port),
        PublicHost = arguments.GetValue(_publicHost),
        Roles = arguments.GetValue(_roles) is { Length: > 0 } roles ? roles : null,
        MaxWorkers = arguments.GetValue(_maxWorkers),
        ConfigFile = arguments.GetValue(_config),
        Install = !arguments.GetValue(_noInstall),
        LogLevel = arguments.GetValue(_logLevel),
        Clock = _context.Time,
    };

    /// <summary>Lets the node leave; ends the process when it does not: an orphan must not stay.</summary>
    private async Task StopOrphanAsync(CancellationTokenSource stop)
    {
        await stop.CancelAsync();
        await Task.Delay(OrphanPatience, _context.Time, CancellationToken.None);
        Environment.Exit(ExitCode.Failed);
    }
}
