using System.Runtime.InteropServices;
using Akka.Configuration;
using Npgsql;
using PgTrickle.Postgres.Catalog;
using PgTrickle.Postgres.Migrations;

namespace PgTrickle.Node;

/// <summary>A node as a process: runs until it is told to stop, or ends by itself.</summary>
public static class NodeProgram
{
    /// <summary>It was stopped.</summary>
    public const int Stopped = 0;

    /// <summary>It ended by itself, removed from its cluster for instance; an orchestrator should start it again.</summary>
    public const int Failed = 1;

    /// <summary>It could not start as it was configured; starting it again will not help.</summary>
    public const int Misconfigured = 2;

    /// <summary>Runs a node. SIGTERM, SIGINT and the end of <paramref name="stop"/> let it leave its cluster.</summary>
    /// <param name="options">What it is told.</param>
    /// <param name="output">Gets one line when the node has joined.</param>
    /// <param name="error">Gets one line when it could not start or ended by itself.</param>
    /// <param name="stop">Stops it.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(NodeOptions options, TextWriter output, TextWriter error, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(error);
        using var signalled = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        try
        {
            SocketCompletions.Choose(options);
            await using var node = await NodeHost.StartAsync(options, signalled.Token);
            await output.WriteLineAsync($"node {node.Name} joined at {node.Address}");
            await output.FlushAsync(CancellationToken.None);
            await Task.WhenAny(node.Completion, UntilAsync(signalled.Token));
            if (!signalled.IsCancellationRequested)
            {
                await error.WriteLineAsync($"node {node.Name} ended: {node.Failure ?? "its actor system stopped"}");
                return Failed;
            }

            await node.StopAsync();
            return Stopped;
        }
        catch (OperationCanceledException) when (signalled.IsCancellationRequested)
        {
            return Stopped;
        }
        catch (Exception problem) when (problem is ConfigurationException or InstallException or MigrationException)
        {
            await error.WriteLineAsync(problem.Message);
            return Misconfigured;
        }
        catch (NpgsqlException problem)
        {
            await error.WriteLineAsync($"The database can not be used: {problem.Message}");
            return Failed;
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            signalled.Cancel();
        }
    }

    private static async Task UntilAsync(CancellationToken cancellation)
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellation.Register(source.SetResult);
        await source.Task;
    }
}
