using System.Globalization;
using System.Text.RegularExpressions;

namespace PgTrickle.Postgres.Embedded;

/// <summary>A folder with the programs of one PostgreSQL server.</summary>
/// <param name="Directory">The folder with postgres, initdb and pg_ctl.</param>
/// <param name="MajorVersion">Its major version, for instance 15.</param>
/// <param name="Version">Its full version as it prints it, for instance 15.18.</param>
public sealed partial record PostgresBinaries(string Directory, int MajorVersion, string Version)
{
    private static readonly string[] Programs = ["postgres", "initdb", "pg_ctl"];

    internal string Postgres => Path.Combine(Directory, "postgres");

    internal string Initdb => Path.Combine(Directory, "initdb");

    /// <summary>Asks the programs of a folder for their version; null when they are not there or do not run.</summary>
    internal static async Task<PostgresBinaries?> ProbeAsync(EmbeddedHost host, string directory, CancellationToken cancellationToken)
    {
        if (!Programs.All(program => EmbeddedHost.IsExecutable(Path.Combine(directory, program))))
        {
            return null;
        }

        var command = new[] { Path.Combine(directory, "postgres"), "--version" };
        var outcome = await HostProcess.RunAsync(host, command, null, cancellationToken).ConfigureAwait(false);
        var match = VersionPattern().Match(outcome.Output);
        return outcome.ExitCode == 0 && match.Success
            ? new PostgresBinaries(directory, int.Parse(match.Groups["major"].Value, CultureInfo.InvariantCulture), match.Groups["version"].Value)
            : null;
    }

    [GeneratedRegex(@"\(PostgreSQL\) (?<version>(?<major>\d+)\S*)", RegexOptions.CultureInvariant)]
    private static partial Regex VersionPattern();
}
