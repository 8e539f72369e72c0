using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Coordination;
using Akka.Event;
using PgTrickle.Postgres.Ports;

namespace PgTrickle.Actors.Membership;

/// <summary>Gives the leases of an actor system their store and their clock.</summary>
public sealed class LeaseSetup(ILeaseStore store, TimeProvider clock) : Setup
{
    /// <summary>Where the leases are.</summary>
    public ILeaseStore Store { get; } = store;

    /// <summary>Drives renewals and decides by when a lease that could not be renewed is lost.</summary>
    public TimeProvider Clock { get; } = clock;
}

/// <summary>
/// A lease on a row of PostgreSQL, for the split-brain resolver and the singleton. The database's clock decides when a lease that nobody
/// renews is free; this side's monotonic clock decides when it must be taken for lost, counted from before the last
/// renewal that succeeded, so that the holder gives up before anybody else can have it.
/// The owner's name is the node's address, which a process restarted at the same address shares: the epoch tells the two apart.
/// </summary>
public sealed class PostgresLease : Lease, IDisposable
{
    private readonly ILeaseStore store;
    private readonly TimeProvider clock;
    private readonly ILoggingAdapter log;
    private readonly Lock gate = new();
    private Tenure? tenure;

    /// <summary>Made by Akka's lease provider, by the name in the configuration.</summary>
    public PostgresLease(LeaseSettings settings, ExtendedActorSystem system)
        : base(settings)
    {
        ArgumentNullException.ThrowIfNull(system);
        var setup = system.Settings.Setup.Get<LeaseSetup>();
        if (!setup.HasValue)
        {
            throw new InvalidOperationException($"The actor system {system.Name} was started without {nameof(LeaseSetup)}.");
        }

        store = setup.Value.Store;
        clock = setup.Value.Clock;
        log = Logging.GetLogger(system, typeof(PostgresLease));
        system.RegisterOnTermination(Dispose);
    }

    private TimeSpan Duration => Settings.TimeoutSettings.HeartbeatTimeout;

    /// <inheritdoc/>
    public override Task<bool> Acquire() => Acquire(_ => { });

    /// <inheritdoc/>
    public override async Task<bool> Acquire(Action<Exception> leaseLostCallback)
    {
        if (CheckLease())
        {
            return true;
        }

        try
        {
            using var timeout = new CancellationTokenSource(Settings.TimeoutSettings.OperationTimeout, clock);
            var before = clock.GetTimestamp();
            if (await store.AcquireAsync(Settings.LeaseName, Settings.OwnerName, Duration, timeout.Token) is not { } epoch)
            {
                return false;
            }

            Begin(new Tenure(epoch, before, leaseLostCallback));
            return true;
        }
        catch (OperationCanceledException late)
        {
            throw new LeaseTimeoutException($"The lease {Settings.LeaseName} could not be asked for in time.", late);
        }
        catch (Exception problem) when (problem is not LeaseException)
        {
            throw new LeaseException($"The lease {Settings.LeaseName} could not be asked for: {problem.Message}", problem);
        }
    }

    /// <inheritdoc/>
    public override async Task<bool> Release()
    {
        Tenure? ended;
        lock (gate)
        {
            ended = tenure;
            tenure = null;
        }

        if (ended is null)
        {
            return true;
        }

        ended.Stop();
        try
        {
            using var timeout = new CancellationTokenSource(Settings.TimeoutSettings.OperationTimeout, clock);
            await store.ReleaseAsync(Settings.LeaseName, Settings.OwnerName, ended.Epoch, timeout.Token);
            return true;
        }
        catch (Exception problem) when (problem is not LeaseException)
        {
            throw new LeaseException($"The lease {Settings.LeaseName} could not be released: {problem.Message}", problem);
        }
    }

    /// <inheritdoc/>
    public override bool CheckLease()
    {
        lock (gate)
        {
            return tenure is { } held && clock.GetElapsedTime(held.RenewedAt) < Duration;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            tenure?.Stop();
            tenure = null;
        }
    }

    private void Begin(Tenure begun)
    {
        lock (gate)
        {
            tenure?.Stop();
            tenure = begun;
        }

        var interval = Settings.TimeoutSettings.HeartbeatInterval;
        begun.Timer = clock.CreateTimer(_ => _ = RenewAsync(begun), null, interval, interval);
    }

    private async Task RenewAsync(Tenure held)
    {
        if (!held.TryBeginRenewal())
        {
            LoseIfTooOld(held, null);
            return;
        }

        try
        {
            using var timeout = new CancellationTokenSource(Settings.TimeoutSettings.OperationTimeout, clock);
            var before = clock.GetTimestamp();
            if (await store.RenewAsync(Settings.LeaseName, Settings.OwnerName, held.Epoch, Duration, timeout.Token))
            {
                lock (gate)
                {
                    held.RenewedAt = before;
                }
            }
            else
            {
                Lose(held, new LeaseException($"The lease {Settings.LeaseName} belongs to another node."));
            }
        }
        catch (Exception problem)
        {
            log.Warning("Lease {0} could not be renewed: {1}", Settings.LeaseName, problem.Message);
            LoseIfTooOld(held, problem);
        }
        finally
        {
            held.EndRenewal();
        }
    }

    private void LoseIfTooOld(Tenure held, Exception? cause)
    {
        bool expired;
        lock (gate)
        {
            expired = clock.GetElapsedTime(held.RenewedAt) >= Duration;
        }

        if (expired)
        {
            Lose(held, new LeaseTimeoutException($"The lease {Settings.LeaseName} could not be renewed in time.", cause));
        }
    }

    private void Lose(Tenure held, LeaseException reason)
    {
        lock (gate)
        {
            if (!ReferenceEquals(tenure, held))
            {
                return;
            }

            tenure = null;
        }

        held.Stop();
        log.Warning("{0}", reason.Message);
        held.Lost(reason);
    }

    /// <summary>The time from an acquisition to its end.</summary>
    private sealed class Tenure(long epoch, long renewedAt, Action<Exception> lost)
    {
        private int renewing;

        public long Epoch => epoch;

        public Action<Exception> Lost => lost;

        public long RenewedAt { get; set; } = renewedAt;

        public ITimer? Timer { get; set; }

        public bool TryBeginRenewal() => Interlocked.Exchange(ref renewing, 1) == 0;

        public void EndRenewal() => Interlocked.Exchange(ref renewing, 0);

        public void Stop() => Timer?.Dispose();
    }
}
