using Npgsql;
using PgTrickle.Cli.CommandLine;

namespace PgTrickle.Cli.Connections;

/// <summary>A connection as people give it: a URI, or Npgsql's <c>Name=value;...</c>.</summary>
internal static class ConnectionText
{
    /// <summary>Where a connection comes from when no option gives it: arguments of processes can be read by everybody on a machine.</summary>
    public const string Variable = "PGTRICKLE_CONNECTION";

    /// <summary>Reads a connection.</summary>
    /// <exception cref="CliException">It can't be understood; nothing of the text is repeated, since it may hold a password.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string text)
    {
        try
        {
            // DETAIL is for who calls the command, and is shown to nobody else.
            return new NpgsqlConnectionStringBuilder((PostgresUri.IsUri(text) ? PostgresUri.Parse(text) : new NpgsqlConnectionStringBuilder(text)).ConnectionString)
            {
                IncludeErrorDetail = true,
            };
        }
        catch (FormatException failure) when (PostgresUri.IsUri(text))
        {
            throw new CliException(ExitCode.Usage, failure.Message, Forms);
        }
        catch (Exception failure) when (failure is ArgumentException or FormatException or KeyNotFoundException)
        {
            throw new CliException(ExitCode.Usage, "The connection string can't be understood.", Forms);
        }
    }

    /// <summary>The option's connection, or else the environment's.</summary>
    /// <exception cref="CliException">There is neither, or it can't be understood.</exception>
    public static NpgsqlConnectionStringBuilder Require(string? option, CliContext context) =>
        (string.IsNullOrWhiteSpace(option) ? context.Variable(Variable) : option) is { } text
            ? Parse(text)
            : throw new CliException(ExitCode.Usage, $"No database is given: use --connection or the environment variable {Variable}.", Forms);

    private const string Forms = "Write it as postgresql://user:password@host:5432/database or as Host=...;Port=...;Database=...;Username=...;Password=...";
}
