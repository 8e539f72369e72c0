using System.Globalization;
using System.Security.Cryptography;

namespace PgTrickle.Postgres.Embedded;

/// <summary>A data directory that initdb has filled, and the superuser's password if there is one.</summary>
internal sealed record ServerData(string Path, bool IsTemporary, string? Password)
{
    private const string PasswordFile = "pgtrickle.password";

    /// <summary>Runs as the server's account, with the password on standard input: it must not show up in a process list.</summary>
    private const string InitScript = """
        set -eu
        umask 077
        initdb=$1 data=$2
        shift 2
        secret=$(mktemp)
        trap 'rm -f "$secret"' EXIT
        cat > "$secret"
        if [ -s "$secret" ]; then
            set -- --pwfile="$secret" "$@"
        fi
        "$initdb" -D "$data" "$@"
        if [ -s "$secret" ]; then
            cp "$secret" "$data/pgtrickle.password"
        fi
        """;

    public string LogFile => System.IO.Path.Combine(Path, "server.log");

    /// <summary>Deletes a temporary folder; the watchdog does it when it was told to stop, this process when the server ended by itself.</summary>
    public void RemoveIfTemporary()
    {
        if (IsTemporary && Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    public static async Task<ServerData> PrepareAsync(
        EmbeddedPostgresOptions options, PostgresBinaries binaries, ServerAccount account, IProgress<EmbeddedProgress>? progress, CancellationToken cancellationToken)
    {
        var isTemporary = options.DataDirectory is null && !options.KeepTemporaryData;
        var path = options.DataDirectory is null
            ? await account.TemporaryDirectoryAsync(cancellationToken).ConfigureAwait(false)
            : System.IO.Path.GetFullPath(options.DataDirectory!);
        if (InitialisedVersion(path) is { } present)
        {
            return present == binaries.MajorVersion
                ? new ServerData(path, isTemporary, options.SuperuserPassword ?? await KeptPasswordAsync(path, cancellationToken).ConfigureAwait(false))
                : throw new EmbeddedPostgresException(
                    $"{path} holds the data of PostgreSQL {present}; the server found is {binaries.Version}. Ask for version {present} or name another folder.");
        }

        if (options.DataDirectory is not null)
        {
            await account.OwnDirectoryAsync(path, cancellationToken).ConfigureAwait(false);
        }

        var password = options.Authentication == EmbeddedAuthentication.Trust
            ? options.SuperuserPassword
            : options.SuperuserPassword ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        progress?.Report(new EmbeddedProgress(EmbeddedStage.Initializing, $"Initialising a data directory for PostgreSQL {binaries.Version}"));
        var data = new ServerData(path, isTemporary, password);
        try
        {
            await InitialiseAsync(options, binaries, account, data, cancellationToken).ConfigureAwait(false);
            return data;
        }
        catch
        {
            data.RemoveIfTemporary();
            throw;
        }
    }

    /// <summary>The major version of the data in a folder; null when it is not a data directory.</summary>
    public static int? InitialisedVersion(string path)
    {
        var file = System.IO.Path.Combine(path, "PG_VERSION");
        return File.Exists(file) ? int.Parse(File.ReadAllText(file).Trim(), CultureInfo.InvariantCulture) : null;
    }

    private static async Task InitialiseAsync(
        EmbeddedPostgresOptions options, PostgresBinaries binaries, ServerAccount account, ServerData data, CancellationToken cancellationToken)
    {
        var command = account.Command(
            "/bin/sh", "-c", InitScript, "initdb", binaries.Initdb, data.Path,
            "--no-sync",
            "--encoding=UTF8",
            OperatingSystem.IsMacOS() ? "--locale=en_US.UTF-8" : "--locale=C.UTF-8",
            options.Authentication == EmbeddedAuthentication.Trust ? "--auth=trust" : "--auth=scram-sha-256",
            $"--username={options.SuperuserName}");
        var outcome = await HostProcess.RunAsync(options.Host, command, data.Password ?? string.Empty, cancellationToken).ConfigureAwait(false);
        if (outcome.ExitCode != 0)
        {
            throw new EmbeddedPostgresException($"initdb of PostgreSQL {binaries.Version} failed in {data.Path}: {outcome.Tail}");
        }
    }

    private static async Task<string?> KeptPasswordAsync(string path, CancellationToken cancellationToken)
    {
        var file = System.IO.Path.Combine(path, PasswordFile);
        return File.Exists(file) ? await File.ReadAllTextAsync(file, cancellationToken).ConfigureAwait(false) : null;
    }
}
