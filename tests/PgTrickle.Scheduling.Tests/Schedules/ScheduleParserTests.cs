using CsCheck;
using PgTrickle.Scheduling.Schedules;

namespace PgTrickle.Scheduling.Tests.Schedules;

public sealed class ScheduleParserTests
{
    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("30s", 30_000)]
    [InlineData("5m", 300_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("2d", 172_800_000)]
    [InlineData("1w", 604_800_000)]
    [InlineData("1w2d3h4m5s6ms", 788_645_006)]
    [InlineData("  1H30M\n", 5_400_000)]
    [InlineData("5M", 300_000)]
    [InlineData("5MS", 5)]
    [InlineData("0h5s", 5_000)]
    public void A_duration_is_read(string text, long milliseconds) =>
        Assert.Equal(new DurationSchedule(TimeSpan.FromMilliseconds(milliseconds)), Read(text));

    [Theory]
    [InlineData("", "empty")]
    [InlineData(" \t", "empty")]
    [InlineData("0s", "longer than zero")]
    [InlineData("0h0m", "longer than zero")]
    [InlineData("-5s", "longer than zero")]
    [InlineData("5", "unit is missing")]
    [InlineData("1.5s", "whole numbers")]
    [InlineData("5x", "whole numbers")]
    [InlineData("30m1h", "larger units first")]
    [InlineData("1s1s", "each at most once")]
    [InlineData("1234567890s", "whole numbers")]
    [InlineData("3651d", "3650 days")]
    [InlineData("999999999w", "3650 days")]
    [InlineData("٣s", "neither")]
    [InlineData("s", "neither")]
    [InlineData("fortnightly", "neither")]
    [InlineData("5 s", "has 2")]
    [InlineData("every 5 minutes", "has 3")]
    [InlineData("61 * * * *", "cron expression has an invalid format")]
    [InlineData("* * * * * * *", "has 7")]
    [InlineData("0 0 30 2 *", "No day")]
    [InlineData("H * * * *", "not supported")]
    [InlineData("@fortnightly", "cron expression has an invalid format")]
    public void Garbage_is_refused_with_text_for_detail_and_hint(string text, string detail)
    {
        Assert.False(ScheduleParser.TryParse(text, out var schedule, out var error));
        Assert.Null(schedule);
        Assert.Contains(detail, error.Detail, StringComparison.Ordinal);
        Assert.Contains("'1h30m'", error.Hint, StringComparison.Ordinal);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("calculated", "calculated")]
    [InlineData(" CALCULATED ", "calculated")]
    [InlineData("immediate", "IMMEDIATE")]
    [InlineData("90m", "1h30m")]
    [InlineData("7d", "1w")]
    [InlineData("1500MS", "1s500ms")]
    [InlineData("*/5  9-17 * * mon-fri", "*/5 9-17 * * MON-FRI")]
    [InlineData("*/10 * * * * *", "*/10 * * * * *")]
    [InlineData("@Hourly", "@hourly")]
    [InlineData("@daily", "@daily")]
    [InlineData("@weekly", "@weekly")]
    [InlineData("@monthly", "@monthly")]
    public void Canonical_text_is_stable(string text, string canonical)
    {
        var schedule = Read(text);
        Assert.Equal(canonical, schedule.ToString());
        Assert.Equal(schedule, Read(canonical));
    }

    [Fact]
    public void Any_allowed_duration_survives_print_and_parse() =>
        Gen.Long[1, (long)ScheduleParser.LongestDuration.TotalMilliseconds].Sample(milliseconds =>
        {
            var schedule = new DurationSchedule(TimeSpan.FromMilliseconds(milliseconds));
            Assert.Equal(schedule, Read(schedule.ToString()));
        });

    [Fact]
    public void Any_text_is_either_read_or_refused() =>
        Gen.OneOf(Gen.String, Gen.String["0123456789wdhms @*/-,"]).Sample(text =>
            Assert.NotEqual(ScheduleParser.TryParse(text, out _, out var error), error is not null));

    [Theory]
    [InlineData("500ms", false)]
    [InlineData("1s", true)]
    [InlineData("* * * * * *", true)]
    [InlineData("calculated", true)]
    public void The_least_allowed_interval_is_enforced(string text, bool allowed) =>
        Assert.Equal(allowed, ScheduleParser.CheckMinimum(Read(text), TimeSpan.FromSeconds(1)) is null);

    [Fact]
    public void Seconds_of_a_cron_expression_count_against_the_least_allowed_interval()
    {
        var error = ScheduleParser.CheckMinimum(Read("0,1 0 * * * *"), TimeSpan.FromMinutes(1));
        Assert.Contains("1s apart", error?.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Equal_cron_text_in_another_zone_is_another_schedule()
    {
        Assert.True(ScheduleParser.TryParse("@daily", Zones.Central, out var central, out _));
        Assert.NotEqual(Read("@daily"), central);
        Assert.True(ScheduleParser.TryParse("@DAILY", Zones.Central, out var again, out _));
        Assert.Equal(central, again);
    }

    internal static Schedule Read(string text)
    {
        Assert.True(ScheduleParser.TryParse(text, out var schedule, out var error), error?.Detail);
        return schedule;
    }
}
