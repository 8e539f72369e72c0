namespace PgTrickle.Scheduling.Tests.Schedules;

internal static class Zones
{
    /// <summary>Central European rules, made here so that tests need no time zone database: +1, +2 from the last Sunday of March to that of October.</summary>
    public static TimeZoneInfo Central { get; } = TimeZoneInfo.CreateCustomTimeZone(
        "Test/Central",
        TimeSpan.FromHours(1),
        "Test/Central",
        "standard",
        "summer",
        [
            TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(
                DateTime.MinValue.Date,
                DateTime.MaxValue.Date,
                TimeSpan.FromHours(1),
                TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 2, 0, 0), 3, 5, DayOfWeek.Sunday),
                TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 3, 0, 0), 10, 5, DayOfWeek.Sunday)),
        ]);
}
