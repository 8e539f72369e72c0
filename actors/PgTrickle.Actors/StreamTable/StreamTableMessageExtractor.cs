using Akka.Cluster.Sharding;
using PgTrickle.Actors.Contracts;
using PgTrickle.Actors.Contracts.Messages;

namespace PgTrickle.Actors.StreamTable;

/// <summary>An entity's id is <c>database/pgt_id</c>; its shard is a hash of it that is the same in all releases and processes.</summary>
public sealed class StreamTableMessageExtractor(int shards) : HashCodeMessageExtractor(shards)
{
    /// <inheritdoc/>
    public override string? EntityId(object message) => message is IStreamTableMessage addressed ? addressed.Id.ToString() : null;

    /// <summary>The shard of a stream table.</summary>
    public string ShardOf(StreamTableId id) => ShardId(id.ToString());
}
