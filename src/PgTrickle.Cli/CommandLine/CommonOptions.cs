using System.CommandLine;
using System.Globalization;
using PgTrickle.Cli.Connections;
using PgTrickle.Cli.Up;

namespace PgTrickle.Cli.CommandLine;

/// <summary>Options that several commands share, each time a new one: an option belongs to one command.</summary>
internal static class CommonOptions
{
    private const int MostNodes = 64;

    public static Option<string?> Connection() => new("--connection", "-c")
    {
        Description = $"The database, as postgresql://user:password@host:5432/database. Better given by the environment variable {ConnectionText.Variable}: "
            + "everybody on a machine can read the arguments of its processes.",
        HelpName = "uri",
    };

    /// <summary>Null when it is not given: then it is <see cref="PostgresTarget.Parse"/> of nothing.</summary>
    public static Option<PostgresTarget?> Postgres() => new("--postgres")
    {
        Description = "15 to 18 starts a server of that version; the URI of a database uses that one. Without it: the newest version that is installed.",
        HelpName = "version|uri",
        CustomParser = result =>
        {
            try
            {
                return PostgresTarget.Parse(result.Tokens.Single().Value);
            }
            catch (CliException failure)
            {
                result.AddError($"{failure.Message} {failure.Hint}");
                return null;
            }
        },
    };

    public static Option<int> Nodes(int usual) => Number("--nodes", "-n", "How many node processes.", usual, 1, MostNodes);

    /// <summary>A whole number within bounds.</summary>
    public static Option<int> Number(string name, string? alias, string description, int usual, int least, int most)
    {
        var option = new Option<int>(name, alias is null ? [] : [alias]) { Description = $"{description} {least} to {most}.", HelpName = "n", DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (int.TryParse(result.Tokens.SingleOrDefault()?.Value, CultureInfo.InvariantCulture, out var value) && (value < least || value > most))
            {
                result.AddError($"{name} must be {least} to {most}, not {value}.");
            }
        });
        return option;
    }
}
