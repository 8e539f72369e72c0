using System.Diagnostics;
using System.Reflection;
using Npgsql;
using PgTrickle.Cli.Connections;

namespace PgTrickle.Cli.Up;

/// <summary>
/// A node in a process of its own: this program with the command <c>node</c>. The pipe to its standard input ties it to this process: when
/// it ends, in whatever way, the node stops.
/// </summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private const string Host = "dotnet";
    private const int RememberedLines = 20;

    private readonly Process _process;
    private readonly Queue<string> _tail = new();
    private readonly Lock _tailLock = new();
    private readonly Task _pump;

    private NodeProcess(string name, Process process, string logFile)
    {
        Name = name;
        LogFile = logFile;
        _process = process;
        ProcessId = process.Id;
        _pump = PumpAsync(logFile);
    }

    /// <summary>The node's name, unique in its cluster.</summary>
    public string Name { get; }

    /// <summary>The operating system's id of the process.</summary>
    public int ProcessId { get; }

    /// <summary>Where what it prints is kept.</summary>
    public string LogFile { get; }

    public bool HasExited => _process.HasExited;

    /// <summary>Its exit code; only after it has exited.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>The last lines that it printed.</summary>
    public string Tail
    {
        get
        {
            lock (_tailLock)
            {
                return string.Join('\n', _tail);
            }
        }
    }

    /// <summary>Starts a node. It is not yet a member of its cluster.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="connection">The control connection; it goes through the environment, since everybody can read arguments.</param>
    /// <param name="logDirectory">Where its log goes.</param>
    /// <param name="arguments">Further arguments of the command <c>node</c>.</param>
    public static NodeProcess Start(string name, NpgsqlConnectionStringBuilder connection, string logDirectory, params IReadOnlyList<string> arguments)
    {
        var program = ThisProgram();
        var start = new ProcessStartInfo(program[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in (IEnumerable<string>)[.. program.Skip(1), "node", "--name", name, "--stop-with-parent", .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment[ConnectionText.Variable] = connection.ConnectionString;
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{program[0]} could not be started.");
        return new NodeProcess(name, process, Path.Combine(logDirectory, name + ".log"));
    }

    /// <summary>Waits until the process has exited.</summary>
    public Task WaitForExitAsync(CancellationToken cancellation) => _process.WaitForExitAsync(cancellation);

    /// <summary>Lets it leave its cluster; kills it when that takes longer than <paramref name="patience"/>.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        _process.StandardInput.Close();
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        await _pump;
    }

    /// <summary>Kills the process, as a crash would.</summary>
    public void Kill() => _process.Kill();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await StopAsync(TimeSpan.Zero);
        }

        await _pump;
        _process.Dispose();
    }

    /// <summary>This program's executable if this process runs by it, else the dotnet host with this program's assembly.</summary>
    internal static IReadOnlyList<string> ThisProgram()
    {
        var assembly = Assembly.GetExecutingAssembly().Location;
        var running = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this process is unknown.");
        return assembly.Length == 0 || IsNamed(running, Path.GetFileNameWithoutExtension(assembly)) ? [running]
            : IsNamed(running, Host) ? [running, assembly]
            : [Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? Host, assembly];
    }

    private static bool IsNamed(string path, string name) => Path.GetFileNameWithoutExtension(path).Equals(name, StringComparison.OrdinalIgnoreCase);

    private async Task PumpAsync(string logFile)
    {
        await using var log = new StreamWriter(logFile, append: true) { AutoFlush = true };
        using var turn = new SemaphoreSlim(1, 1);
        await Task.WhenAll(PumpAsync(_process.StandardOutput, log, turn), PumpAsync(_process.StandardError, log, turn));
    }

    private async Task PumpAsync(StreamReader lines, StreamWriter log, SemaphoreSlim turn)
    {
        while (await lines.ReadLineAsync() is { } line)
        {
            Remember(line);
            await turn.WaitAsync();
            try
            {
                await log.WriteLineAsync(line);
            }
            finally
            {
                turn.Release();
            }
        }
    }

    private void Remember(string line)
    {
        lock (_tailLock)
        {
            _tail.Enqueue(line);
            if (_tail.Count > RememberedLines)
            {
                _tail.Dequeue();
            }
        }
    }
}
