using System.Collections.Concurrent;
using System.Diagnostics;
using PgTrickle.Node;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.MultiNode.Tests;

/// <summary>A node in a process of its own, started as a container would start it.</summary>
public sealed class NodeUnderTest : IAsyncDisposable
{
    private readonly Process process;
    private readonly ConcurrentQueue<string> output = new();

    private NodeUnderTest(string name, Process process)
    {
        Name = name;
        this.process = process;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Name { get; }

    public bool HasExited => process.HasExited;

    public int ExitCode => process.ExitCode;

    public string Log => string.Join('\n', output);

    public static NodeUnderTest Start(string name, InstalledDatabase database, string more = "")
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in (string[])[typeof(NodeProgram).Assembly.Location, "--name", name, .. more.Split(' ', StringSplitOptions.RemoveEmptyEntries)])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["PGTRICKLE_CONNECTION"] = database.ControlConnectionString;
        start.Environment["PGTRICKLE_WORKER-CONNECTION"] = database.WorkerConnectionString;
        return new NodeUnderTest(name, Process.Start(start) ?? throw new InvalidOperationException("The node could not be started."));
    }

    public Task JoinedAsync() => Eventually.TrueAsync(
        () => HasExited
            ? throw new Xunit.Sdk.XunitException($"{Name} ended:\n{Log}")
            : output.Any(line => line.StartsWith($"node {Name} joined at ", StringComparison.Ordinal)),
        $"{Name} has joined",
        TimeSpan.FromMinutes(2));

    /// <summary>kill -9.</summary>
    public void Kill() => process.Kill();

    /// <summary>SIGTERM, and the exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await process.WaitForExitAsync(patience.Token);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        await process.WaitForExitAsync();
        process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            output.Enqueue(line);
        }
    }
}
