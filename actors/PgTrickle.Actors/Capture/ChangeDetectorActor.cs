using Akka.Actor;
using Akka.Event;
using PgTrickle.Actors.Diagnostics;
using PgTrickle.Postgres.Ports;
using PgTrickle.Scheduling;

namespace PgTrickle.Actors.Capture;

/// <summary>
/// One a node and database: polls the change log and tells this node's entities which of their tables changed. One query tells for all of them,
/// and whether commands wait. Each node asks for itself, so that the loss of a node delays nobody else's refreshes.
/// An entity registers before it starts its first refresh; both go through this mailbox in order, so no change falls in between.
/// </summary>
internal sealed class ChangeDetectorActor : ReceiveActor
{
    private const string Poll = "poll";

    private readonly IChangeDetector detector;
    private readonly IActorRef commands;
    private readonly int idleFactor;
    private readonly ActorTimers timers;
    private readonly CancellationTokenSource stopped = new();
    private readonly Dictionary<IActorRef, WatchSources> watchers = [];
    private readonly Dictionary<uint, HashSet<IActorRef>> watched = [];
    private readonly ILoggingAdapter log = Context.GetLogger();
    private TimeSpan interval;
    private TimeSpan pause;
    private string? snapshot;
    private bool isPolling;
    private bool pollAgain;
    private bool isFailing;

    public ChangeDetectorActor(IChangeDetector detector, IActorRef commands, TimeSpan interval, int idleFactor, TimeProvider clock)
    {
        this.detector = detector;
        this.commands = commands;
        this.idleFactor = idleFactor;
        this.interval = interval;
        pause = interval;
        timers = new ActorTimers(clock, Self);
        Receive<WatchSources>(OnWatch);
        Receive<Terminated>(message => Forget(message.ActorRef));
        Receive<TimerFired>(fired => timers.Accept(fired) is not null, _ => StartPoll());
        Receive<PollNow>(_ => StartPoll());
        Receive<PollEvery>(message => OnInterval(message.Interval));
        Receive<Polled>(OnPolled);
        timers.Start(Poll, TimeSpan.Zero, Poll);
    }

    public static Props Props(IChangeDetector detector, IActorRef commands, TimeSpan interval, int idleFactor, TimeProvider clock) =>
        Akka.Actor.Props.Create(() => new ChangeDetectorActor(detector, commands, interval, idleFactor, clock));

    protected override void PostStop()
    {
        timers.Dispose();
        stopped.Cancel();
        stopped.Dispose();
    }

    private void OnWatch(WatchSources message)
    {
        if (watchers.TryGetValue(Sender, out var before))
        {
            Unindex(Sender, before);
        }
        else
        {
            Context.Watch(Sender);
        }

        watchers[Sender] = message;
        foreach (var source in message.Sources)
        {
            if (!watched.TryGetValue(source, out var entities))
            {
                watched[source] = entities = [];
            }

            entities.Add(Sender);
        }

        if (message.Interval / 2 is { } half && half < pause && pause > interval)
        {
            pause = half > interval ? half : interval;
            timers.Start(Poll, pause, Poll);
        }
    }

    private void Forget(IActorRef entity)
    {
        if (watchers.Remove(entity, out var before))
        {
            Unindex(entity, before);
        }
    }

    private void Unindex(IActorRef entity, WatchSources before)
    {
        foreach (var source in before.Sources)
        {
            if (watched.TryGetValue(source, out var entities) && entities.Remove(entity) && entities.Count == 0)
            {
                watched.Remove(source);
            }
        }
    }

    private void OnInterval(TimeSpan wanted)
    {
        if (wanted == interval)
        {
            return;
        }

        interval = wanted;
        pause = wanted;
        timers.Start(Poll, pause, Poll);
    }

    private void StartPoll()
    {
        if (isPolling)
        {
            pollAgain = true;
            return;
        }

        isPolling = true;
        timers.Cancel(Poll);
        PollAsync().PipeTo(Self);
    }

    private async Task<Polled> PollAsync()
    {
        try
        {
            return new Polled(await detector.PollAsync(snapshot, stopped.Token), null);
        }
        catch (Exception problem)
        {
            return new Polled(null, problem);
        }
    }

    private void OnPolled(Polled polled)
    {
        isPolling = false;
        if (polled.Observation is { } observation)
        {
            snapshot = observation.Snapshot;
            isFailing = false;
            Publish(observation);
        }
        else
        {
            Fail(polled.Problem!);
        }

        timers.Start(Poll, pollAgain ? TimeSpan.Zero : pause, Poll);
        pollAgain = false;
    }

    private void Publish(ChangeObservation observation)
    {
        var quiet = !observation.Everything && observation.ChangedSources.IsEmpty;
        pause = quiet ? Shorter(pause * 2, LongestPause()) : interval;
        Telemetry.Polls.Add(1, new KeyValuePair<string, object?>("result", quiet ? "quiet" : "changes"));
        if (observation.CommandsPending)
        {
            commands.Tell(new CommandsMayWait());
        }

        if (observation.Everything)
        {
            foreach (var entity in watchers.Keys)
            {
                entity.Tell(new AnyTableMayHaveChanged());
            }

            return;
        }

        var news = new Dictionary<IActorRef, List<uint>>();
        foreach (var source in observation.ChangedSources)
        {
            foreach (var entity in watched.GetValueOrDefault(source) ?? [])
            {
                if (!news.TryGetValue(entity, out var sources))
                {
                    news[entity] = sources = [];
                }

                sources.Add(source);
            }
        }

        foreach (var (entity, sources) in news)
        {
            entity.Tell(new TablesChanged(sources.Order().ToEquatableArray()));
        }
    }

    // The snapshot stays, so the next poll that succeeds covers what this one missed.
    private void Fail(Exception problem)
    {
        pause = Shorter(pause * 2, LongestPause());
        Telemetry.Polls.Add(1, new KeyValuePair<string, object?>("result", "failed"));
        if (!isFailing && !stopped.IsCancellationRequested)
        {
            isFailing = true;
            log.Warning("The change log can not be read: {0}", problem.Message);
        }
    }

    private TimeSpan LongestPause()
    {
        var limit = interval * idleFactor;
        foreach (var watcher in watchers.Values)
        {
            if (watcher.Interval / 2 is { } half && half < limit)
            {
                limit = half;
            }
        }

        return limit < interval ? interval : limit;
    }

    private static TimeSpan Shorter(TimeSpan left, TimeSpan right) => left < right ? left : right;

    private sealed record Polled(ChangeObservation? Observation, Exception? Problem) : INoSerializationVerificationNeeded;
}
