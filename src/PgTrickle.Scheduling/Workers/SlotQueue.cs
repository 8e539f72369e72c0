using System.Collections.Immutable;

namespace PgTrickle.Scheduling.Workers;

/// <summary>An attempt that wants a worker.</summary>
/// <param name="Entity">The entity's name, unique on the node.</param>
/// <param name="Attempt">The entity's number for it.</param>
public readonly record struct SlotHolder(string Entity, long Attempt);

/// <summary>
/// Who has, and who waits for, one of a node's workers; immutable. Slots go by <see cref="SlotPriority"/>, among equals by order of arrival.
/// Each operation returns the new queue and whom it granted a slot, so that no free slot and a waiting attempt ever exist together.
/// </summary>
public sealed class SlotQueue
{
    private readonly ImmutableHashSet<SlotHolder> active;
    private readonly ImmutableSortedSet<Ticket> waiting;
    private readonly ImmutableDictionary<SlotHolder, Ticket> tickets;
    private readonly long arrivals;

    private SlotQueue(
        int capacity, ImmutableHashSet<SlotHolder> active, ImmutableSortedSet<Ticket> waiting, ImmutableDictionary<SlotHolder, Ticket> tickets, long arrivals)
    {
        Capacity = capacity;
        this.active = active;
        this.waiting = waiting;
        this.tickets = tickets;
        this.arrivals = arrivals;
    }

    /// <summary>The number of workers.</summary>
    public int Capacity { get; }

    /// <summary>Slots in use; above <see cref="Capacity"/> only while it was lowered and attempts still run.</summary>
    public int Active => active.Count;

    /// <summary>Attempts without a slot.</summary>
    public int Waiting => waiting.Count;

    /// <summary>A queue with all workers free.</summary>
    /// <param name="capacity">The setting <c>max_workers</c>, 0 or more.</param>
    public static SlotQueue Create(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        return new SlotQueue(capacity, [], [], ImmutableDictionary<SlotHolder, Ticket>.Empty, 0);
    }

    /// <summary>Asks for a slot. Asking again for what waits changes its priority; for what has a slot, nothing.</summary>
    public SlotGrants Request(SlotHolder holder, SlotPriority priority)
    {
        if (active.Contains(holder))
        {
            return new SlotGrants(this, []);
        }

        var ticket = new Ticket(priority, arrivals, holder);
        var others = tickets.TryGetValue(holder, out var old) ? waiting.Remove(old) : waiting;
        return new SlotQueue(Capacity, active, others.Add(ticket), tickets.SetItem(holder, ticket), arrivals + 1).Grant();
    }

    /// <summary>Gives a slot back or stops waiting for one; nothing when neither was the case.</summary>
    public SlotGrants Release(SlotHolder holder)
    {
        var rest = tickets.TryGetValue(holder, out var ticket) ? waiting.Remove(ticket) : waiting;
        return new SlotQueue(Capacity, active.Remove(holder), rest, tickets.Remove(holder), arrivals).Grant();
    }

    /// <summary>Gives back and stops waiting for everything of an entity that ended.</summary>
    public SlotGrants ReleaseAll(string entity)
    {
        var gone = tickets.Where(pair => pair.Key.Entity == entity).ToList();
        return new SlotQueue(
            Capacity,
            active.Where(holder => holder.Entity != entity).ToImmutableHashSet(),
            waiting.Except(gone.Select(pair => pair.Value)),
            tickets.RemoveRange(gone.Select(pair => pair.Key)),
            arrivals).Grant();
    }

    /// <summary>Changes the number of workers. Running attempts keep their slots.</summary>
    public SlotGrants Resize(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        return new SlotQueue(capacity, active, waiting, tickets, arrivals).Grant();
    }

    private SlotGrants Grant()
    {
        var free = Math.Max(0, Capacity - active.Count);
        var granted = waiting.Take(free).ToList();
        if (granted.Count == 0)
        {
            return new SlotGrants(this, []);
        }

        var holders = granted.Select(ticket => ticket.Holder).ToEquatableArray();
        return new SlotGrants(
            new SlotQueue(Capacity, active.Union(holders), waiting.Except(granted), tickets.RemoveRange(holders), arrivals),
            holders);
    }

    private readonly record struct Ticket(SlotPriority Priority, long Arrival, SlotHolder Holder) : IComparable<Ticket>
    {
        public int CompareTo(Ticket other) => Priority != other.Priority ? Priority.CompareTo(other.Priority) : Arrival.CompareTo(other.Arrival);
    }
}

/// <summary>The queue after an operation.</summary>
/// <param name="Queue">The new queue.</param>
/// <param name="Granted">Who has a slot from now on, most urgent first.</param>
public sealed record SlotGrants(SlotQueue Queue, EquatableArray<SlotHolder> Granted);
