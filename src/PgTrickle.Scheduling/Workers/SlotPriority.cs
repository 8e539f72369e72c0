using PgTrickle.Scheduling.Schedules;

namespace PgTrickle.Scheduling.Workers;

/// <summary>The order in which waiting attempts get workers: those that somebody waits for, then by tier, then by lateness.</summary>
/// <param name="Rank">0 for a request, else 1 and more by tier.</param>
/// <param name="DueAt">The monotonic time at which it was due: the earlier, the later it is.</param>
public readonly record struct SlotPriority(int Rank, TimeSpan DueAt) : IComparable<SlotPriority>
{
    /// <summary>Somebody waits for it.</summary>
    public static SlotPriority Requested(TimeSpan since) => new(0, since);

    /// <summary>Nobody waits for it.</summary>
    public static SlotPriority Scheduled(Tier tier, TimeSpan dueAt) => new(1 + (int)tier, dueAt);

    /// <inheritdoc/>
    public int CompareTo(SlotPriority other) => Rank != other.Rank ? Rank.CompareTo(other.Rank) : DueAt.CompareTo(other.DueAt);

    /// <summary>More urgent.</summary>
    public static bool operator <(SlotPriority left, SlotPriority right) => left.CompareTo(right) < 0;

    /// <summary>Less urgent.</summary>
    public static bool operator >(SlotPriority left, SlotPriority right) => left.CompareTo(right) > 0;

    /// <summary>At least as urgent.</summary>
    public static bool operator <=(SlotPriority left, SlotPriority right) => left.CompareTo(right) <= 0;

    /// <summary>At most as urgent.</summary>
    public static bool operator >=(SlotPriority left, SlotPriority right) => left.CompareTo(right) >= 0;
}
