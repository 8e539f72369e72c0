using Akka.Actor;
using PgTrickle.Scheduling.Workers;

namespace PgTrickle.Actors.Workers;

/// <summary>Messages between entities and the worker pool of their node; they never leave it.</summary>
public interface IWorkerMessage : INoSerializationVerificationNeeded;

/// <summary>The sender wants a worker. Asked again for the same attempt, only the priority changes.</summary>
public sealed record SlotWanted(long Attempt, SlotPriority Priority) : IWorkerMessage;

/// <summary>The sender does not want it any more.</summary>
public sealed record SlotNotWanted(long Attempt) : IWorkerMessage;

/// <summary>The answer under pressure: ask again later.</summary>
public sealed record SlotDenied(long Attempt, string Reason) : IWorkerMessage;

/// <summary>Stop handing out slots; running attempts may end until they are cancelled. Answered with <see cref="Drained"/>.</summary>
public sealed record Drain(TimeSpan Patience) : IWorkerMessage;

/// <summary>Nothing runs any more.</summary>
public sealed record Drained : IWorkerMessage;

/// <summary>
/// A worker, for one attempt. Whoever gets it begins it and releases it when the attempt's task has ended, whatever became of the actor in the
/// meantime: the connection is in use until then. One that is never begun goes back when its actor ends.
/// </summary>
public sealed class WorkerSlot : IWorkerMessage
{
    private readonly IActorRef pool;
    private readonly SlotHolder holder;
    private readonly CancellationTokenSource cancelled = new();
    private int state;

    internal WorkerSlot(IActorRef pool, SlotHolder holder)
    {
        this.pool = pool;
        this.holder = holder;
        Cancellation = cancelled.Token;
    }

    /// <summary>The attempt.</summary>
    public long Attempt => holder.Attempt;

    /// <summary>Set when the node stops or the entity has ended.</summary>
    public CancellationToken Cancellation { get; }

    /// <summary>Must be called once before work begins; false when the pool has taken the slot back.</summary>
    public bool TryBegin() => Interlocked.CompareExchange(ref state, 1, 0) == 0;

    /// <summary>Gives the slot back; from any thread, any number of times.</summary>
    public void Release()
    {
        if (Interlocked.Exchange(ref state, 2) != 2)
        {
            pool.Tell(new SlotReleased(holder), ActorRefs.NoSender);
        }
    }

    internal bool TryTakeBack() => Interlocked.CompareExchange(ref state, 2, 0) == 0;

    /// <summary>Asks for the end of what runs. Does not wait: the server is told over a connection of its own.</summary>
    internal void Cancel() => _ = cancelled.CancelAsync();
}

/// <summary>From a slot: it is free.</summary>
internal sealed record SlotReleased(SlotHolder Holder) : IWorkerMessage;
