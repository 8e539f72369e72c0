using System.Diagnostics.CodeAnalysis;
using Npgsql;

namespace PgTrickle.Postgres.Embedded;

/// <summary>
/// A PostgreSQL server that this process has started on a loopback port and that does not outlive it: it is stopped by disposal,
/// and by its watchdog when this process dies in whatever way. Thread-safe.
/// </summary>
public sealed class EmbeddedPostgres : IAsyncDisposable
{
    private const int PortAttempts = 20;

    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(60);

    private readonly ServerProcess _process;
    private readonly ServerData _data;
    private int _stopped;

    private EmbeddedPostgres(ServerProcess process, PostgresBinaries binaries, ServerData data, string superuser, int port)
    {
        _process = process;
        _data = data;
        Binaries = binaries;
        SuperuserName = superuser;
        Port = port;
    }

    /// <summary>The programs that run.</summary>
    public PostgresBinaries Binaries { get; }

    /// <summary>The folder with the data; gone after the stop when it was temporary.</summary>
    public string DataDirectory => _data.Path;

    /// <summary>The bootstrap superuser.</summary>
    public string SuperuserName { get; }

    /// <summary>The port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Whether the server still runs.</summary>
    public bool IsRunning => Volatile.Read(ref _stopped) == 0 && !_process.HasExited;

    /// <summary>Finds or brings the binaries, initialises the data directory if need be, starts the server and waits until it is ready.</summary>
    /// <exception cref="EmbeddedPostgresException">Any of these failed; the message names the remedy or the end of the server's log.</exception>
    public static async Task<EmbeddedPostgres> StartAsync(
        EmbeddedPostgresOptions options, IProgress<EmbeddedProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (OperatingSystem.IsWindows())
        {
            throw new EmbeddedPostgresException("Embedded servers run on Linux and macOS. On Windows use WSL, or give the connection string of a server.");
        }

        var binaries = await PostgresLocator.FindAsync(ForExistingData(options), progress, cancellationToken).ConfigureAwait(false);
        var account = ServerAccount.For(options.Host);
        var data = await ServerData.PrepareAsync(options, binaries, account, progress, cancellationToken).ConfigureAwait(false);
        for (var attempt = 1; ; attempt++)
        {
            var port = options.Port ?? options.Host.ProposePort();
            progress?.Report(new EmbeddedProgress(EmbeddedStage.Starting, $"Starting PostgreSQL {binaries.Version} on port {port}"));
            var process = await TryStartAsync(options, binaries, account, data, port, attempt, cancellationToken).ConfigureAwait(false);
            if (process is not null)
            {
                progress?.Report(new EmbeddedProgress(EmbeddedStage.Ready, $"PostgreSQL {binaries.Version} is ready on port {port}", 1));
                return new EmbeddedPostgres(process, binaries, data, options.SuperuserName, port);
            }
        }
    }

    /// <summary>An Npgsql connection string; for another role than the superuser, give its name and password.</summary>
    public string ConnectionString(string database = "postgres", string? username = null, string? password = null) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = Port,
            Database = database,
            Username = username ?? SuperuserName,
            Password = username is null ? _data.Password : password,
        }.ConnectionString;

    /// <summary>The same as a libpq URI, as psql and most drivers take it.</summary>
    [SuppressMessage("Design", "CA1055:URI-like return values should not be strings", Justification = "System.Uri would normalise what libpq parses itself.")]
    public string ConnectionUri(string database = "postgres", string? username = null, string? password = null)
    {
        var secret = username is null ? _data.Password : password;
        var credentials = Uri.EscapeDataString(username ?? SuperuserName) + (secret is null ? string.Empty : ":" + Uri.EscapeDataString(secret));
        return $"postgresql://{credentials}@127.0.0.1:{Port}/{Uri.EscapeDataString(database)}";
    }

    /// <summary>Stops the server orderly; at once, as a crash would, when that takes longer than a minute. Does nothing the second time.</summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _stopped, 1) != 0)
        {
            return;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(StopPatience);
        try
        {
            await _process.StopAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await _process.AbortAsync().ConfigureAwait(false);
        }
        finally
        {
            _process.Dispose();
            _data.RemoveIfTemporary();
        }
    }

    /// <summary>Kills the server as a crash would, without a checkpoint: for tests of recovery. The data directory goes if it was temporary.</summary>
    public async Task CrashAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) == 0)
        {
            await _process.AbortAsync().ConfigureAwait(false);
            _process.Dispose();
            _data.RemoveIfTemporary();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    /// <summary>Data that exists decides the version unless the caller does.</summary>
    private static EmbeddedPostgresOptions ForExistingData(EmbeddedPostgresOptions options) =>
        options is { MajorVersion: null, BinDirectory: null, DataDirectory: { } path } && ServerData.InitialisedVersion(path) is { } present
            ? new EmbeddedPostgresOptions { MajorVersion = present, Host = options.Host }
            : options;

    /// <summary>Starts the server; null when its port was taken meanwhile and another one may be tried.</summary>
    private static async Task<ServerProcess?> TryStartAsync(
        EmbeddedPostgresOptions options, PostgresBinaries binaries, ServerAccount account, ServerData data, int port, int attempt, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(options.StartTimeout);
        var process = ServerProcess.Start(options, binaries, account, data, port);
        try
        {
            if (await process.WaitUntilReadyAsync(patience.Token).ConfigureAwait(false))
            {
                return process;
            }
        }
        catch (OperationCanceledException)
        {
            var log = process.LogTail();
            await process.AbortAsync().ConfigureAwait(false);
            process.Dispose();
            data.RemoveIfTemporary();
            cancellationToken.ThrowIfCancellationRequested();
            throw new EmbeddedPostgresException($"PostgreSQL {binaries.Version} was not ready after {options.StartTimeout.TotalSeconds} s: {log}");
        }

        var tail = process.LogTail();
        process.Dispose();
        if (tail.Contains("could not bind", StringComparison.Ordinal) && options.Port is null && attempt < PortAttempts)
        {
            return null;
        }

        data.RemoveIfTemporary();
        throw new EmbeddedPostgresException($"PostgreSQL {binaries.Version} did not start on port {port} in {data.Path}: {tail}");
    }
}
