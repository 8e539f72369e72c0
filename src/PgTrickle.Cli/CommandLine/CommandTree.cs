using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace PgTrickle.Cli.CommandLine;

/// <summary>All commands, and how they are run: parse errors, failures and interruptions become messages and exit codes here.</summary>
internal static class CommandTree
{
    /// <summary>How long a command may take to clean up after Ctrl-C or SIGTERM before the process ends all the same.</summary>
    private static readonly TimeSpan CleanUpPatience = TimeSpan.FromSeconds(90);

    public static RootCommand Build(CliContext context)
    {
        var root = new RootCommand("pgtrickle keeps stream tables - ordinary PostgreSQL tables - equal to a query while its source tables change.");
        foreach (var command in CommandList.All(context))
        {
            root.Subcommands.Add(command);
        }

        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    /// <summary>Runs a command line to its end.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CliContext context, CancellationToken cancellation = default)
    {
        var parsed = Build(context).Parse(arguments);
        var configuration = new InvocationConfiguration
        {
            Output = context.Output,
            Error = context.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = CleanUpPatience,
        };
        if (parsed.Action is ParseErrorAction wrong)
        {
            return await ReportAsync(parsed, wrong, configuration);
        }

        try
        {
            return await parsed.InvokeAsync(configuration, cancellation);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            var report = ErrorReport.Of(failure);
            foreach (var line in report.Lines)
            {
                await context.Error.WriteLineAsync(line);
            }

            return report.Code;
        }
    }

    /// <summary>Says what is wrong; the whole help only to who gave no command at all.</summary>
    private static async Task<int> ReportAsync(ParseResult parsed, ParseErrorAction wrong, InvocationConfiguration configuration)
    {
        wrong.ShowHelp = parsed.CommandResult.Command is RootCommand && parsed.Tokens.Count == 0;
        await parsed.InvokeAsync(configuration, CancellationToken.None);
        if (!wrong.ShowHelp)
        {
            var path = parsed.CommandResult.Command is RootCommand ? string.Empty : parsed.CommandResult.Command.Name + " ";
            await configuration.Error.WriteLineAsync($"Run 'pgtrickle {path}--help' to see what there is.");
        }

        return ExitCode.Usage;
    }
}
