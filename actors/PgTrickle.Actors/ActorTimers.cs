using Akka.Actor;

namespace PgTrickle.Actors;

/// <summary>
/// Timers of one actor on a <see cref="TimeProvider"/>, so that tests move time by hand. Each key has one timer; its message is wrapped
/// with a number, by which one that was already in the mailbox when the timer was set anew is known and dropped.
/// Used from the actor's own thread only.
/// </summary>
internal sealed class ActorTimers(TimeProvider clock, IActorRef self) : IDisposable
{
    private readonly Dictionary<string, Running> timers = new(StringComparer.Ordinal);
    private long number;

    /// <summary>Sets a timer, instead of the one that the key may have.</summary>
    public void Start(string key, TimeSpan delay, object message)
    {
        Cancel(key);
        var fired = new TimerFired(key, ++number, message);
        var target = self;
        var timer = clock.CreateTimer(_ => target.Tell(fired, target), null, delay < TimeSpan.Zero ? TimeSpan.Zero : delay, Timeout.InfiniteTimeSpan);
        timers[key] = new Running(fired.Number, timer);
    }

    /// <summary>Stops the key's timer, if it has one.</summary>
    public void Cancel(string key)
    {
        if (timers.Remove(key, out var running))
        {
            running.Timer.Dispose();
        }
    }

    /// <summary>The message of a timer that is still wanted; null for a late one.</summary>
    public object? Accept(TimerFired fired)
    {
        if (!timers.TryGetValue(fired.Key, out var running) || running.Number != fired.Number)
        {
            return null;
        }

        Cancel(fired.Key);
        return fired.Message;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var running in timers.Values)
        {
            running.Timer.Dispose();
        }

        timers.Clear();
    }

    private readonly record struct Running(long Number, ITimer Timer);
}

/// <summary>A timer of an actor ran out; to be shown to its <see cref="ActorTimers"/>.</summary>
internal sealed record TimerFired(string Key, long Number, object Message) : INoSerializationVerificationNeeded;
