namespace PgTrickle.Scheduling.Schedules;

/// <summary>
/// What a user writes as <c>schedule</c>: a duration, a cron expression, <c>calculated</c> or <c>IMMEDIATE</c>. The hierarchy is
/// closed. <see cref="object.ToString"/> gives the canonical text, which <see cref="ScheduleParser"/> reads back to an equal value.
/// </summary>
public abstract record Schedule
{
    private protected Schedule()
    {
    }
}

/// <summary>A fixed interval between starts.</summary>
public sealed record DurationSchedule : Schedule
{
    /// <summary>Creates a schedule of one interval.</summary>
    /// <param name="interval">From 1 ms to <see cref="ScheduleParser.LongestDuration"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The interval is outside of that range.</exception>
    public DurationSchedule(TimeSpan interval)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(interval, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(interval, ScheduleParser.LongestDuration);
        Interval = interval;
    }

    /// <summary>Time between two starts, before the tier's multiplier.</summary>
    public TimeSpan Interval { get; }

    /// <inheritdoc/>
    public override string ToString() => DurationText.Format(Interval);
}

/// <summary>Refresh times derived from the stream tables that read this one (<see cref="Assignments.ScheduleResolution"/>).</summary>
public sealed record CalculatedSchedule : Schedule
{
    private CalculatedSchedule()
    {
    }

    /// <summary>The one value.</summary>
    public static CalculatedSchedule Instance { get; } = new();

    /// <inheritdoc/>
    public override string ToString() => "calculated";
}

/// <summary>Maintained by triggers inside the writer's transaction: no schedule at all. Callers that lack that mode refuse it.</summary>
public sealed record ImmediateSchedule : Schedule
{
    private ImmediateSchedule()
    {
    }

    /// <summary>The one value.</summary>
    public static ImmediateSchedule Instance { get; } = new();

    /// <inheritdoc/>
    public override string ToString() => "IMMEDIATE";
}
