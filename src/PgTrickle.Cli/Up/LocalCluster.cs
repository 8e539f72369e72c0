using Npgsql;
using PgTrickle.Cli.CommandLine;
using PgTrickle.Cli.Reporting;

namespace PgTrickle.Cli.Up;

/// <summary>Installs in a database and runs nodes on it, for the commands <c>up</c> and <c>demo</c>.</summary>
internal static class LocalCluster
{
    /// <summary>Starts or reaches the server, while showing what takes long.</summary>
    public static Task<DatabaseHost> StartServerAsync(CliContext context, PostgresTarget target, EmbeddedPlace place, CancellationToken cancellation)
    {
        var progress = new ProgressReporter(context);
        return progress.RunAsync(
            target is PostgresTarget.Given given ? $"Connecting to {given}" : "Starting PostgreSQL",
            show => DatabaseHost.StartAsync(target, place, progress.ForServer(show), cancellation));
    }

    /// <summary>Installs, starts the nodes, and prints a line for each that has joined.</summary>
    /// <param name="context">Where it shows what happens.</param>
    /// <param name="administrator">The role that installs, in the database in question.</param>
    /// <param name="nodes">How many nodes.</param>
    /// <param name="isPrivate">Whether the server is this command's alone, so that it may have a login role of its own for nodes.</param>
    /// <param name="logs">Where the logs of the nodes go.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<NodeFleet> StartNodesAsync(
        CliContext context, NpgsqlConnectionStringBuilder administrator, int nodes, bool isPrivate, LogDirectory logs, CancellationToken cancellation)
    {
        var progress = new ProgressReporter(context);
        var control = await progress.RunAsync(
            "Installing the schema pgtrickle", show => Installation.InstallAsync(administrator, isPrivate, show, cancellation));
        return await progress.RunAsync(
            nodes == 1 ? "Starting a node" : $"Starting {nodes} nodes",
            _ => NodeFleet.StartAsync(nodes, control, logs, OnJoined, context.Time, cancellation));

        void OnJoined(NodeProcess node, string address) => context.Output.WriteLine($"{node.Name} joined at {address}, process {node.ProcessId}");
    }
}
