using Akka.Actor;
using Akka.Event;

namespace PgTrickle.Actors.Dag;

/// <summary>
/// Removes consumed change rows, and what has grown old in the catalog, a round at a time. A child of the coordinator, so that one node in the
/// cluster does it.
/// </summary>
internal sealed class Maintenance : ReceiveActor
{
    private const string CleanUp = "clean-up";
    private const string Prune = "prune";

    private static readonly TimeSpan PruneInterval = TimeSpan.FromHours(1);

    private readonly ActorTimers timers;
    private readonly CancellationTokenSource stopped = new();

    public Maintenance(CoordinatorServices services)
    {
        var log = Context.GetLogger();
        timers = new ActorTimers(services.Clock, Self);
        Receive<TimerFired>(fired => RunAsync(timers.Accept(fired) as string, services).PipeTo(Self));
        Receive<RoundEnded>(round => round.Name is not null, round =>
        {
            if (round.Problem is { } problem)
            {
                log.Warning("Round of {0} failed: {1}", round.Name, problem.Message);
            }
            else
            {
                log.Debug("Round of {0}: {1} rows were removed", round.Name, round.Removed);
            }

            timers.Start(round.Name!, round.Name == CleanUp ? services.Settings.CleanUpInterval : PruneInterval, round.Name!);
        });
        timers.Start(CleanUp, services.Settings.CleanUpInterval, CleanUp);
        timers.Start(Prune, PruneInterval, Prune);
    }

    public static Props Props(CoordinatorServices services) => Akka.Actor.Props.Create(() => new Maintenance(services));

    protected override void PostStop()
    {
        timers.Dispose();
        stopped.Cancel();
        stopped.Dispose();
    }

    private async Task<RoundEnded> RunAsync(string? name, CoordinatorServices services)
    {
        try
        {
            return new RoundEnded(
                name,
                name switch
                {
                    CleanUp => await services.Engine.CleanUpAsync(stopped.Token),
                    Prune => await services.Housekeeping.PruneAsync(stopped.Token),
                    _ => 0,
                },
                null);
        }
        catch (Exception problem)
        {
            return new RoundEnded(name, 0, problem);
        }
    }

    private sealed record RoundEnded(string? Name, long Removed, Exception? Problem) : INoSerializationVerificationNeeded;
}
