namespace PgTrickle.Cli.CommandLine;

/// <summary>Ends a command with a message for the person who called it, and an exit code.</summary>
/// <param name="exitCode">One of <see cref="ExitCode"/>.</param>
/// <param name="message">What went wrong, in one line.</param>
/// <param name="hint">What to do about it.</param>
/// <param name="inner">The cause.</param>
internal sealed class CliException(int exitCode, string message, string? hint = null, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;

    public string? Hint { get; } = hint;
}
