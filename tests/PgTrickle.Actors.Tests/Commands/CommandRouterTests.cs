using System.Collections.Concurrent;
using Akka.Actor;
using Akka.TestKit;
using PgTrickle.Actors.Capture;
using PgTrickle.Actors.Commands;
using PgTrickle.Actors.Configuration;
using PgTrickle.Actors.Contracts.Messages;
using PgTrickle.Actors.Tests.Fakes;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Actors.Tests.Commands;

public sealed class CommandRouterTests : ActorTest
{
    private static readonly CommandSettings Settings = new(TimeSpan.FromSeconds(15), 2, TimeSpan.FromSeconds(30));

    private readonly FakeQueue queue = new();
    private readonly FakeEngine engine = new();
    private readonly ConcurrentQueue<long> finished = new();
    private readonly TestProbe coordinator;
    private readonly TestProbe region;
    private readonly IActorRef router;

    public CommandRouterTests(ITestOutputHelper output)
        : base(output)
    {
        coordinator = CreateTestProbe("coordinator");
        region = CreateTestProbe("region");
        router = Sys.ActorOf(CommandRouter.Props(new CommandServices("db", queue, engine, coordinator, () => region, Settings, Clock, finished.Enqueue)));
    }

    [Fact]
    public async Task A_create_waits_for_the_coordinator_and_then_for_the_entity()
    {
        queue.Add(1, "create", 42, "alice");
        router.Tell(new CommandsMayWait());
        Assert.Equal(new ReloadCatalog(1, "create", 42, "alice"), await coordinator.ExpectMsgAsync<ReloadCatalog>(Patience));
        Assert.False(region.HasMessages);
        coordinator.Reply(new CatalogReloaded(1, 1));
        var asked = await region.ExpectMsgAsync<InitializeStreamTable>(Patience);
        Assert.Equal(42, asked.Id.PgtId);
        region.Reply(new RequestAnswered(asked.Request, [], null));
        await EndsAsync(1, "done");
    }

    [Fact]
    public async Task A_failure_is_written_with_its_code()
    {
        queue.Add(1, "refresh", 42);
        router.Tell(new CommandsMayWait());
        var asked = await region.ExpectMsgAsync<RefreshStreamTable>(Patience);
        region.Reply(new RequestAnswered(asked.Request, [], new FailureData(42, "Query", "22012", "division by zero", null, null)));
        await EndsAsync(1, "22012 division by zero");
        Assert.False(coordinator.HasMessages);
        await Eventually.TrueAsync(() => finished.Contains(1), "the end is told");
    }

    [Fact]
    public async Task Silence_is_answered_by_asking_again_and_the_lease_is_renewed_meanwhile()
    {
        queue.Add(1, "create", 42);
        router.Tell(new CommandsMayWait());
        await coordinator.ExpectMsgAsync<ReloadCatalog>(Patience);
        var run = coordinator.LastSender;
        await SettledAsync(run);
        Clock.Advance(Settings.AskAgain / 10);
        await coordinator.ExpectMsgAsync<ReloadCatalog>(Patience);
        coordinator.Reply(new CatalogReloaded(1, 1));
        await region.ExpectMsgAsync<InitializeStreamTable>(Patience);
        for (var i = 0; i < 6; i++)
        {
            await SettledAsync(run);
            Clock.Advance(Settings.Lease / 3);
        }

        await region.ExpectMsgAsync<InitializeStreamTable>(Patience);
        Assert.True(queue.Renewals.Count >= 3);
    }

    [Fact]
    public async Task A_lost_claim_ends_the_run_without_an_outcome()
    {
        queue.Add(1, "create", 42);
        router.Tell(new CommandsMayWait());
        await coordinator.ExpectMsgAsync<ReloadCatalog>(Patience);
        var run = coordinator.LastSender;
        Watch(run);
        queue.Steal(1);
        await SettledAsync(run);
        Clock.Advance(Settings.Lease / 3);
        await ExpectTerminatedAsync(run, Patience);
        Assert.Empty(queue.Outcomes);
    }

    [Fact]
    public async Task A_refresh_that_its_caller_has_ended_is_withdrawn_from_the_entity()
    {
        queue.Add(1, "refresh", 42);
        router.Tell(new CommandsMayWait());
        var asked = await region.ExpectMsgAsync<RefreshStreamTable>(Patience);
        var run = region.LastSender;
        Watch(run);
        router.Tell(new CommandEnded(1));
        await SettledAsync(run);
        Assert.False(region.HasMessages);
        queue.Abort(1);
        router.Tell(new CommandEnded(1));
        Assert.Equal(new WithdrawRequest(asked.Id, asked.Request), await region.ExpectMsgAsync<WithdrawRequest>(Patience));
        await ExpectTerminatedAsync(run, Patience);
        Assert.Empty(queue.Outcomes);
    }

    [Fact]
    public async Task A_refresh_that_another_node_has_taken_over_is_not_withdrawn()
    {
        queue.Add(1, "refresh", 42);
        router.Tell(new CommandWaits());
        await region.ExpectMsgAsync<RefreshStreamTable>(Patience);
        var run = region.LastSender;
        Watch(run);
        queue.Steal(1);
        router.Tell(new CommandEnded(1));
        await ExpectTerminatedAsync(run, Patience);
        Assert.False(region.HasMessages);
    }

    [Fact]
    public async Task A_drop_removes_what_served_it_alone()
    {
        queue.Add(1, "drop", 42);
        router.Tell(new CommandsMayWait());
        await coordinator.ExpectMsgAsync<ReloadCatalog>(Patience);
        coordinator.Reply(new CatalogReloaded(1, 1));
        await EndsAsync(1, "done");
        Assert.Equal(1, engine.CleanUps);
    }

    [Fact]
    public async Task An_alter_is_done_when_the_coordinator_has_seen_it()
    {
        queue.Add(1, "alter", 42);
        router.Tell(new CommandsMayWait());
        await coordinator.ExpectMsgAsync<ReloadCatalog>(Patience);
        coordinator.Reply(new CatalogReloaded(1, 1));
        await EndsAsync(1, "done");
        Assert.False(region.HasMessages);
    }

    [Fact]
    public async Task No_more_are_claimed_than_the_node_may_have_and_the_rest_follows()
    {
        for (var id = 1; id <= 3; id++)
        {
            queue.Add(id, "alter", id);
        }

        router.Tell(new CommandsMayWait());
        var first = await coordinator.ExpectMsgAsync<ReloadCatalog>(Patience);
        var run = coordinator.LastSender;
        await coordinator.ExpectMsgAsync<ReloadCatalog>(Patience);
        router.Tell(new CommandsMayWait());
        await SettledAsync(router);
        Assert.False(coordinator.HasMessages);
        run.Tell(new CatalogReloaded(first.CommandId, 1));
        Assert.Equal(3, (await coordinator.ExpectMsgAsync<ReloadCatalog>(Patience)).CommandId);
    }

    private static async Task SettledAsync(IActorRef actor)
    {
        for (var i = 0; i < 3; i++)
        {
            await actor.Ask<ActorIdentity>(new Identify(i), Patience);
        }
    }

    private Task EndsAsync(long command, string outcome) =>
        Eventually.TrueAsync(() => queue.Outcomes.GetValueOrDefault(command) == outcome, $"command {command} is {outcome}");
}
