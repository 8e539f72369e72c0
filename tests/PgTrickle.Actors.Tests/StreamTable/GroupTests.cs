using Akka.Actor;
using PgTrickle.Actors.Capture;
using PgTrickle.Actors.Contracts.Messages;
using PgTrickle.Actors.Tests.Fakes;
using Xunit.Abstractions;

namespace PgTrickle.Actors.Tests.StreamTable;

/// <summary>The diamond 1, 2 over table 100, meeting at 3, read by 4.</summary>
public sealed class GroupTests : EntityTest
{
    public GroupTests(ITestOutputHelper output)
        : base(output) => Catalog.Set(
            FakeCatalog.Table(1, sources: [100]),
            FakeCatalog.Table(2, sources: [100]),
            FakeCatalog.Table(3, upstream: [1, 2], sources: []),
            FakeCatalog.Table(4, "calculated", upstream: [3], sources: []));

    [Fact]
    public async Task The_meeting_point_refreshes_all_members_in_one_request_and_tells_those_downstream()
    {
        var driver = Entity(3);
        driver.Tell(AssignmentOf(3));
        var call = await Engine.NextAsync();
        Assert.Equal([1L, 2, 3], call.Members.AsEnumerable());
        call.Commit(1, 3);
        Assert.Equal(new UpstreamAdvanced(IdOf(4), 3), await Region.ExpectMsgAsync<UpstreamAdvanced>(Patience));
    }

    [Fact]
    public async Task The_driver_hears_of_the_members_tables()
    {
        var driver = await SettledEntityAsync(3);
        Clock.Advance(TimeSpan.FromSeconds(1));
        driver.Tell(new TablesChanged([100u]));
        Assert.Equal(3, (await Engine.NextAsync()).Members.Length);
    }

    [Fact]
    public async Task Other_members_refresh_nothing_and_pass_requests_on()
    {
        var member = Entity(1);
        member.Tell(AssignmentOf(1));
        var caller = CreateTestProbe();
        var deadline = Clock.GetUtcNow() + TimeSpan.FromMinutes(1);
        member.Tell(new RefreshStreamTable(IdOf(1), "r1", deadline), caller);
        Assert.Equal(new RefreshStreamTable(IdOf(3), "r1", deadline), await Region.ExpectMsgAsync<RefreshStreamTable>(Patience));
        Region.Reply("the driver's answer");
        await caller.ExpectMsgAsync("the driver's answer", Patience);
        Clock.Advance(TimeSpan.FromHours(1));
        await SettleAsync(member);
        Assert.Empty(Engine.History);
    }
}
