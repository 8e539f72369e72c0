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
        try
        {
            var code = await parsed.InvokeAsync(configuration, cancellation);
            return parsed.Action is ParseErrorAction ? ExitCode.Usage : code;
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
}
