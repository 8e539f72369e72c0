using System.Collections.Concurrent;
using System.Diagnostics;
using PgTrickle.Cli.Up;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Cli.Tests;

/// <summary>The tool as a process of its own, as a user runs it. Killed on disposal.</summary>
internal sealed class CliProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _error = new();
    private readonly Process _process;

    private CliProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Add(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Add(_error, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int ProcessId => _process.Id;

    public IReadOnlyList<string> Output => [.. _output];

    public string All => string.Join('\n', _output.Concat(_error));

    public static CliProcess Start(params string[] arguments)
    {
        var program = NodeProcess.ThisProgram();
        var start = new ProcessStartInfo(program[0]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in program.Skip(1).Concat(arguments))
        {
            start.ArgumentList.Add(argument);
        }

        return new CliProcess(Process.Start(start)!);
    }

    /// <summary>Waits for a line of standard output that begins so, and returns the rest of it.</summary>
    public async Task<string> LineAsync(string beginning)
    {
        string? Find() => _output.FirstOrDefault(line => line.StartsWith(beginning, StringComparison.Ordinal));
        await Eventually.TrueAsync(() => Find() is not null || _process.HasExited, $"a line begins with '{beginning}'", Patience);
        Assert.True(Find() is not null, $"It ended without a line that begins with '{beginning}':\n{All}");
        return Find()![beginning.Length..];
    }

    /// <summary>Waits for the end; the exit code.</summary>
    public async Task<int> WaitAsync()
    {
        await Eventually.TrueAsync(() => _process.HasExited, $"the process has ended", Patience);
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <summary>SIGKILL: nothing can be cleaned up.</summary>
    public void Kill() => _process.Kill();

    /// <summary>SIGTERM or SIGINT.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Whether a process runs. One that has ended but whom nobody has asked for its exit code (a zombie) does not.</summary>
    public static bool IsRunning(int processId)
    {
        try
        {
            if (Directory.Exists("/proc/self"))
            {
                var stat = File.ReadAllText($"/proc/{processId}/stat");
                return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
            }

            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (Exception failure) when (failure is IOException or ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static void Add(ConcurrentQueue<string> lines, string? line)
    {
        if (line is not null)
        {
            lines.Enqueue(line);
        }
    }
}
