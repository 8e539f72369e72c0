using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace PgTrickle.TestInfrastructure.Gateways;

/// <summary>A PgBouncer on a port of its own, in front of whatever listens on another port of this machine. Everybody who connects is one user.</summary>
public sealed class Bouncer : IAsyncDisposable
{
    private static readonly string[] SystemFolders = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"];

    private readonly Process _process;
    private readonly DirectoryInfo _folder;

    private Bouncer(Process process, DirectoryInfo folder, int port)
    {
        _process = process;
        _folder = folder;
        Port = port;
    }

    public int Port { get; }

    public int ProcessId => _process.Id;

    /// <summary>Its program, on PATH or where the packages of systems put it; null when it is not installed.</summary>
    public static string? Find() => (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator).Concat(SystemFolders)
        .Select(folder => Path.Combine(folder, "pgbouncer")).FirstOrDefault(File.Exists);

    /// <summary>Starts one and waits until it answers.</summary>
    /// <param name="program">Its program.</param>
    /// <param name="targetPort">What it connects to.</param>
    /// <param name="user">As whom it connects.</param>
    /// <param name="settings">Lines of its section pgbouncer.</param>
    public static async Task<Bouncer> StartAsync(string program, int targetPort, string user, params string[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("bouncer");
        var port = FreePort();
        var file = Path.Combine(folder.FullName, "pgbouncer.ini");
        await File.WriteAllTextAsync(file, string.Create(CultureInfo.InvariantCulture, $"""
            [databases]
            * = host=127.0.0.1 port={targetPort} user={user}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = any
            logfile =
            {string.Join('\n', settings)}
            """));
        if (!OperatingSystem.IsWindows())
        {
            // It refuses to run as root and must be able to read this as somebody else.
            File.SetUnixFileMode(folder.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        }

        string[] arguments = Environment.IsPrivilegedProcess ? ["-q", "-u", "nobody", file] : ["-q", file];
        var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        var bouncer = new Bouncer(process, folder, port);
        try
        {
            await Eventually.TrueAsync(() => ListensAsync(port), "PgBouncer listens");
            return bouncer;
        }
        catch
        {
            await bouncer.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private static async Task<bool> ListensAsync(int port)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
