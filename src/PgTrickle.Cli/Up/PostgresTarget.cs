using System.Globalization;
using Npgsql;
using PgTrickle.Cli.CommandLine;
using PgTrickle.Cli.Connections;

namespace PgTrickle.Cli.Up;

/// <summary>Which PostgreSQL a command should use: a server that it starts, or one that runs already.</summary>
internal abstract record PostgresTarget
{
    private const int Oldest = 15;
    private const int Newest = 18;

    private PostgresTarget()
    {
    }

    /// <summary>A server started for the command. Null takes the newest that is installed, or brings the newest supported.</summary>
    public sealed record Embedded(int? MajorVersion) : PostgresTarget;

    /// <summary>A database of a running server.</summary>
    public sealed record Given(NpgsqlConnectionStringBuilder Connection) : PostgresTarget
    {
        /// <summary>Never the password.</summary>
        public override string ToString() => PostgresUri.WithoutSecrets(Connection);
    }

    /// <summary>Reads the value of <c>--postgres</c>.</summary>
    /// <exception cref="CliException">It is neither a supported major version nor a connection.</exception>
    public static PostgresTarget Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return new Embedded(null);
        }

        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version))
        {
            return new Given(ConnectionText.Parse(text));
        }

        return version is >= Oldest and <= Newest
            ? new Embedded(version)
            : throw new CliException(ExitCode.Usage, $"PostgreSQL {version} is not supported.", $"Use {Oldest} to {Newest}, or the URI of a running server.");
    }
}
