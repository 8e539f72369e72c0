using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using PgTrickle.Actors.Configuration;
using PgTrickle.Postgres.Ports;

namespace PgTrickle.Actors.Membership;

/// <summary>States of a row of <c>pgtrickle.cluster_members</c>.</summary>
internal static class MemberStates
{
    public const string Joining = "joining";
    public const string Joined = "joined";
    public const string Leaving = "leaving";
}

/// <summary>
/// Finds the cluster through its table, or founds it.
/// <code>
/// init ---- some row says joined ----> joining ---- up ----> joined
///   |                                     ^
///   +-- none does, and the right to found is free, and still none does --+
/// </code>
/// The right to found is an advisory lock held until the founder is up and its row says so: who waits for it finds that row. Rows count while
/// their heartbeat is fresh by the database's clock; rows of a dead cluster keep newcomers waiting for that time, no longer.
/// A node that reaches the table but not its peers never founds a second cluster next to them.
/// </summary>
internal sealed class ClusterBootstrap(
    ActorSystem system, IClusterDirectory directory, MembershipSettings settings, TimeProvider clock)
{
    private readonly Cluster cluster = Cluster.Get(system);
    private readonly ILoggingAdapter log = Logging.GetLogger(system, typeof(ClusterBootstrap));

    /// <summary>Returns when this node is up in a cluster and its row says so.</summary>
    /// <param name="self">The node's registered identity.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task JoinAsync(NodeIdentity self, CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                if (await TryJoinAsync(self, cancellation))
                {
                    return;
                }
            }
            catch (Exception problem) when (problem is not OperationCanceledException || !cancellation.IsCancellationRequested)
            {
                log.Warning("No cluster joined yet: {0}", problem.Message);
            }

            await Task.Delay(settings.BootstrapInterval, clock, cancellation);
        }
    }

    private async Task<bool> TryJoinAsync(NodeIdentity self, CancellationToken cancellation)
    {
        var peers = await JoinedPeersAsync(self, cancellation);
        if (peers.Count > 0)
        {
            await directory.SetStateAsync(self, MemberStates.Joining, cancellation);
            return await WaitUntilUpAsync(timeout => cluster.JoinSeedNodesAsync(peers, timeout), self, cancellation);
        }

        var founded = false;
        await directory.TryFoundAsync(
            settings.SystemName,
            async token =>
            {
                if ((await JoinedPeersAsync(self, token)).Count > 0)
                {
                    return;
                }

                await directory.SetStateAsync(self, MemberStates.Joining, token);
                log.Info("Founding a cluster at {0}", cluster.SelfAddress);
                founded = await WaitUntilUpAsync(timeout => cluster.JoinAsync(cluster.SelfAddress, timeout), self, token);
            },
            cancellation);
        return founded;
    }

    private async Task<bool> WaitUntilUpAsync(Func<CancellationToken, Task> join, NodeIdentity self, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(settings.JoinTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        await join(either.Token);
        await directory.SetStateAsync(self, MemberStates.Joined, cancellation);
        return true;
    }

    private async Task<List<Address>> JoinedPeersAsync(NodeIdentity self, CancellationToken cancellation)
    {
        var rows = await directory.ListAsync(settings.SystemName, settings.MemberFreshness, cancellation);
        return [.. rows.Where(row => row.NodeId != self.NodeId && row.State == MemberStates.Joined).Select(row => Address.Parse(row.Address))];
    }
}
