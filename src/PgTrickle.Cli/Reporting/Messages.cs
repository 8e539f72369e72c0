namespace PgTrickle.Cli.Reporting;

/// <summary>Progress in words. Synchronous, unlike <see cref="Progress{T}"/>: messages must not arrive after the step has ended.</summary>
internal sealed class Messages(Action<string> show) : IProgress<string>
{
    public void Report(string value) => show(value);
}
