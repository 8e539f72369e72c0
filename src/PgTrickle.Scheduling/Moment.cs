namespace PgTrickle.Scheduling;

/// <summary>
/// One reading of both clocks. Intervals, timeouts and lateness use <see cref="Monotonic"/>, which no clock step moves;
/// cron expressions use <see cref="Wall"/>, since they name times of day.
/// </summary>
/// <param name="Wall">The wall clock.</param>
/// <param name="Monotonic">Time since an arbitrary origin of this process; comparable within one process only.</param>
public readonly record struct Moment(DateTimeOffset Wall, TimeSpan Monotonic)
{
    /// <summary>Reads both clocks of <paramref name="clock"/>.</summary>
    public static Moment Of(TimeProvider clock) => new(clock.GetUtcNow(), clock.GetElapsedTime(0, clock.GetTimestamp()));

    /// <summary>
    /// Places a wall-clock instant of the past, such as the last refresh that the catalog remembers, on this process's
    /// monotonic clock. An instant in the future (another machine's clock, or a step) counts as now.
    /// </summary>
    public Moment Recall(DateTimeOffset past)
    {
        var wall = past > Wall ? Wall : past;
        return new Moment(wall, Monotonic - (Wall - wall));
    }
}
