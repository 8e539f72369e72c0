using Akka.Actor;
using Akka.Event;

namespace PgTrickle.Actors.Membership;

/// <summary>
/// Ends the node when its shard region stops while the node should live. A hand-over of the shard coordinator can stop the region of
/// a healthy node for good; such a node would stay in the cluster and refresh nothing. Started anew, it works.
/// </summary>
internal sealed class RegionWatch : ReceiveActor
{
    public RegionWatch(IActorRef region, Action<string> fail)
    {
        Context.Watch(region);
        Receive<Terminated>(_ =>
        {
            if (CoordinatedShutdown.Get(Context.System).ShutdownReason is null)
            {
                Context.GetLogger().Error("The shard region {0} stopped by itself; the node ends", region.Path);
                fail("the shard region stopped");
            }
        });
    }

    public static Props Props(IActorRef region, Action<string> fail) => Akka.Actor.Props.Create(() => new RegionWatch(region, fail));
}
