using PgTrickle.Scheduling.Schedules;

namespace PgTrickle.Scheduling.Tests.Schedules;

public sealed class CronScheduleTests
{
    [Fact]
    public void A_time_that_the_zone_skips_happens_when_the_skip_ends()
    {
        var next = In(Zones.Central, "30 2 * * *").NextAfter(At("2025-03-30T00:00:00Z"));
        Assert.Equal(At("2025-03-30T03:00:00+02:00"), next);
    }

    [Fact]
    public void A_fixed_time_in_the_hour_that_comes_twice_happens_once()
    {
        var cron = In(Zones.Central, "30 2 * * *");
        var first = cron.NextAfter(At("2025-10-25T22:00:00Z"));
        Assert.Equal(At("2025-10-26T02:30:00+02:00"), first);
        Assert.Equal(At("2025-10-27T02:30:00+01:00"), cron.NextAfter(first!.Value));
    }

    [Fact]
    public void An_interval_goes_through_the_hour_that_comes_twice_both_times()
    {
        var cron = In(Zones.Central, "*/30 * * * *");
        var at = At("2025-10-26T02:00:00+02:00");
        for (var count = 0; count < 4; count++)
        {
            var next = cron.NextAfter(at)!.Value;
            Assert.Equal(TimeSpan.FromMinutes(30), next - at);
            at = next;
        }
    }

    [Fact]
    public void The_next_occurrence_is_strictly_later()
    {
        var cron = In(TimeZoneInfo.Utc, "@hourly");
        Assert.Equal(At("2025-01-01T13:00:00Z"), cron.NextAfter(At("2025-01-01T12:00:00Z")));
    }

    [Fact]
    public void The_shortest_gap_is_not_the_mean()
    {
        var cron = In(TimeZoneInfo.Utc, "0,10 * * * *");
        Assert.Equal(TimeSpan.FromMinutes(10), cron.ShortestGap());
        Assert.InRange(cron.TypicalPeriod(), TimeSpan.FromMinutes(29), TimeSpan.FromMinutes(31));
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static CronSchedule In(TimeZoneInfo zone, string text)
    {
        Assert.True(ScheduleParser.TryParse(text, zone, out var schedule, out _));
        return Assert.IsType<CronSchedule>(schedule);
    }
}
