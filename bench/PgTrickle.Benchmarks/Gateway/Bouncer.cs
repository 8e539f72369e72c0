using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace PgTrickle.Benchmarks.Gateway;

/// <summary>PgBouncer in session mode in front of a server: what the gateway is compared with. It must be installed.</summary>
internal sealed class Bouncer : IDisposable
{
    private static readonly string[] Places = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer", "/opt/homebrew/bin/pgbouncer"];

    private readonly Process _process;
    private readonly DirectoryInfo _folder;

    private Bouncer(Process process, DirectoryInfo folder, int port)
    {
        _process = process;
        _folder = folder;
        Port = port;
    }

    public int Port { get; }

    /// <summary>Starts it; null when it is not installed.</summary>
    public static Bouncer? Start(int serverPort)
    {
        if (Places.FirstOrDefault(File.Exists) is not { } program)
        {
            return null;
        }

        var folder = Directory.CreateTempSubdirectory("bouncer");
        var port = FreePort();
        File.WriteAllText(Path.Combine(folder.FullName, "users.txt"), "\"postgres\" \"\"\n");
        var settings = Path.Combine(folder.FullName, "pgbouncer.ini");
        File.WriteAllText(settings, string.Create(CultureInfo.InvariantCulture, $"""
            [databases]
            postgres = host=127.0.0.1 port={serverPort}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = trust
            auth_file = {folder.FullName}/users.txt
            pool_mode = session
            max_client_conn = 200
            default_pool_size = 100
            logfile =
            """));
        if (OperatingSystem.IsLinux())
        {
            // It refuses to run as root and must be able to read this as somebody else.
            File.SetUnixFileMode(folder.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        }

        string[] arguments = Environment.IsPrivilegedProcess ? ["-q", "-u", "nobody", settings] : ["-q", settings];
        var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        return new Bouncer(process, folder, port);
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private static int FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
