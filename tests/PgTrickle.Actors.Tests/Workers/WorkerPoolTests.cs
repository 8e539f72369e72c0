using Akka.Actor;
using Akka.TestKit;
using PgTrickle.Actors.Membership;
using PgTrickle.Actors.Tests.Fakes;
using PgTrickle.Actors.Workers;
using PgTrickle.Scheduling.Schedules;
using PgTrickle.Scheduling.Workers;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Actors.Tests.Workers;

public sealed class WorkerPoolTests(ITestOutputHelper output) : ActorTest(output)
{
    private readonly NodeFigures figures = new();

    [Fact]
    public async Task Slots_go_to_requests_first_then_by_tier_then_by_lateness()
    {
        var pool = Pool(workers: 1);
        var first = await GrantedAsync(pool, 1, Due(Tier.Hot, 0));
        var probes = new[] { CreateTestProbe("cold"), CreateTestProbe("late"), CreateTestProbe("early"), CreateTestProbe("asked") };
        pool.Tell(new SlotWanted(1, Due(Tier.Cold, 1)), probes[0]);
        pool.Tell(new SlotWanted(1, Due(Tier.Hot, 20)), probes[1]);
        pool.Tell(new SlotWanted(1, Due(Tier.Hot, 10)), probes[2]);
        pool.Tell(new SlotWanted(1, SlotPriority.Requested(TimeSpan.FromSeconds(30))), probes[3]);
        first.Release();
        foreach (var next in new[] { probes[3], probes[2], probes[1], probes[0] })
        {
            var slot = await next.ExpectMsgAsync<WorkerSlot>(Patience);
            Assert.True(slot.TryBegin());
            slot.Release();
        }
    }

    [Fact]
    public async Task No_more_run_than_there_are_workers()
    {
        var pool = Pool(workers: 2);
        await GrantedAsync(pool, 1, Due(Tier.Hot, 0));
        await GrantedAsync(pool, 1, Due(Tier.Hot, 0));
        var third = CreateTestProbe();
        pool.Tell(new SlotWanted(1, Due(Tier.Hot, 0)), third);
        await NothingForAsync(third, pool);
        Assert.Equal(2, figures.ActiveWorkers);
    }

    [Fact]
    public async Task A_node_under_pressure_refuses()
    {
        var pool = Pool(workers: 1, maxWaiting: 1);
        await GrantedAsync(pool, 1, Due(Tier.Hot, 0));
        pool.Tell(new SlotWanted(1, Due(Tier.Hot, 0)), CreateTestProbe());
        var refused = CreateTestProbe();
        pool.Tell(new SlotWanted(4, Due(Tier.Hot, 0)), refused);
        Assert.Equal(4, (await refused.ExpectMsgAsync<SlotDenied>(Patience)).Attempt);
    }

    [Fact]
    public async Task A_slot_that_its_entity_never_began_goes_on_when_the_entity_ends()
    {
        var pool = Pool(workers: 1);
        var entity = CreateTestProbe();
        var unused = await GrantedAsync(pool, 1, Due(Tier.Hot, 0), entity);
        var next = CreateTestProbe();
        pool.Tell(new SlotWanted(1, Due(Tier.Hot, 0)), next);
        Sys.Stop(entity);
        await next.ExpectMsgAsync<WorkerSlot>(Patience);
        Assert.False(unused.TryBegin());
    }

    [Fact]
    public async Task A_running_attempt_of_an_ended_entity_is_cancelled_and_keeps_its_slot_until_its_task_ends()
    {
        var pool = Pool(workers: 1);
        var entity = CreateTestProbe();
        var running = await GrantedAsync(pool, 1, Due(Tier.Hot, 0), entity);
        Assert.True(running.TryBegin());
        var next = CreateTestProbe();
        pool.Tell(new SlotWanted(1, Due(Tier.Hot, 0)), next);
        Sys.Stop(entity);
        await Eventually.TrueAsync(() => running.Cancellation.IsCancellationRequested, "it is cancelled");
        await NothingForAsync(next, pool);
        running.Release();
        await next.ExpectMsgAsync<WorkerSlot>(Patience);
    }

    [Fact]
    public async Task A_request_taken_back_gets_no_slot()
    {
        var pool = Pool(workers: 1);
        var first = await GrantedAsync(pool, 1, Due(Tier.Hot, 0));
        var (second, third) = (CreateTestProbe(), CreateTestProbe());
        pool.Tell(new SlotWanted(1, Due(Tier.Hot, 0)), second);
        pool.Tell(new SlotWanted(1, Due(Tier.Hot, 0)), third);
        pool.Tell(new SlotNotWanted(1), second);
        first.Release();
        await third.ExpectMsgAsync<WorkerSlot>(Patience);
        await NothingForAsync(second, pool);
    }

    [Fact]
    public async Task Draining_refuses_waits_for_what_runs_and_cancels_it_when_patience_ends()
    {
        var pool = Pool(workers: 1);
        var running = await GrantedAsync(pool, 1, Due(Tier.Hot, 0));
        Assert.True(running.TryBegin());
        var asker = CreateTestProbe();
        pool.Tell(new Drain(TimeSpan.FromSeconds(10)), asker);
        var refused = CreateTestProbe();
        pool.Tell(new SlotWanted(1, Due(Tier.Hot, 0)), refused);
        await refused.ExpectMsgAsync<SlotDenied>(Patience);
        await NothingForAsync(asker, pool);
        Assert.False(running.Cancellation.IsCancellationRequested);
        Clock.Advance(TimeSpan.FromSeconds(10));
        await Eventually.TrueAsync(() => running.Cancellation.IsCancellationRequested, "it is cancelled");
        running.Release();
        await asker.ExpectMsgAsync<Drained>(Patience);
    }

    // What the pool was told before, it has answered by the time it answers this.
    private static async Task NothingForAsync(TestProbe probe, IActorRef pool)
    {
        await pool.Ask<ActorIdentity>(new Identify(0), Patience);
        Assert.False(probe.HasMessages);
    }

    private static SlotPriority Due(Tier tier, int at) => SlotPriority.Scheduled(tier, TimeSpan.FromSeconds(at));

    private IActorRef Pool(int workers, int maxWaiting = 100) => Sys.ActorOf(WorkerPool.Props(workers, maxWaiting, figures, Clock));

    private async Task<WorkerSlot> GrantedAsync(IActorRef pool, long attempt, SlotPriority priority, TestProbe? entity = null)
    {
        var probe = entity ?? CreateTestProbe();
        pool.Tell(new SlotWanted(attempt, priority), probe);
        return await probe.ExpectMsgAsync<WorkerSlot>(Patience);
    }
}
