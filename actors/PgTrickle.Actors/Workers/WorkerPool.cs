using Akka.Actor;
using Akka.Event;
using PgTrickle.Actors.Diagnostics;
using PgTrickle.Actors.Membership;
using PgTrickle.Scheduling.Workers;

namespace PgTrickle.Actors.Workers;

/// <summary>
/// A node's workers: hands slots out in the order that <see cref="SlotQueue"/> decides. It runs nothing itself.
/// </summary>
internal sealed class WorkerPool : ReceiveActor
{
    private const string Patience = "patience";

    private readonly int maxWaiting;
    private readonly NodeFigures figures;
    private readonly ActorTimers timers;
    private readonly Dictionary<string, Client> clients = new(StringComparer.Ordinal);
    private readonly Dictionary<SlotHolder, WorkerSlot> slots = [];
    private readonly List<IActorRef> draining = [];
    private readonly ILoggingAdapter log = Context.GetLogger();
    private SlotQueue queue;
    private bool isDraining;

    public WorkerPool(int workers, int maxWaiting, NodeFigures figures, TimeProvider clock)
    {
        this.maxWaiting = maxWaiting;
        this.figures = figures;
        queue = SlotQueue.Create(workers);
        timers = new ActorTimers(clock, Self);
        Receive<SlotWanted>(OnWanted);
        Receive<SlotNotWanted>(message => OnNotWanted(new SlotHolder(NameOf(Sender), message.Attempt)));
        Receive<SlotReleased>(message => Free(message.Holder));
        Receive<Terminated>(message => OnTerminated(NameOf(message.ActorRef)));
        Receive<Drain>(OnDrain);
        Receive<TimerFired>(fired => timers.Accept(fired) is not null, _ => CancelAll());
    }

    public static Props Props(int workers, int maxWaiting, NodeFigures figures, TimeProvider clock) =>
        Akka.Actor.Props.Create(() => new WorkerPool(workers, maxWaiting, figures, clock));

    protected override void PostStop()
    {
        CancelAll();
        timers.Dispose();
        Telemetry.ActiveWorkers.Add(-queue.Active);
        Telemetry.Waiting.Add(-queue.Waiting);
        figures.ActiveWorkers = 0;
    }

    // With the uid: a restarted entity counts its attempts from 1 again.
    private static string NameOf(IActorRef entity) => entity.Path.ToSerializationFormat();

    private void OnWanted(SlotWanted message)
    {
        var name = NameOf(Sender);
        if (isDraining)
        {
            Sender.Tell(new SlotDenied(message.Attempt, "the node is stopping"));
            return;
        }

        if (queue.Waiting >= maxWaiting)
        {
            Sender.Tell(new SlotDenied(message.Attempt, $"{queue.Waiting} refreshes wait already"));
            return;
        }

        if (!clients.TryGetValue(name, out var client))
        {
            client = new Client(Sender);
            clients.Add(name, client);
            Context.Watch(Sender);
        }

        Become(queue.Request(new SlotHolder(name, message.Attempt), message.Priority));
    }

    private void OnNotWanted(SlotHolder holder)
    {
        if (slots.TryGetValue(holder, out var slot))
        {
            // Granted in the meantime: the entity gives it back when it arrives.
            return;
        }

        Become(queue.Release(holder));
    }

    private void Free(SlotHolder holder)
    {
        slots.Remove(holder);
        Become(queue.Release(holder));
        ReportIfDrained();
    }

    private void OnTerminated(string name)
    {
        clients.Remove(name);
        foreach (var (holder, slot) in slots.Where(pair => pair.Key.Entity == name).ToList())
        {
            slot.Cancel();
            if (slot.TryTakeBack())
            {
                Free(holder);
            }
        }

        // What runs keeps its slot until the task has ended.
        var kept = slots.Keys.Where(holder => holder.Entity == name).ToList();
        if (kept.Count == 0)
        {
            Become(queue.ReleaseAll(name));
        }
    }

    private void Become(SlotGrants grants)
    {
        var (activeBefore, waitingBefore) = (queue.Active, queue.Waiting);
        queue = grants.Queue;
        foreach (var holder in grants.Granted)
        {
            var slot = new WorkerSlot(Self, holder);
            slots[holder] = slot;
            if (clients.TryGetValue(holder.Entity, out var client))
            {
                client.Entity.Tell(slot);
            }
            else if (slot.TryTakeBack())
            {
                Self.Tell(new SlotReleased(holder));
            }
        }

        Telemetry.ActiveWorkers.Add(queue.Active - activeBefore);
        Telemetry.Waiting.Add(queue.Waiting - waitingBefore);
        figures.ActiveWorkers = queue.Active;
    }

    private void OnDrain(Drain message)
    {
        isDraining = true;
        draining.Add(Sender);
        Become(queue.Resize(0));
        timers.Start(Patience, message.Patience, Patience);
        ReportIfDrained();
    }

    private void ReportIfDrained()
    {
        if (queue.Active > 0)
        {
            return;
        }

        foreach (var waiter in draining)
        {
            waiter.Tell(new Drained());
        }

        draining.Clear();
    }

    private void CancelAll()
    {
        if (slots.Count > 0)
        {
            log.Info("{0} refreshes are cancelled", slots.Count);
        }

        foreach (var (holder, slot) in slots.ToList())
        {
            slot.Cancel();
            if (slot.TryTakeBack())
            {
                Self.Tell(new SlotReleased(holder));
            }
        }
    }

    private sealed record Client(IActorRef Entity);
}
