using System.CommandLine;

namespace PgTrickle.Cli.CommandLine;

/// <summary>A command with examples, which its help shows.</summary>
internal abstract class CliCommand : Command
{
    protected CliCommand(string name, string description, params Example[] examples)
        : base(name, description) => Examples = examples;

    public IReadOnlyList<Example> Examples { get; }
}

/// <summary>A line that a newcomer can paste, and what it does.</summary>
internal sealed record Example(string CommandLine, string Meaning);
