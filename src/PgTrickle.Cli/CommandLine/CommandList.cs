using System.CommandLine;
using PgTrickle.Cli.Commands;

namespace PgTrickle.Cli.CommandLine;

/// <summary>The commands, in the order in which help shows them.</summary>
internal static class CommandList
{
    public static IEnumerable<Command> All(CliContext context) =>
    [
        new InstallCommand(context),
        new NodeCommand(context),
        new UpCommand(context),
        new DemoCommand(context),
        new ExplainCommand(context),
    ];
}
