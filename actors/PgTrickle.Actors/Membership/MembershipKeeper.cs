using Akka.Actor;
using Akka.Event;
using PgTrickle.Postgres.Ports;

namespace PgTrickle.Actors.Membership;

/// <summary>Figures of a node that its row shows; written by several actors.</summary>
public sealed class NodeFigures
{
    private int activeWorkers;
    private int entities;

    /// <summary>Refreshes that run.</summary>
    public int ActiveWorkers
    {
        get => Volatile.Read(ref activeWorkers);
        set => Volatile.Write(ref activeWorkers, value);
    }

    /// <summary>Entities that live here.</summary>
    public int Entities => Volatile.Read(ref entities);

    /// <summary>An entity started or ended.</summary>
    public void CountEntity(int difference) => Interlocked.Add(ref entities, difference);
}

/// <summary>
/// Renews the node's row. A database that is away for a while costs nothing here: leases decide who survives, the row only tells newcomers
/// and users.
/// </summary>
internal sealed class MembershipKeeper : ReceiveActor
{
    private const string Beat = "beat";

    private readonly ActorTimers timers;
    private readonly CancellationTokenSource stopped = new();

    public MembershipKeeper(IClusterDirectory directory, NodeIdentity self, NodeFigures figures, TimeSpan interval, TimeProvider clock)
    {
        var log = Context.GetLogger();
        timers = new ActorTimers(clock, Self);
        Receive<TimerFired>(fired => timers.Accept(fired) is not null, _ =>
            directory.HeartbeatAsync(self, figures.ActiveWorkers, figures.Entities, stopped.Token).PipeTo(
                Self,
                success: () => new Beaten(null),
                failure: problem => new Beaten(problem)));
        Receive<Beaten>(beaten =>
        {
            if (beaten.Problem is { } problem)
            {
                log.Warning("The node's heartbeat could not be written: {0}", problem.Message);
            }

            timers.Start(Beat, interval, Beat);
        });
        timers.Start(Beat, TimeSpan.Zero, Beat);
    }

    public static Props Props(IClusterDirectory directory, NodeIdentity self, NodeFigures figures, TimeSpan interval, TimeProvider clock) =>
        Akka.Actor.Props.Create(() => new MembershipKeeper(directory, self, figures, interval, clock));

    protected override void PostStop()
    {
        timers.Dispose();
        stopped.Cancel();
        stopped.Dispose();
    }

    private sealed record Beaten(Exception? Problem) : INoSerializationVerificationNeeded;
}
