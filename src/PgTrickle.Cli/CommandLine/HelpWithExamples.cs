using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace PgTrickle.Cli.CommandLine;

/// <summary>The usual help, followed by the command's examples and, for the whole program, the exit codes.</summary>
internal sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
{
    private const string ExitCodes = """
        Exit codes:
          0    done
          1    differences were found, a check failed, or PostgreSQL reported an error
          2    the command line is wrong
          3    the server can't be reached, or this machine lacks something
          130  interrupted before it was done

        """;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        usual.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is CliCommand { Examples.Count: > 0 } command)
        {
            output.WriteLine("Examples:");
            foreach (var example in command.Examples)
            {
                output.WriteLine($"  # {example.Meaning}");
                output.WriteLine($"  {example.CommandLine}");
                output.WriteLine();
            }
        }

        if (parseResult.CommandResult.Command is RootCommand)
        {
            output.Write(ExitCodes);
        }

        return ExitCode.Ok;
    }
}
