using System.Diagnostics;

namespace PgTrickle.Benchmarks.Harness;

/// <summary>A node in a process of its own, started from the command line tool that was built beside the benchmarks.</summary>
internal sealed class NodeProcess : IDisposable
{
    private readonly Process _process;

    private NodeProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public static NodeProcess Start(string connectionString, params string[] options)
    {
        var start = new ProcessStartInfo(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "pgtrickle.dll"), "node", "--host", "127.0.0.1", "--port", "0", .. options])
        {
            Environment = { ["PGTRICKLE_CONNECTION"] = connectionString },
        };
        return new(Process.Start(start) ?? throw new InvalidOperationException("The node did not start."));
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }
}
