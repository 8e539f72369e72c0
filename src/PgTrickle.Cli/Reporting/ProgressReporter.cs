using PgTrickle.Cli.CommandLine;
using PgTrickle.Postgres.Embedded;
using Spectre.Console;

namespace PgTrickle.Cli.Reporting;

/// <summary>Shows what a long step is doing: a spinner on a terminal, else a line now and then. Always on standard error.</summary>
internal sealed class ProgressReporter(CliContext context)
{
    /// <summary>Runs a step while showing its messages.</summary>
    /// <param name="title">What is shown until the step says more.</param>
    /// <param name="step">Gets a function that shows a message.</param>
    public async Task<T> RunAsync<T>(string title, Func<Action<string>, Task<T>> step)
    {
        if (context.IsErrorLive)
        {
            return await context.ErrorConsole.Status().StartAsync(
                Markup.Escape(title), status => step(message => status.Status = Markup.Escape(message)));
        }

        var lines = new LineWriter(context.Error, context.Time);
        lines.Write(title);
        return await step(lines.Write);
    }

    /// <inheritdoc cref="RunAsync{T}"/>
    public Task RunAsync(string title, Func<Action<string>, Task> step) => RunAsync(title, async show =>
    {
        await step(show);
        return true;
    });

    /// <summary>Reports of an embedded server as messages. Percentages are for terminals; in a log they would be a line each.</summary>
    public IProgress<EmbeddedProgress> ForServer(Action<string> show) => new ServerProgress(show, withPercentage: context.IsErrorLive);

    /// <summary>Synchronous, unlike <see cref="Progress{T}"/>: messages must not arrive after the step has ended.</summary>
    private sealed class ServerProgress(Action<string> show, bool withPercentage) : IProgress<EmbeddedProgress>
    {
        public void Report(EmbeddedProgress value) => show(
            withPercentage && value.Fraction is > 0 and < 1 ? $"{value.Message} ({value.Fraction:P0})" : value.Message);
    }

    /// <summary>Lines at most once a second: who reads a log wants to know what takes long, not everything that happened.</summary>
    private sealed class LineWriter(TextWriter writer, TimeProvider time)
    {
        private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

        private readonly Lock _lock = new();
        private long? _last;

        public void Write(string message)
        {
            lock (_lock)
            {
                if (_last is null || time.GetElapsedTime(_last.Value) >= Interval)
                {
                    writer.WriteLine(message);
                    _last = time.GetTimestamp();
                }
            }
        }
    }
}
