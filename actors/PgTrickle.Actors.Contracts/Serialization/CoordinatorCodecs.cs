using PgTrickle.Actors.Contracts.Messages;
using Proto = PgTrickle.Actors.Contracts.Protos;

namespace PgTrickle.Actors.Contracts.Serialization;

/// <summary>Messages to and from the coordinator, and those between nodes.</summary>
internal static class CoordinatorCodecs
{
    public static IReadOnlyList<ContractCodec> All { get; } =
    [
        ContractCodec.Of<AssignmentWanted, Proto.AssignmentWanted>(
            "assignment-wanted",
            Proto.AssignmentWanted.Parser,
            message => new Proto.AssignmentWanted { Id = message.Id.ToProto() },
            proto => new AssignmentWanted(proto.Id.ToId())),
        ContractCodec.Of<AssignmentAccepted, Proto.AssignmentAccepted>(
            "assignment-accepted",
            Proto.AssignmentAccepted.Parser,
            message => new Proto.AssignmentAccepted { Id = message.Id.ToProto(), Generation = message.Generation },
            proto => new AssignmentAccepted(proto.Id.ToId(), proto.Generation)),
        ContractCodec.Of<EntityStopped, Proto.EntityStopped>(
            "entity-stopped",
            Proto.EntityStopped.Parser,
            message => new Proto.EntityStopped { Id = message.Id.ToProto() },
            proto => new EntityStopped(proto.Id.ToId())),
        ContractCodec.Of<StatusReported, Proto.StatusReported>(
            "status",
            Proto.StatusReported.Parser,
            message => new Proto.StatusReported { Id = message.Id.ToProto(), Status = message.Status, Reason = message.Reason },
            proto => new StatusReported(proto.Id.ToId(), proto.Status, proto.Reason)),
        ContractCodec.Of<ReloadCatalog, Proto.ReloadCatalog>(
            "reload",
            Proto.ReloadCatalog.Parser,
            message => new Proto.ReloadCatalog
            {
                CommandId = message.CommandId, Kind = message.Kind, PgtId = message.PgtId, AskedBy = message.AskedBy,
            },
            proto => new ReloadCatalog(proto.CommandId, proto.Kind, proto.PgtId, proto.AskedBy)),
        ContractCodec.Of<CommandWaits, Proto.CommandWaits>(
            "command-waits", Proto.CommandWaits.Parser, _ => new Proto.CommandWaits(), _ => new CommandWaits()),
        ContractCodec.Of<CommandEnded, Proto.CommandEnded>(
            "command-ended",
            Proto.CommandEnded.Parser,
            message => new Proto.CommandEnded { CommandId = message.CommandId },
            proto => new CommandEnded(proto.CommandId)),
        ContractCodec.Of<CatalogReloaded, Proto.CatalogReloaded>(
            "reloaded",
            Proto.CatalogReloaded.Parser,
            message => new Proto.CatalogReloaded { CommandId = message.CommandId, Generation = message.Generation },
            proto => new CatalogReloaded(proto.CommandId, proto.Generation)),
        ContractCodec.Of<NodeLoads, Proto.NodeLoads>(
            "loads",
            Proto.NodeLoads.Parser,
            message =>
            {
                var proto = new Proto.NodeLoads { Address = message.Address };
                proto.Shards.AddRange(message.Shards.Select(shard => new Proto.ShardLoad { Shard = shard.Shard, Load = shard.Load }));
                return proto;
            },
            proto => new NodeLoads(proto.Address, [.. proto.Shards.Select(shard => new ShardLoadData(shard.Shard, shard.Load))])),
    ];
}
