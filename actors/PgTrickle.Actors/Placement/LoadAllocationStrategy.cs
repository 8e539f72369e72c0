using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;
using PgTrickle.Scheduling;
using PgTrickle.Scheduling.Placement;

namespace PgTrickle.Actors.Placement;

/// <summary>
/// Places shards by recent refresh time, as <see cref="LoadPlacement"/> computes from the reports in the <see cref="LoadBook"/>. New shards go to
/// the node with the least load. While a node's loads are not known, shards are placed and moved by number.
/// </summary>
/// <param name="book">The reports.</param>
/// <param name="self">The own address: a local region's path has none.</param>
/// <param name="options">How eagerly shards move.</param>
public sealed class LoadAllocationStrategy(LoadBook book, Address self, PlacementOptions options) : IShardAllocationStrategy
{
    /// <inheritdoc/>
    public Task<IActorRef> AllocateShard(
        IActorRef requester, string shardId, IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations)
    {
        ArgumentNullException.ThrowIfNull(currentShardAllocations);
        var regions = RegionsByName(currentShardAllocations);
        return Task.FromResult(regions[LoadPlacement.Allocate(Loads(currentShardAllocations), options)]);
    }

    /// <inheritdoc/>
    public Task<IImmutableSet<string>> Rebalance(
        IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress)
    {
        ArgumentNullException.ThrowIfNull(currentShardAllocations);
        ArgumentNullException.ThrowIfNull(rebalanceInProgress);
        if (rebalanceInProgress.Count > 0)
        {
            // Loads of moving shards are in motion, too.
            return Task.FromResult<IImmutableSet<string>>(ImmutableHashSet<string>.Empty);
        }

        var moves = LoadPlacement.Rebalance(Loads(currentShardAllocations), options);
        return Task.FromResult<IImmutableSet<string>>(moves.Select(move => move.Shard).ToImmutableHashSet());
    }

    private List<NodeLoad> Loads(IImmutableDictionary<IActorRef, IImmutableList<string>> allocations)
    {
        // A shard that has just moved is in its old node's report: whoever reported it, the load is the shard's. A node that hosts shards and
        // has not reported would look idle, so without its report none counts, and shards are placed by number.
        var areKnown = allocations.All(pair => pair.Value.Count == 0 || book.Of(AddressOf(pair.Key)) is not null);
        var loads = (areKnown ? allocations.Keys : [])
            .SelectMany(region => book.Of(AddressOf(region)) ?? ImmutableDictionary<string, double>.Empty)
            .GroupBy(pair => pair.Key, pair => pair.Value)
            .ToDictionary(group => group.Key, group => group.Max(), StringComparer.Ordinal);
        return
        [
            .. allocations.Select(pair => new NodeLoad(
                AddressOf(pair.Key), pair.Value.Select(shard => new ShardLoad(shard, loads.GetValueOrDefault(shard))).ToEquatableArray())),
        ];
    }

    private Dictionary<string, IActorRef> RegionsByName(IImmutableDictionary<IActorRef, IImmutableList<string>> allocations) =>
        allocations.Keys.ToDictionary(AddressOf, StringComparer.Ordinal);

    private string AddressOf(IActorRef region) => (region.Path.Address.HasLocalScope ? self : region.Path.Address).ToString();
}
