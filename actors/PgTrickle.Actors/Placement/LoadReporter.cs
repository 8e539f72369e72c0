using Akka.Actor;
using Akka.Cluster;
using PgTrickle.Actors.Contracts.Messages;

namespace PgTrickle.Actors.Placement;

/// <summary>
/// Tells all nodes the loads of this node's shards. Whoever has the shard coordinator then knows all of them, also the moment after it moved.
/// </summary>
internal sealed class LoadReporter : ReceiveActor
{
    /// <summary>The actor's name, by which its peers find it.</summary>
    public const string ActorName = "loads";

    private const string Report = "report";

    private readonly ActorTimers timers;

    public LoadReporter(LoadBook book, TimeSpan interval, TimeProvider clock)
    {
        timers = new ActorTimers(clock, Self);
        var cluster = Cluster.Get(Context.System);
        Receive<NodeLoads>(book.Take);
        Receive<TimerFired>(fired => timers.Accept(fired) is not null, _ =>
        {
            var loads = new NodeLoads(cluster.SelfAddress.ToString(), book.Own());
            book.Take(loads);
            foreach (var member in cluster.State.Members.Where(member => member.Status == MemberStatus.Up && member.Address != cluster.SelfAddress))
            {
                Context.ActorSelection(new RootActorPath(member.Address) / "user" / ActorName).Tell(loads);
            }

            timers.Start(Report, interval, Report);
        });
        timers.Start(Report, interval, Report);
    }

    public static Props Props(LoadBook book, TimeSpan interval, TimeProvider clock) =>
        Akka.Actor.Props.Create(() => new LoadReporter(book, interval, clock));

    protected override void PostStop() => timers.Dispose();
}
