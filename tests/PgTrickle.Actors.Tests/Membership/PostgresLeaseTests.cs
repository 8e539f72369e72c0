using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Coordination;
using Microsoft.Extensions.Time.Testing;
using PgTrickle.Actors.Configuration;
using PgTrickle.Actors.Membership;
using PgTrickle.Postgres.Ports;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Actors.Tests.Membership;

public sealed class PostgresLeaseTests : IAsyncLifetime
{
    private readonly FakeTimeProvider clock = new();
    private readonly LeaseTable table;
    private readonly ExtendedActorSystem system;

    public PostgresLeaseTests()
    {
        table = new LeaseTable(clock);
        var config = ShippedConfiguration.Load("akka.actor.provider = local\nakka.loggers = [\"Akka.Event.DefaultLogger\"]\nakka.loglevel = OFF");
        system = (ExtendedActorSystem)ActorSystem.Create(
            "lease", ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(config), new LeaseSetup(table, clock)));
    }

    private TimeSpan Timeout => LeaseProvider.Get(system).GetLease("any", "pgtrickle.lease", "nobody").Settings.TimeoutSettings.HeartbeatTimeout;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => system.Terminate();

    [Fact]
    public async Task One_owner_at_a_time_holds_it()
    {
        var (mine, theirs) = (LeaseOf("a"), LeaseOf("b"));
        Assert.True(await mine.Acquire());
        Assert.False(await theirs.Acquire());
        Assert.True(mine.CheckLease());
        Assert.False(theirs.CheckLease());
        Assert.True(await mine.Release());
        Assert.False(mine.CheckLease());
        Assert.True(await theirs.Acquire());
    }

    [Fact]
    public async Task It_is_renewed_for_as_long_as_it_is_held()
    {
        var mine = LeaseOf("a");
        await mine.Acquire();
        for (var i = 0; i < 20; i++)
        {
            await AdvanceAsync(TimeSpan.FromSeconds(2));
            Assert.True(mine.CheckLease());
        }

        Assert.False(await LeaseOf("b").Acquire());
    }

    [Fact]
    public async Task Its_loss_is_told_once_when_another_owner_has_it()
    {
        var mine = LeaseOf("a");
        var losses = new List<Exception>();
        await mine.Acquire(losses.Add);
        table.GiveTo("shared", "b");
        await AdvanceAsync(TimeSpan.FromSeconds(2));
        Assert.False(mine.CheckLease());
        await AdvanceAsync(TimeSpan.FromSeconds(20));
        Assert.Single(losses);
    }

    [Fact]
    public async Task Without_the_database_it_is_taken_for_lost_before_anybody_else_can_have_it()
    {
        var mine = LeaseOf("a");
        var losses = new List<Exception>();
        await mine.Acquire(losses.Add);
        table.Problem = new TimeoutException("no database");
        clock.Advance(Timeout - TimeSpan.FromMilliseconds(1));
        Assert.True(mine.CheckLease());
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(mine.CheckLease());
        Assert.False(table.IsFree("shared"));
        await AdvanceAsync(TimeSpan.FromSeconds(4));
        Assert.Single(losses);
    }

    [Fact]
    public async Task A_database_that_is_away_for_a_moment_costs_nothing()
    {
        var mine = LeaseOf("a");
        await mine.Acquire();
        table.Problem = new TimeoutException("no database");
        await AdvanceAsync(TimeSpan.FromSeconds(4));
        table.Problem = null;
        await AdvanceAsync(TimeSpan.FromSeconds(2));
        await AdvanceAsync(Timeout - TimeSpan.FromSeconds(1));
        Assert.True(mine.CheckLease());
    }

    [Fact]
    public async Task A_database_that_is_away_at_acquisition_is_an_error_and_not_a_refusal()
    {
        table.Problem = new TimeoutException("no database");
        await Assert.ThrowsAsync<LeaseException>(() => LeaseOf("a").Acquire());
    }

    private Lease LeaseOf(string owner) => LeaseProvider.Get(system).GetLease("shared", "pgtrickle.lease", owner);

    // Renewals run beside the test: time goes on in steps shorter than an interval, each when the last one's renewal is done.
    private async Task AdvanceAsync(TimeSpan time)
    {
        for (var left = time; left > TimeSpan.Zero; left -= TimeSpan.FromSeconds(1))
        {
            clock.Advance(left < TimeSpan.FromSeconds(1) ? left : TimeSpan.FromSeconds(1));
            await Eventually.TrueAsync(() => table.IsQuiet, "renewals have ended");
        }
    }

    private sealed class LeaseTable(TimeProvider clock) : ILeaseStore
    {
        private readonly Lock gate = new();
        private readonly Dictionary<string, (string Owner, long Epoch, DateTimeOffset Until)> rows = [];
        private int running;

        public Exception? Problem { get; set; }

        public bool IsQuiet => Volatile.Read(ref running) == 0;

        public bool IsFree(string name)
        {
            lock (gate)
            {
                return !rows.TryGetValue(name, out var row) || row.Until < clock.GetUtcNow();
            }
        }

        public void GiveTo(string name, string owner)
        {
            lock (gate)
            {
                rows[name] = (owner, rows[name].Epoch + 1, clock.GetUtcNow().AddHours(1));
            }
        }

        public Task<long?> AcquireAsync(string name, string owner, TimeSpan duration, CancellationToken cancellation) => Do<long?>(() =>
        {
            if (!IsFree(name) && rows[name].Owner != owner)
            {
                return null;
            }

            var epoch = rows.TryGetValue(name, out var row) ? row.Epoch + 1 : 1;
            rows[name] = (owner, epoch, clock.GetUtcNow() + duration);
            return epoch;
        });

        public Task<bool> RenewAsync(string name, string owner, long epoch, TimeSpan duration, CancellationToken cancellation) => Do(() =>
        {
            var mine = rows[name].Owner == owner && rows[name].Epoch == epoch;
            if (mine)
            {
                rows[name] = (owner, epoch, clock.GetUtcNow() + duration);
            }

            return mine;
        });

        public Task<bool> ReleaseAsync(string name, string owner, long epoch, CancellationToken cancellation) =>
            Do(() => rows[name].Owner == owner && rows[name].Epoch == epoch && rows.Remove(name));

        private Task<T> Do<T>(Func<T> action)
        {
            Interlocked.Increment(ref running);
            try
            {
                lock (gate)
                {
                    return Problem is { } problem ? Task.FromException<T>(problem) : Task.FromResult(action());
                }
            }
            finally
            {
                Interlocked.Decrement(ref running);
            }
        }
    }
}
