using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Dispatch;
using Akka.Event;
using Microsoft.Extensions.Logging;

namespace PgTrickle.Actors.Diagnostics;

/// <summary>Gives an actor system the factory that its log goes to.</summary>
public sealed class LoggingSetup(ILoggerFactory factory) : Setup
{
    /// <summary>The factory.</summary>
    public ILoggerFactory Factory { get; } = factory;
}

/// <summary>
/// Brings the log of the actor system to <c>Microsoft.Extensions.Logging</c>: the category is the class that logs, and the actor's path
/// is a field of its own.
/// </summary>
public sealed class ExtensionsLogger : UntypedActor, IRequiresMessageQueue<ILoggerMessageQueueSemantics>
{
    private readonly ConcurrentDictionary<Type, ILogger> loggers = new();
    private ILoggerFactory? factory;

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case InitializeLogger:
                factory = Context.System.Settings.Setup.Get<LoggingSetup>() is { HasValue: true } setup ? setup.Value.Factory : null;
                Sender.Tell(new LoggerInitialized());
                break;
            case LogEvent entry when factory is not null:
                var logger = loggers.GetOrAdd(entry.LogClass, type => factory.CreateLogger(type.FullName ?? type.Name));
                Write(logger, entry);
                break;
            default:
                break;
        }
    }

    private static void Write(ILogger logger, LogEvent entry)
    {
        var level = entry.LogLevel() switch
        {
            Akka.Event.LogLevel.DebugLevel => Microsoft.Extensions.Logging.LogLevel.Debug,
            Akka.Event.LogLevel.WarningLevel => Microsoft.Extensions.Logging.LogLevel.Warning,
            Akka.Event.LogLevel.ErrorLevel => Microsoft.Extensions.Logging.LogLevel.Error,
            _ => Microsoft.Extensions.Logging.LogLevel.Information,
        };
        if (logger.IsEnabled(level))
        {
            logger.Log(level, entry.Cause, "{AkkaMessage} ({ActorPath})", entry.Message.ToString(), entry.LogSource);
        }
    }
}
