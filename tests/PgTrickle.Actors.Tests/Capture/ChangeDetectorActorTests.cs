using Akka.Actor;
using Akka.TestKit;
using PgTrickle.Actors.Capture;
using PgTrickle.Actors.Tests.Fakes;
using PgTrickle.Scheduling;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Actors.Tests.Capture;

public sealed class ChangeDetectorActorTests(ITestOutputHelper output) : ActorTest(output)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly FakeDetector log = new();

    [Fact]
    public async Task Entities_hear_of_their_own_tables_only()
    {
        var (first, second) = (CreateTestProbe(), CreateTestProbe());
        var detector = await StartedAsync();
        Watch(detector, first, 1, 2);
        Watch(detector, second, 2, 3);
        log.Changed(1, 2, 99);
        detector.Tell(new PollNow());
        Assert.Equal([1u, 2u], (await first.ExpectMsgAsync<TablesChanged>(Patience)).Sources);
        Assert.Equal([2u], (await second.ExpectMsgAsync<TablesChanged>(Patience)).Sources);
    }

    [Fact]
    public async Task A_later_registration_replaces_the_earlier_one()
    {
        var entity = CreateTestProbe();
        var detector = await StartedAsync();
        Watch(detector, entity, 1);
        Watch(detector, entity, 2);
        log.Changed(1, 2);
        detector.Tell(new PollNow());
        Assert.Equal([2u], (await entity.ExpectMsgAsync<TablesChanged>(Patience)).Sources);
    }

    [Fact]
    public async Task A_detector_that_lost_track_says_that_anything_may_have_changed()
    {
        var entity = CreateTestProbe();
        var detector = Blind();
        Watch(detector, entity, 1);
        log.Problem = null;
        detector.Tell(new PollNow());
        await entity.ExpectMsgAsync<AnyTableMayHaveChanged>(Patience);
    }

    [Fact]
    public async Task Changes_that_a_failed_poll_missed_are_in_the_next_one()
    {
        var entity = CreateTestProbe();
        var detector = await StartedAsync();
        Watch(detector, entity, 1);
        log.Problem = new TimeoutException("no database");
        log.Changed(1);
        var before = log.Polls;
        detector.Tell(new PollNow());
        await PolledAsync(before + 1);
        log.Problem = null;
        detector.Tell(new PollNow());
        Assert.Equal([1u], (await entity.ExpectMsgAsync<TablesChanged>(Patience)).Sources);
    }

    [Fact]
    public async Task Quiet_polls_become_rare_but_never_rarer_than_half_the_shortest_schedule()
    {
        var detector = await StartedAsync();
        Watch(detector, CreateTestProbe(), TimeSpan.FromMilliseconds(500), 1);
        for (var i = 0; i < 20; i++)
        {
            await NextPollAsync(detector, TimeSpan.FromSeconds(1));
        }

        // At rest at 250 ms: not before, but then.
        var before = log.Polls;
        Clock.Advance(TimeSpan.FromMilliseconds(249));
        await SettledAsync(detector);
        Assert.Equal(before, log.Polls);
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        await PolledAsync(before + 1);
    }

    [Fact]
    public async Task A_change_brings_the_usual_pace_back()
    {
        var entity = CreateTestProbe();
        var detector = await StartedAsync();
        Watch(detector, entity, 1);
        for (var i = 0; i < 10; i++)
        {
            await NextPollAsync(detector, TimeSpan.FromSeconds(2));
        }

        log.Changed(1);
        await NextPollAsync(detector, TimeSpan.FromSeconds(2));
        await entity.ExpectMsgAsync<TablesChanged>(Patience);
        await NextPollAsync(detector, Interval);
    }

    [Fact]
    public async Task The_router_hears_that_commands_wait()
    {
        var router = CreateTestProbe();
        log.CommandsPending = () => true;
        Start(router);
        await router.ExpectMsgAsync<CommandsMayWait>(Patience);
    }

    private static void Watch(IActorRef detector, TestProbe entity, params uint[] sources) =>
        detector.Tell(new WatchSources(sources.ToEquatableArray(), null), entity);

    private static void Watch(IActorRef detector, TestProbe entity, TimeSpan interval, params uint[] sources) =>
        detector.Tell(new WatchSources(sources.ToEquatableArray(), interval), entity);

    private IActorRef Start(TestProbe router) => Sys.ActorOf(ChangeDetectorActor.Props(log, router, Interval, idleFactor: 8, Clock));

    // Its first poll fails, so that a test can register entities before the first that succeeds.
    private IActorRef Blind()
    {
        log.Problem = new TimeoutException("no database yet");
        return Start(CreateTestProbe());
    }

    // One round trip ends the message that polls, the other the message with its answer, which the first one queued.
    private async Task SettledAsync(IActorRef detector)
    {
        for (var i = 0; i < 2; i++)
        {
            await detector.Ask<ActorIdentity>(new Identify(i), Patience);
        }
    }

    // Past the first poll, which always says that anything may have changed.
    private async Task<IActorRef> StartedAsync()
    {
        var first = CreateTestProbe();
        var detector = Blind();
        Watch(detector, first, 1);
        log.Problem = null;
        detector.Tell(new PollNow());
        await first.ExpectMsgAsync<AnyTableMayHaveChanged>(Patience);
        Watch(detector, first);
        await SettledAsync(detector);
        return detector;
    }

    private Task PolledAsync(int polls) => Eventually.TrueAsync(() => log.Polls >= polls, $"poll {polls} has been made");

    private async Task NextPollAsync(IActorRef detector, TimeSpan within)
    {
        var before = log.Polls;
        Clock.Advance(within);
        await PolledAsync(before + 1);
        await SettledAsync(detector);
    }
}
