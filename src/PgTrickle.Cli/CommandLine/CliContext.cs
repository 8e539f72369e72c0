using System.Collections;
using Spectre.Console;

namespace PgTrickle.Cli.CommandLine;

/// <summary>The world outside a command: where it writes, what the environment says, what time it is. Tests replace each.</summary>
internal sealed record CliContext
{
    /// <summary>Standard output: results, what scripts read.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>Standard error: progress and errors.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Standard input.</summary>
    public required TextReader Input { get; init; }

    /// <summary>Draws on <see cref="Output"/>.</summary>
    public required IAnsiConsole OutputConsole { get; init; }

    /// <summary>Draws on <see cref="Error"/>.</summary>
    public required IAnsiConsole ErrorConsole { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Whether a live display on standard output makes sense.</summary>
    public bool IsOutputLive => OutputConsole.Profile.Out.IsTerminal && OutputConsole.Profile.Capabilities.Ansi;

    /// <summary>Whether a spinner on standard error makes sense.</summary>
    public bool IsErrorLive => ErrorConsole.Profile.Out.IsTerminal && ErrorConsole.Profile.Capabilities.Ansi;

    /// <summary>The value of an environment variable, or null when it is unset or empty.</summary>
    public string? Variable(string name) => Environment.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    /// <summary>This process's own streams and environment.</summary>
    public static CliContext OfProcess() => new()
    {
        Output = Console.Out,
        Error = Console.Error,
        Input = Console.In,
        OutputConsole = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) }),
        ErrorConsole = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) }),
        Environment = System.Environment.GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? string.Empty),
    };
}
