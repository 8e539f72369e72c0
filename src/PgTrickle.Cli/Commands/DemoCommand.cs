using System.CommandLine;
using System.Security.Cryptography;
using PgTrickle.Cli.CommandLine;
using PgTrickle.Cli.Demo;
using PgTrickle.Cli.Up;

namespace PgTrickle.Cli.Commands;

/// <summary><c>pgtrickle demo</c>: everything at work, and the proof that it is right.</summary>
internal sealed class DemoCommand : CliCommand
{
    private readonly Option<int> _seconds = CommonOptions.Number("--seconds", "-s", "How long the writers write, in seconds.", 20, 1, 86_400);
    private readonly Option<int> _nodes = CommonOptions.Nodes(usual: 3);
    private readonly Option<PostgresTarget?> _postgres = CommonOptions.Postgres();
    private readonly Option<int> _writers = CommonOptions.Number("--writers", null, "Connections that write at the same time.", 5, 2, 50);
    private readonly Option<int?> _seed = new("--seed") { Description = "Repeats what the writers of an earlier run did; each run prints its seed.", HelpName = "n" };

    private readonly CliContext _context;

    public DemoCommand(CliContext context)
        : base(
            "demo",
            "Starts PostgreSQL and nodes, creates the tables and stream tables of the six patterns, writes to them from several connections, and at the end compares every stream "
            + "table with its query. Exit code 1 if any differs.",
            new Example("pgtrickle demo", "20 seconds, three nodes, the newest PostgreSQL there is"),
            new Example("pgtrickle demo --seconds 60 --nodes 5 --postgres 15", "Longer, on PostgreSQL 15"),
            new Example("pgtrickle demo --postgres postgresql://admin:secret@db/postgres", "In a database of its own on a server that runs, dropped at the end"))
    {
        _context = context;
        Options.Add(_seconds);
        Options.Add(_nodes);
        Options.Add(_postgres);
        Options.Add(_writers);
        Options.Add(_seed);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        var options = new DemoOptions(
            arguments.GetValue(_postgres) ?? PostgresTarget.Parse(null),
            arguments.GetValue(_nodes),
            TimeSpan.FromSeconds(arguments.GetValue(_seconds)),
            arguments.GetValue(_writers),
            arguments.GetValue(_seed) ?? RandomNumberGenerator.GetInt32(int.MaxValue));
        using var logs = new LogDirectory(null);
        await using var server = await LocalCluster.StartServerAsync(_context, options.Target, new EmbeddedPlace(), cancellation);
        await using var roles = await DemoRoles.CreateAsync(server.Administrator, cancellation);
        await using var nodes = await LocalCluster.StartNodesAsync(_context, roles.Administrator, options.Nodes, server.IsEmbedded, logs, cancellation);
        await roles.UseGatewayAsync(nodes.Gateway);
        return await new DemoRun(_context, options, roles, nodes).RunAsync(cancellation);
    }
}
