using PgTrickle.Cli.CommandLine;
using Spectre.Console;

namespace PgTrickle.Cli.Tests;

/// <summary>A command's world in memory: what it wrote, and the environment it saw. No terminal, so that output is lines.</summary>
internal sealed class TestConsole
{
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public Dictionary<string, string> Variables { get; } = [];

    public string Input { get; init; } = string.Empty;

    public string Output => _output.ToString();

    public string Error => _error.ToString();

    public string LastLine => Output.TrimEnd().Split('\n')[^1].TrimEnd();

    public CliContext Context => new()
    {
        Output = TextWriter.Synchronized(_output),
        Error = TextWriter.Synchronized(_error),
        Input = new StringReader(Input),
        OutputConsole = Console(_output),
        ErrorConsole = Console(_error),
        Environment = Variables,
    };

    public Task<int> RunAsync(params string[] arguments) => CommandTree.RunAsync(arguments, Context);

    private static IAnsiConsole Console(TextWriter writer) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = AnsiSupport.No,
        Interactive = InteractionSupport.No,
        Out = new AnsiConsoleOutput(writer),
    });
}
