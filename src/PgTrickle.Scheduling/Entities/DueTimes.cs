using PgTrickle.Scheduling.Assignments;
using PgTrickle.Scheduling.Schedules;

namespace PgTrickle.Scheduling.Entities;

/// <summary>
/// When a stream table is due. An interval counts from the last start on the monotonic clock; while nothing changed it needs no
/// timer, for the first change makes it due at once when the interval is over. A cron expression is due at its times alone, so each
/// occurrence is either used or skipped.
/// </summary>
public static class DueTimes
{
    // The wall clock may be stepped while a timer runs on the monotonic one: a cron expression looks again at least this often.
    private static readonly TimeSpan WallClockRecheck = TimeSpan.FromMinutes(1);

    // A step back within this bound is corrected drift: occurrences that were served are not served twice. A longer one starts anew,
    // since waiting for the old time could take years.
    private static readonly TimeSpan ToleratedStep = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The monotonic time at which the next scheduled attempt is due, maybe in the past; null when the clock alone brings none.
    /// </summary>
    public static TimeSpan? NextDue(StreamTableState state, Moment now)
    {
        if (state is not { Assignment: { } assignment, IsRetired: false } || state.Status == StreamTableStatus.Suspended)
        {
            return null;
        }

        var timetable = TimetableOf(state, assignment);
        var first = IsFirst(state);
        if (timetable.IsNever && !first)
        {
            return null;
        }

        var triesAgain = state switch
        {
            { Status: StreamTableStatus.Error } => true,
            { Status: StreamTableStatus.Initializing } => first || state.Failures.InARow > 0,
            _ => state.Failures.Last is FailureClass.Transient or FailureClass.MissingRights && HasWork(state),
        };
        var due = triesAgain ? now.Monotonic : Scheduled(state, timetable, now);
        return state.Failures.NotBefore is { } earliest && (triesAgain || earliest > due) ? earliest : due;
    }

    /// <summary>How long to sleep until the next <see cref="Tick"/>; null when only an input can bring work.</summary>
    public static TimeSpan? NextWake(StreamTableState state, Moment now)
    {
        if (state is not { Phase: IdlePhase, Assignment: not null, IsRetired: false } || state.Holds.HasFlag(Hold.Draining))
        {
            return null;
        }

        if (!state.Requests.IsEmpty)
        {
            return Sleep(state.Failures.NotBefore ?? now.Monotonic, now);
        }

        if (state.Holds.HasFlag(Hold.Paused) || IsBlocked(state) || NextDue(state, now) is not { } due)
        {
            return null;
        }

        // While a gate is closed, what is overdue waits for the gate and not for the clock.
        if (state.Holds.HasFlag(Hold.Gated) && due <= now.Monotonic)
        {
            return null;
        }

        var sleep = Sleep(due, now);
        return state.Assignment is { Timetable.Crons.IsEmpty: false } && sleep > WallClockRecheck ? WallClockRecheck : sleep;
    }

    /// <summary>True when a member of its group cannot be refreshed, so that none can. A first fill, and a recheck of a passenger, are done alone.</summary>
    public static bool IsBlocked(StreamTableState state) =>
        state is { Assignment.Group: { IsDriver: true, BlockedBy.IsEmpty: false }, Status: not StreamTableStatus.Initializing };

    /// <summary>True when the entity has a schedule of its own to follow: passengers and frozen ones have none.</summary>
    public static bool IsScheduledHere(StreamTableState state) =>
        state.Assignment is { } assignment && (IsFirst(state) || !TimetableOf(state, assignment).IsNever);

    /// <summary>True when an attempt could find something.</summary>
    public static bool HasWork(StreamTableState state) =>
        state.Work.Kinds != WorkKinds.None || !state.IsPopulated || state is { Status: StreamTableStatus.Error } or { Assignment.NeverSkips: true };

    private static TimeSpan Sleep(TimeSpan until, Moment now) => until > now.Monotonic ? until - now.Monotonic : TimeSpan.Zero;

    private static bool IsFirst(StreamTableState state) => state is { Status: StreamTableStatus.Initializing, Anchor: null };

    // A passenger that is not filled, or in error, is brought back to where its group can take it along.
    private static EffectiveSchedule TimetableOf(StreamTableState state, Assignment assignment) =>
        assignment.IsPassenger && state.Status != StreamTableStatus.Active ? assignment.Schedule.In(assignment.Tier) : assignment.Timetable;

    private static TimeSpan? Scheduled(StreamTableState state, EffectiveSchedule timetable, Moment now)
    {
        TimeSpan? due = null;
        if (timetable.Interval is { } interval && HasWork(state))
        {
            due = state.Anchor is { } anchor ? anchor.Monotonic + (interval * state.IntervalFactor) : now.Monotonic;
        }

        if (timetable.OnUpstreamAdvance && (state.Work.Kinds & (WorkKinds.Upstream | WorkKinds.Unknown)) != 0)
        {
            due = Earlier(due, state.Work.Since);
        }

        return timetable.Crons.Select(cron => NextOccurrence(cron, state.Anchor, now)).Aggregate(due, Earlier);
    }

    private static TimeSpan? NextOccurrence(CronSchedule cron, Moment? anchor, Moment now) =>
        cron.NextAfter(anchor is { } last ? ServedUntil(last, now) : now.Wall) is { } next ? now.Monotonic + (next - now.Wall) : null;

    // The monotonic clock tells what the wall clock, as it goes now, would have shown at the anchor; less than it did show means that
    // it was stepped back since.
    private static DateTimeOffset ServedUntil(Moment anchor, Moment now)
    {
        var asOfNow = now.Wall - (now.Monotonic - anchor.Monotonic);
        return anchor.Wall - asOfNow > ToleratedStep ? asOfNow : anchor.Wall;
    }

    private static TimeSpan? Earlier(TimeSpan? left, TimeSpan? right) => left is null || right < left ? right : left;
}
