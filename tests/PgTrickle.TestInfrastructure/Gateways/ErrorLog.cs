using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace PgTrickle.TestInfrastructure.Gateways;

/// <summary>Keeps what the gateway logs as an error: its own faults, which no client may cause.</summary>
public sealed class ErrorLog : ILogger
{
    public ConcurrentQueue<string> Entries { get; } = new();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            Entries.Enqueue($"{formatter(state, exception)}: {exception}");
        }
    }
}
