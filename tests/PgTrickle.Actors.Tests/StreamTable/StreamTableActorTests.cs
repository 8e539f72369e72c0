using Akka.Actor;
using PgTrickle.Actors.Capture;
using PgTrickle.Actors.Contracts.Messages;
using PgTrickle.Actors.StreamTable;
using PgTrickle.Actors.Tests.Fakes;
using PgTrickle.Postgres.Ports;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Actors.Tests.StreamTable;

public sealed class StreamTableActorTests : EntityTest
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public StreamTableActorTests(ITestOutputHelper output)
        : base(output) => Catalog.Set(FakeCatalog.Table(1, sources: [100]), FakeCatalog.Table(2, "calculated", upstream: [1], sources: []));

    private DateTimeOffset Later => Clock.GetUtcNow() + TimeSpan.FromMinutes(1);

    [Fact]
    public async Task An_entity_without_an_assignment_asks_for_one_until_it_has_it()
    {
        var entity = Entity(1);
        await entity.Ask<ActorIdentity>(new Identify(0), Patience);
        Clock.Advance(Second);
        await Coordinator.ExpectMsgAsync<AssignmentWanted>(Patience);
        await entity.Ask<ActorIdentity>(new Identify(0), Patience);
        Clock.Advance(Second);
        await Coordinator.ExpectMsgAsync<AssignmentWanted>(Patience);
        entity.Tell(AssignmentOf(1, generation: 7));
        Assert.Equal(7, (await Coordinator.ExpectMsgAsync<AssignmentAccepted>(Patience)).Generation);
    }

    [Fact]
    public async Task It_registers_its_sources_and_refreshes_once_since_anything_may_have_changed()
    {
        var entity = Entity(1);
        entity.Tell(AssignmentOf(1));
        Assert.Equal([100u], (await FromDetectorAsync()).Sources);
        var call = await Engine.NextAsync();
        Assert.Equal("refresh", call.Kind);
        Assert.Equal([1L], call.Members.AsEnumerable());
        Assert.Equal(RefreshInitiator.Scheduler, call.Initiator);
    }

    [Fact]
    public async Task A_new_stream_table_is_filled_before_anything_else()
    {
        Catalog.Update(1, Unfilled);
        var entity = Entity(1);
        entity.Tell(AssignmentOf(1));
        var call = await Engine.NextAsync();
        Assert.Equal("fill", call.Kind);
        call.Commit(1);
        Assert.Equal("ACTIVE", (await Coordinator.FishForMessageAsync<StatusReported>(_ => true, Patience)).Status);
    }

    [Fact]
    public async Task A_quiet_source_costs_no_refresh_and_a_change_waits_for_the_interval()
    {
        var entity = await SettledEntityAsync(1);
        Clock.Advance(Second * 10);
        await SettleAsync(entity);
        entity.Tell(new TablesChanged([100u]));
        (await Engine.NextAsync()).Commit();
        await SettleAsync(entity);
        entity.Tell(new TablesChanged([100u]));
        await SettleAsync(entity);
        Assert.Equal(2, Engine.History.Count);
        Clock.Advance(Second);
        await Engine.NextAsync();
    }

    [Fact]
    public async Task An_advance_is_told_to_the_entities_downstream_and_nothing_without_one()
    {
        var entity = await SettledEntityAsync(1, advancedAtFirst: 1);
        Assert.Equal(new UpstreamAdvanced(IdOf(2), 1), await Region.ExpectMsgAsync<UpstreamAdvanced>(Patience));
        Clock.Advance(Second);
        entity.Tell(new TablesChanged([100u]));
        (await Engine.NextAsync()).Commit();
        await SettleAsync(entity);
        Assert.False(Region.HasMessages);
    }

    [Fact]
    public async Task A_calculated_one_refreshes_as_soon_as_its_upstream_advanced()
    {
        var entity = await SettledEntityAsync(2);
        entity.Tell(new UpstreamAdvanced(IdOf(2), 1));
        await Engine.NextAsync();
    }

    [Fact]
    public async Task An_assignment_that_comes_twice_changes_nothing()
    {
        var entity = await SettledEntityAsync(1);
        entity.Tell(AssignmentOf(1));
        entity.Tell(AssignmentOf(1));
        Clock.Advance(Second * 3);
        await SettleAsync(entity);
        Assert.Single(Engine.History);
    }

    [Fact]
    public async Task A_late_assignment_of_an_older_generation_is_ignored()
    {
        Catalog.Set(FakeCatalog.Table(1, sources: [100]));
        var entity = Entity(1);
        var old = AssignmentOf(1, generation: 1);
        Catalog.Update(1, table => table with { Schedule = "1h", DefinitionVersion = 2 });
        entity.Tell(AssignmentOf(1, generation: 2));
        (await Engine.NextAsync()).Commit();
        await SettleAsync(entity);
        entity.Tell(old);
        Clock.Advance(Second * 5);
        entity.Tell(new TablesChanged([100u]));
        await SettleAsync(entity);
        Assert.Single(Engine.History);
    }

    [Fact]
    public async Task A_request_is_answered_with_what_its_refresh_did()
    {
        var entity = await SettledEntityAsync(1);
        var caller = CreateTestProbe();
        entity.Tell(new RefreshStreamTable(IdOf(1), "r1", Later), caller);
        var call = await Engine.NextAsync();
        Assert.Equal(RefreshInitiator.Manual, call.Initiator);
        call.Commit(1);
        var answer = await caller.ExpectMsgAsync<RequestAnswered>(Patience);
        Assert.Equal(("r1", 1L), (answer.Request, Assert.Single(answer.Members).RowsInserted));
    }

    [Fact]
    public async Task A_request_that_is_asked_twice_runs_once_and_whoever_asked_last_is_answered()
    {
        var entity = await SettledEntityAsync(1);
        var (first, second) = (CreateTestProbe(), CreateTestProbe());
        entity.Tell(new RefreshStreamTable(IdOf(1), "r1", Later), first);
        var call = await Engine.NextAsync();
        entity.Tell(new RefreshStreamTable(IdOf(1), "r1", Later), second);
        await SettleAsync(entity);
        call.Commit();
        await second.ExpectMsgAsync<RequestAnswered>(Patience);
        await SettleAsync(entity);
        Assert.Equal(2, Engine.History.Count);
        Assert.False(first.HasMessages);
    }

    [Fact]
    public async Task A_request_that_is_withdrawn_cancels_its_refresh_and_the_next_one_runs()
    {
        var entity = await SettledEntityAsync(1);
        var (gone, stays) = (CreateTestProbe(), CreateTestProbe());
        entity.Tell(new RefreshStreamTable(IdOf(1), "r1", Later), gone);
        var call = await Engine.NextAsync();
        entity.Tell(new WithdrawRequest(IdOf(1), "another"));
        await SettleAsync(entity);
        Assert.False(call.Cancellation.IsCancellationRequested);
        entity.Tell(new WithdrawRequest(IdOf(1), "r1"));
        entity.Tell(new RefreshStreamTable(IdOf(1), "r2", Later), stays);
        await Eventually.TrueAsync(() => call.Cancellation.IsCancellationRequested, "the refresh is told to stop");
        call.Throw(new OperationCanceledException(call.Cancellation));
        var next = await Engine.NextAsync();
        Assert.False(next.Cancellation.IsCancellationRequested);
        next.Commit();
        Assert.Null((await stays.ExpectMsgAsync<RequestAnswered>(Patience)).Failure);
        Assert.False(gone.HasMessages);
    }

    [Fact]
    public async Task A_request_that_arrives_after_its_deadline_is_dropped()
    {
        var entity = await SettledEntityAsync(1);
        entity.Tell(new RefreshStreamTable(IdOf(1), "r1", Clock.GetUtcNow()), CreateTestProbe());
        await SettleAsync(entity);
        Assert.Single(Engine.History);
    }

    [Fact]
    public async Task Results_of_an_incarnation_that_crashed_are_ignored()
    {
        var entity = Entity(1);
        entity.Tell(AssignmentOf(1));
        var lost = await Engine.NextAsync();
        await EventFilter.Exception<ActorKilledException>().ExpectAsync(1, () =>
        {
            entity.Tell(Kill.Instance);
            return Task.CompletedTask;
        });
        var successor = Entity(1);
        successor.Tell(AssignmentOf(1, generation: 2));
        var call = await Engine.NextAsync();
        Assert.True(lost.Cancellation.IsCancellationRequested);
        lost.Commit(1);
        await SettleAsync(successor);
        Assert.False(Region.HasMessages);
        call.Commit(1);
        await Region.ExpectMsgAsync<UpstreamAdvanced>(Patience);
    }

    [Fact]
    public async Task Withdrawn_it_refuses_requests_and_asks_to_be_passivated()
    {
        var parent = CreateTestProbe();
        var entity = parent.ChildActorOf(StreamTableActor.Props(IdOf(1), "1", Services), "entity");
        entity.Tell(AssignmentOf(1));
        (await Engine.NextAsync()).Commit();
        await SettleAsync(entity);
        var caller = CreateTestProbe();
        entity.Tell(new WithdrawStreamTable(IdOf(1), 2));
        await parent.ExpectMsgAsync<Akka.Cluster.Sharding.Passivate>(Patience);
        entity.Tell(new RefreshStreamTable(IdOf(1), "r1", Later), caller);
        Assert.Equal("42P01", (await caller.ExpectMsgAsync<RequestAnswered>(Patience)).Failure!.SqlState);
    }

    [Fact]
    public async Task Handed_off_it_ends_its_running_refresh_first_and_says_that_it_has_stopped()
    {
        var entity = Entity(1);
        Watch(entity);
        entity.Tell(AssignmentOf(1));
        var call = await Engine.NextAsync();
        entity.Tell(HandOff.Instance);
        await entity.Ask<ActorIdentity>(new Identify(0), Patience);
        Assert.False(call.Cancellation.IsCancellationRequested);
        call.Commit(1);
        await ExpectTerminatedAsync(entity, Patience);
        await Region.ExpectMsgAsync<UpstreamAdvanced>(Patience);
        await Coordinator.FishForMessageAsync<EntityStopped>(_ => true, Patience);
    }

    private async Task<WatchSources> FromDetectorAsync() => await Detector.FishForMessageAsync<WatchSources>(_ => true, Patience);
}
