using System.Diagnostics;
using System.Globalization;

namespace PgTrickle.Postgres.Embedded;

/// <summary>
/// A postgres process under a watchdog: a shell that is connected to this process by a pipe. One line in the pipe stops the server
/// orderly; the end of the pipe, which the kernel brings about however this process ends, stops it at once. Either way the watchdog removes a temporary
/// data directory; when the server ends by itself, its data stays, for this process to read the log. Ctrl-C in a terminal must reach this process alone,
/// which stops its server when it is done with it: both run in a session of their own.
/// </summary>
internal sealed class ServerProcess : IDisposable
{
    private const string WatchdogScript = """
        postgres=$1 data=$2 remove=$3
        shift 3
        trap '' INT
        exec 3<&0
        "$postgres" -D "$data" "$@" >>"$data/server.log" 2>&1 </dev/null 3<&- &
        server=$!
        {
            while read -r command <&3; do
                : > "$data/stopping"
                kill -INT "$server"
            done
            : > "$data/stopping"
            kill -QUIT "$server"
        } 2>/dev/null &
        reader=$!
        exec 3<&- </dev/null
        trap 'kill -INT "$server" 2>/dev/null' TERM HUP
        wait "$server"
        status=$?
        while kill -0 "$server" 2>/dev/null; do
            wait "$server"
            status=$?
        done
        kill "$reader" 2>/dev/null
        if [ -e "$data/stopping" ]; then
            if [ "$remove" = yes ]; then rm -rf "$data"; else rm -f "$data/stopping"; fi
        fi
        exit "$status"
        """;

    private static readonly TimeSpan ReadyPoll = TimeSpan.FromMilliseconds(20);

    private readonly Process _watchdog;
    private readonly ServerData _data;
    private readonly long _logStart;

    private ServerProcess(Process watchdog, ServerData data, long logStart)
    {
        _watchdog = watchdog;
        _data = data;
        _logStart = logStart;
    }

    public bool HasExited => _watchdog.HasExited;

    /// <summary>Starts the server; it is not yet ready.</summary>
    public static ServerProcess Start(
        EmbeddedPostgresOptions options, PostgresBinaries binaries, ServerAccount account, ServerData data, int port)
    {
        var settings = new Dictionary<string, string>
        {
            ["lc_messages"] = "C",
            ["unix_socket_directories"] = string.Empty,
        };
        foreach (var (name, value) in options.Settings)
        {
            settings[name] = value;
        }

        settings["listen_addresses"] = "127.0.0.1";
        settings["port"] = port.ToString(CultureInfo.InvariantCulture);
        var remove = data.IsTemporary ? "yes" : "no";
        var arguments = settings.SelectMany(setting => new[] { "-c", $"{setting.Key}={setting.Value}" });
        var shell = account.Command(["/bin/sh", "-c", WatchdogScript, "pgtrickle-watchdog", binaries.Postgres, data.Path, remove, .. arguments]);
        var logStart = File.Exists(data.LogFile) ? new FileInfo(data.LogFile).Length : 0;
        var watchdog = HostProcess.Start(options.Host, [.. OwnSession(options.Host), .. shell]);
        return new ServerProcess(watchdog, data, logStart);
    }

    /// <summary>Waits until the server has written that it is ready, or has ended; true when it is ready.</summary>
    public async Task<bool> WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        while (!_watchdog.HasExited)
        {
            if (IsReady())
            {
                return true;
            }

            await Task.Delay(ReadyPoll, cancellationToken).ConfigureAwait(false);
        }

        return false;
    }

    /// <summary>What the server has logged since this start, its last lines.</summary>
    public string LogTail()
    {
        try
        {
            using var log = new FileStream(_data.LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            log.Seek(_logStart, SeekOrigin.Begin);
            using var reader = new StreamReader(log);
            return Text.Tail(reader.ReadToEnd());
        }
        catch (IOException)
        {
            return "(the server left no log)";
        }
    }

    /// <summary>Stops the server orderly (open transactions are rolled back, a checkpoint is written) and waits for its end.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await WriteAsync("stop").ConfigureAwait(false);
        await _watchdog.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops the server at once, as a crash would, and waits for its end.</summary>
    public async Task AbortAsync()
    {
        CloseInput();
        await _watchdog.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Lets go of a server that has ended.</summary>
    public void Dispose()
    {
        CloseInput();
        _watchdog.Dispose();
    }

    /// <summary>The command that starts another one in a session of its own: macOS has no setsid, but Perl. With neither, Ctrl-C stops the server as well.</summary>
    private static IReadOnlyList<string> OwnSession(EmbeddedHost host) =>
        host.FindExecutable("setsid") is { } setsid ? [setsid]
        : host.FindExecutable("perl") is { } perl ? [perl, "-MPOSIX", "-e", "POSIX::setsid(); exec { $ARGV[0] } @ARGV"]
        : [];

    /// <summary>The eighth line of postmaster.pid is the state that the server reports of itself; pg_ctl reads it, too.</summary>
    private bool IsReady()
    {
        try
        {
            var lines = File.ReadAllLines(Path.Combine(_data.Path, "postmaster.pid"));
            return lines.Length >= 8 && lines[7].Trim() == "ready" && !_watchdog.HasExited;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private async Task WriteAsync(string line)
    {
        try
        {
            await _watchdog.StandardInput.WriteLineAsync(line).ConfigureAwait(false);
            await _watchdog.StandardInput.FlushAsync().ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The watchdog has ended already.
        }
    }

    private void CloseInput()
    {
        try
        {
            _watchdog.StandardInput.Close();
        }
        catch (Exception failure) when (failure is IOException or InvalidOperationException)
        {
            // Closed before, or the watchdog has ended.
        }
    }
}
