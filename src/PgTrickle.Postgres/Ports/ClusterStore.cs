using System.Collections.Immutable;

namespace PgTrickle.Postgres.Ports;

/// <summary>Rows of this node and its peers in <c>pgtrickle.cluster_members</c>. Times are the database's.</summary>
public interface IClusterDirectory
{
    /// <summary>Writes the node's row in state <c>init</c>, replacing one at the same address, and makes a new token.</summary>
    Task<NodeIdentity> RegisterAsync(NodeDescription node, CancellationToken cancellation);

    /// <summary>Renews the heartbeat and the figures shown to users.</summary>
    Task HeartbeatAsync(NodeIdentity node, int activeWorkers, int entities, CancellationToken cancellation);

    /// <summary>Sets the state: joining, joined or leaving.</summary>
    Task SetStateAsync(NodeIdentity node, string state, CancellationToken cancellation);

    /// <summary>Removes the node's row.</summary>
    Task RemoveAsync(NodeIdentity node, CancellationToken cancellation);

    /// <summary>Nodes of the same system whose heartbeat is younger than <paramref name="freshness"/>.</summary>
    Task<ImmutableArray<ClusterMember>> ListAsync(string systemName, TimeSpan freshness, CancellationToken cancellation);

    /// <summary>
    /// Runs <paramref name="found"/> while holding the right to found a cluster, if nobody holds it; the right is an advisory lock of one
    /// open transaction, so it ends with the process.
    /// </summary>
    /// <returns>False when another node holds it.</returns>
    Task<bool> TryFoundAsync(string systemName, Func<CancellationToken, Task> found, CancellationToken cancellation);
}

/// <summary>What a node says of itself. <c>MaxWorkers</c> 0 stands for the setting <c>max_workers</c>.</summary>
public sealed record NodeDescription(string Name, string Address, string SystemName, ImmutableArray<string> Roles, int MaxWorkers);

/// <summary>A registered node: its id, and the token that its refreshes must show.</summary>
/// <param name="NodeId">The row's id; a new one for every start.</param>
/// <param name="Token">128 random bits; goes to the server only as a bind parameter.</param>
public sealed record NodeIdentity(long NodeId, ReadOnlyMemory<byte> Token)
{
    /// <summary>Never the token.</summary>
    public override string ToString() => $"node {NodeId}";
}

/// <summary>Another node's row.</summary>
public sealed record ClusterMember(long NodeId, string Name, string Address, string State, ImmutableArray<string> Roles);

/// <summary>Leases on rows of <c>pgtrickle.leases</c>.</summary>
public interface ILeaseStore
{
    /// <summary>Takes the lease if it is free, expired or already the owner's.</summary>
    /// <returns>The epoch, or null when another owner holds it.</returns>
    Task<long?> AcquireAsync(string name, string owner, TimeSpan duration, CancellationToken cancellation);

    /// <summary>Extends the lease by compare-and-set of the epoch. False: it is lost.</summary>
    Task<bool> RenewAsync(string name, string owner, long epoch, TimeSpan duration, CancellationToken cancellation);

    /// <summary>Gives the lease up, if it still is the owner's.</summary>
    Task<bool> ReleaseAsync(string name, string owner, long epoch, CancellationToken cancellation);
}
