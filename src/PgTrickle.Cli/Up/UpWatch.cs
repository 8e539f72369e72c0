using PgTrickle.Cli.CommandLine;

namespace PgTrickle.Cli.Up;

/// <summary>Watches the nodes of <c>up</c>: one that ends is reported, and the others go on, since that is what a cluster is for.</summary>
internal sealed class UpWatch(CliContext context, NodeFleet fleet, LogDirectory logs)
{
    /// <summary>Waits until the command is told to stop, or no node is left.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> UntilStoppedAsync(CancellationToken cancellation)
    {
        var alive = fleet.Nodes.ToList();
        try
        {
            while (alive.Count > 0)
            {
                var ended = await fleet.WaitForExitAsync(alive, cancellation);
                cancellation.ThrowIfCancellationRequested();
                alive.Remove(ended);
                logs.Keep = true;
                await context.Output.WriteLineAsync($"{ended.Name} ended with exit code {ended.ExitCode}; {alive.Count} nodes go on. Its log is {ended.LogFile}");
            }
        }
        catch (OperationCanceledException)
        {
            await context.Error.WriteLineAsync("Stopping");
            return ExitCode.Ok;
        }

        throw new CliException(ExitCode.Failed, "No node is left.");
    }
}
