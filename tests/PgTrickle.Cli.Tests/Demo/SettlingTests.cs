using PgTrickle.Cli.Demo;

namespace PgTrickle.Cli.Tests.Demo;

public sealed class SettlingTests
{
    [Theory]
    [InlineData("1s", "hot", true)]
    [InlineData("5s", "hot", true)]
    [InlineData("6s", "hot", false)]
    [InlineData("2s", "warm", true)]
    [InlineData("5s", "warm", false)]
    [InlineData("1s", "cold", false)]
    [InlineData("1s", "frozen", false)]
    [InlineData("calculated", "hot", true)]
    [InlineData("calculated", "frozen", false)]
    [InlineData("@hourly", "hot", false)]
    public void What_is_not_due_soon_is_refreshed_by_call(string schedule, string tier, bool isDueSoon) =>
        Assert.Equal(isDueSoon, Settling.IsDueSoon(schedule, tier));
}
