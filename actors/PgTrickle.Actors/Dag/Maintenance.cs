using Akka.Actor;
using Akka.Event;
using PgTrickle.Postgres.Ports;

namespace PgTrickle.Actors.Dag;

/// <summary>Removes consumed change rows, a round at a time. A child of the coordinator, so that one node in the cluster does it.</summary>
internal sealed class Maintenance : ReceiveActor
{
    private const string CleanUp = "clean-up";

    private readonly ActorTimers timers;
    private readonly CancellationTokenSource stopped = new();

    public Maintenance(IRefreshEngine engine, TimeSpan interval, TimeProvider clock)
    {
        var log = Context.GetLogger();
        timers = new ActorTimers(clock, Self);
        Receive<TimerFired>(fired => timers.Accept(fired) is not null, _ => engine.CleanUpAsync(stopped.Token).PipeTo(
            Self, success: removed => new CleanedUp(removed, null), failure: problem => new CleanedUp(0, problem)));
        Receive<CleanedUp>(result =>
        {
            if (result.Problem is { } problem)
            {
                log.Warning("Consumed changes could not be removed: {0}", problem.Message);
            }
            else
            {
                log.Debug("{0} consumed change rows were removed", result.Removed);
            }

            timers.Start(CleanUp, interval, CleanUp);
        });
        timers.Start(CleanUp, interval, CleanUp);
    }

    public static Props Props(IRefreshEngine engine, TimeSpan interval, TimeProvider clock) =>
        Akka.Actor.Props.Create(() => new Maintenance(engine, interval, clock));

    protected override void PostStop()
    {
        timers.Dispose();
        stopped.Cancel();
        stopped.Dispose();
    }

    private sealed record CleanedUp(long Removed, Exception? Problem) : INoSerializationVerificationNeeded;
}
