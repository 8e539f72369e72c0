using Akka.Actor;
using Akka.TestKit;
using PgTrickle.Actors.Configuration;
using PgTrickle.Actors.Contracts;
using PgTrickle.Actors.Contracts.Messages;
using PgTrickle.Actors.Dag;
using PgTrickle.Actors.Tests.Fakes;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Actors.Tests.Dag;

public sealed class DagCoordinatorTests : ActorTest
{
    // The journal's own messages can't be serialised. The coordinator's are, in SerializerTests and by the clusters' tests.
    private const string JournalMessagesStayAsTheyAre = "akka.actor.serialize-messages = off";

    private static readonly TimeSpan Resend = TimeSpan.FromSeconds(2);

    private readonly FakeCatalog catalog = new();
    private readonly FakeEngine engine = new();
    private readonly TestProbe region;

    public DagCoordinatorTests(ITestOutputHelper output)
        : base(output, JournalMessagesStayAsTheyAre) => region = CreateTestProbe("region");

    [Fact]
    public async Task It_sends_assignments_upstreams_first_and_writes_effective_schedules()
    {
        catalog.Set(FakeCatalog.Table(1, "calculated"), FakeCatalog.Table(2, "5s", upstream: [1], sources: []));
        Start();
        Assert.Equal(1, (await AssignedAsync()).Id.PgtId);
        Assert.Equal(2, (await AssignedAsync()).Id.PgtId);
        await Eventually.TrueAsync(() => catalog.Schedules.Count == 2, "schedules are written");
        Assert.Equal("5s", catalog.Schedules[1]);
    }

    [Fact]
    public async Task What_is_not_confirmed_is_sent_again_and_what_is_confirmed_is_not()
    {
        catalog.Set(FakeCatalog.Table(1), FakeCatalog.Table(2));
        var coordinator = Start();
        var (first, _) = (await AssignedAsync(), await AssignedAsync());
        coordinator.Tell(new AssignmentAccepted(first.Id, first.Generation), region);
        await SettledAsync(coordinator);
        Clock.Advance(Resend);
        Assert.Equal(2, (await AssignedAsync()).Id.PgtId);
        await SettledAsync(coordinator);
        Assert.False(region.HasMessages);
    }

    [Fact]
    public async Task An_entity_that_stopped_or_asks_gets_its_assignment_at_once()
    {
        catalog.Set(FakeCatalog.Table(1));
        var coordinator = Start();
        var sent = await AssignedAsync();
        coordinator.Tell(new AssignmentAccepted(sent.Id, sent.Generation), region);
        coordinator.Tell(new EntityStopped(sent.Id), region);
        await AssignedAsync();
        coordinator.Tell(new AssignmentWanted(sent.Id), region);
        await AssignedAsync();
    }

    [Fact]
    public async Task A_stream_table_that_nobody_knows_is_looked_for_before_it_is_withdrawn()
    {
        catalog.Set(FakeCatalog.Table(1));
        var coordinator = Start();
        await AssignedAsync();
        catalog.Set(FakeCatalog.Table(1), FakeCatalog.Table(2));
        coordinator.Tell(new AssignmentWanted(IdOf(2)), region);
        await region.FishForMessageAsync<AssignStreamTable>(message => message.Id.PgtId == 2, Patience);
        coordinator.Tell(new AssignmentWanted(IdOf(3)), region);
        Assert.Equal(3, (await region.FishForMessageAsync<WithdrawStreamTable>(_ => true, Patience)).Id.PgtId);
    }

    [Fact]
    public async Task A_new_stream_table_waits_until_those_that_it_reads_are_filled()
    {
        catalog.Set(Unfilled(FakeCatalog.Table(1)), Unfilled(FakeCatalog.Table(2, upstream: [1], sources: [])));
        var coordinator = Start();
        Assert.Equal(1, (await AssignedAsync()).Id.PgtId);
        await SettledAsync(coordinator);
        Assert.False(region.HasMessages);
        catalog.Update(1, table => table with { Status = "ACTIVE", IsPopulated = true }, quietly: true);
        coordinator.Tell(new StatusReported(IdOf(1), "ACTIVE", "refreshed"), region);
        Assert.NotNull(await region.FishForMessageAsync<AssignStreamTable>(message => message.Id.PgtId == 2, Patience));
    }

    [Fact]
    public async Task A_command_is_answered_by_a_look_at_the_catalog_that_began_after_it()
    {
        catalog.Set(FakeCatalog.Table(1));
        var coordinator = Start();
        var before = (await AssignedAsync()).Generation;
        catalog.Update(1, table => table with { Schedule = "1h" });
        var router = CreateTestProbe();
        coordinator.Tell(new ReloadCatalog(5, "alter", 1, "alice"), router);
        Assert.True((await router.ExpectMsgAsync<CatalogReloaded>(Patience)).Generation > before);
        Assert.Equal(TimeSpan.FromHours(1), (await AssignedAsync()).Assignment.Timetable.Interval);
    }

    [Fact]
    public async Task A_status_that_somebody_else_changed_is_told_and_one_that_the_entity_reported_is_not()
    {
        catalog.Set(FakeCatalog.Table(1) with { Status = "SUSPENDED" }, FakeCatalog.Table(2));
        var coordinator = Start();
        await AssignedAsync();
        await AssignedAsync();
        catalog.Update(1, table => table with { Status = "ACTIVE" });
        catalog.Update(2, table => table with { Status = "SUSPENDED" });
        coordinator.Tell(new StatusReported(IdOf(2), "SUSPENDED", "errors"), region);
        Assert.Equal(new StatusChanged(IdOf(1), "ACTIVE"), await region.FishForMessageAsync<StatusChanged>(_ => true, Patience));
        await SettledAsync(coordinator);
        while (region.HasMessages)
        {
            Assert.IsNotType<StatusChanged>(await region.ReceiveOneAsync(Patience));
        }
    }

    [Fact]
    public async Task A_successor_begins_a_higher_generation_and_remembers_what_was()
    {
        catalog.Set(FakeCatalog.Table(1) with { Status = "SUSPENDED" });
        var first = Start();
        var generation = (await AssignedAsync()).Generation;
        Watch(first);
        Sys.Stop(first);
        await ExpectTerminatedAsync(first, Patience);
        catalog.Update(1, table => table with { Status = "ACTIVE" });
        Start();
        Assert.True((await AssignedAsync()).Generation > generation);

        // It was resumed while nobody coordinated.
        Assert.Equal("ACTIVE", (await region.FishForMessageAsync<StatusChanged>(_ => true, Patience)).Status);
    }

    [Fact]
    public async Task A_catalog_that_can_not_be_read_is_tried_again()
    {
        catalog.Set(FakeCatalog.Table(1));
        catalog.Problem = new TimeoutException("no database");
        var coordinator = Start();
        await Eventually.TrueAsync(() => catalog.Loads == 1, "it has tried");
        await SettledAsync(coordinator);
        catalog.Problem = null;
        Clock.Advance(TimeSpan.FromSeconds(1));
        await AssignedAsync();
    }

    [Fact]
    public async Task Changes_are_noticed_by_polling_and_removed_ones_withdrawn()
    {
        catalog.Set(FakeCatalog.Table(1));
        var coordinator = Start();
        await AssignedAsync();
        await SettledAsync(coordinator);
        catalog.Set();
        await Eventually.TrueAsync(
            async () =>
            {
                Clock.Advance(CatalogPlanning.DefaultPollInterval);
                await SettledAsync(coordinator);
                return catalog.Loads > 1;
            },
            "the change is noticed");
        Assert.Equal(1, (await region.FishForMessageAsync<WithdrawStreamTable>(_ => true, Patience)).Id.PgtId);
    }

    [Fact]
    public async Task Settings_of_the_database_reach_the_entities()
    {
        catalog.Set(FakeCatalog.Table(1));
        catalog.Set("max_consecutive_errors", "9");
        catalog.Set("poll_interval_ms", "50");
        Start();
        var rules = (await AssignedAsync()).Rules;
        Assert.Equal((9, TimeSpan.FromMilliseconds(50)), (rules.MaxConsecutiveErrors, rules.PollInterval));
    }

    [Fact]
    public async Task Consumed_changes_are_removed_now_and_then()
    {
        var coordinator = Start();
        await SettledAsync(coordinator);
        await Eventually.TrueAsync(
            async () =>
            {
                Clock.Advance(TimeSpan.FromSeconds(10));
                await SettledAsync(coordinator);
                return engine.CleanUps >= 2;
            },
            "two rounds were made");
    }

    private static StreamTableId IdOf(long id) => new("db", id);

    private static PgTrickle.Postgres.Ports.CatalogStreamTable Unfilled(PgTrickle.Postgres.Ports.CatalogStreamTable table) =>
        table with { Status = "INITIALIZING", IsPopulated = false };

    private IActorRef Start() => Sys.ActorOf(DagCoordinator.Props(new CoordinatorServices(
        "db", catalog, catalog, engine, () => region, new CoordinatorSettings(Resend, 10, TimeSpan.FromSeconds(10)), Clock)));

    private async Task<AssignStreamTable> AssignedAsync() => await region.FishForMessageAsync<AssignStreamTable>(_ => true, Patience);

    // Loads and checks answer at once, each in a message of its own; the journal does so within a few.
    private static async Task SettledAsync(IActorRef coordinator)
    {
        for (var i = 0; i < 4; i++)
        {
            await coordinator.Ask<ActorIdentity>(new Identify(i), Patience);
        }
    }
}
