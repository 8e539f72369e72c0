using CsCheck;
using PgTrickle.Scheduling.Schedules;

namespace PgTrickle.Scheduling.Tests.Schedules;

public sealed class EffectiveScheduleTests
{
    private static readonly string[] CronTexts = ["* * * * *", "@hourly", "@daily", "0,10 * * * *"];

    private static readonly Gen<EffectiveSchedule> Any = Gen.OneOf(
        Gen.Const(EffectiveSchedule.Never),
        Gen.Const(EffectiveSchedule.UponUpstreamAdvance),
        Gen.Int[1, 7200].Select(seconds => EffectiveSchedule.Every(TimeSpan.FromSeconds(seconds))),
        Gen.Int[0, 3].Select(index => EffectiveSchedule.At((CronSchedule)ScheduleParserTests.Read(CronTexts[index]))));

    [Fact]
    public void Or_is_commutative_associative_and_idempotent() => Gen.Select(Any, Any, Any).Sample((a, b, c) =>
    {
        Assert.Equal(a.Or(b), b.Or(a));
        Assert.Equal(a.Or(b).Or(c), a.Or(b.Or(c)));
        Assert.Equal(a.Or(b), a.Or(b).Or(a));
        Assert.Equal(a, a.Or(EffectiveSchedule.Never));
    });

    [Theory]
    [InlineData(Tier.Hot, "5s or on upstream advance")]
    [InlineData(Tier.Warm, "10s or on upstream advance")]
    [InlineData(Tier.Cold, "50s or on upstream advance")]
    [InlineData(Tier.Frozen, "never")]
    public void A_tier_multiplies_the_interval(Tier tier, string text) =>
        Assert.Equal(text, EffectiveSchedule.Every(TimeSpan.FromSeconds(5)).Or(EffectiveSchedule.UponUpstreamAdvance).In(tier).ToString());

    [Theory]
    [InlineData(Tier.Cold, "@hourly")]
    [InlineData(Tier.Frozen, "never")]
    public void A_tier_leaves_a_cron_expression_alone_but_frozen_stops_it(Tier tier, string text) =>
        Assert.Equal(text, EffectiveSchedule.At((CronSchedule)ScheduleParserTests.Read("@hourly")).In(tier).ToString());

    [Theory]
    [InlineData("5s", "@hourly", "5s")]
    [InlineData("1h", "@hourly", "1h")]
    [InlineData("2h", "@hourly", "2h or @hourly")]
    [InlineData("5s", "3s", "3s")]
    public void A_cron_expression_goes_when_the_interval_is_as_frequent(string left, string right, string both) =>
        Assert.Equal(both, Of(left).Or(Of(right)).ToString());

    private static EffectiveSchedule Of(string text) => ScheduleParserTests.Read(text) switch
    {
        DurationSchedule duration => EffectiveSchedule.Every(duration.Interval),
        CronSchedule cron => EffectiveSchedule.At(cron),
        var other => throw new ArgumentException(other.ToString()),
    };
}
