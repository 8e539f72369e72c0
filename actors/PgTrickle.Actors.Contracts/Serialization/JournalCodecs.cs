using PgTrickle.Actors.Contracts.Messages;
using Proto = PgTrickle.Actors.Contracts.Protos;

namespace PgTrickle.Actors.Contracts.Serialization;

/// <summary>Events and snapshots of the coordinator.</summary>
internal static class JournalCodecs
{
    public static IReadOnlyList<ContractCodec> All { get; } =
    [
        ContractCodec.Of<GenerationPlanned, Proto.GenerationPlanned>(
            "generation-planned",
            Proto.GenerationPlanned.Parser,
            message => new Proto.GenerationPlanned
            {
                Generation = message.Generation,
                At = message.At.ToMicroseconds(),
                StreamTables = message.StreamTables,
                Changed = message.Changed,
                Cause = message.Cause,
            },
            proto => new GenerationPlanned(proto.Generation, proto.At.ToInstant(), proto.StreamTables, proto.Changed, proto.Cause)),
        ContractCodec.Of<GroupFormed, Proto.GroupFormed>("group-formed", Proto.GroupFormed.Parser, ToProto, ToMessage),
        ContractCodec.Of<GroupDissolved, Proto.GroupDissolved>(
            "group-dissolved",
            Proto.GroupDissolved.Parser,
            message => new Proto.GroupDissolved { Generation = message.Generation, Owner = message.Owner },
            proto => new GroupDissolved(proto.Generation, proto.Owner)),
        ContractCodec.Of<DecisionNoted, Proto.DecisionNoted>(
            "decision",
            Proto.DecisionNoted.Parser,
            message => new Proto.DecisionNoted
            {
                Generation = message.Generation,
                PgtId = message.PgtId,
                Name = message.Name,
                Subject = message.Subject.Keyword(),
                Before = message.Before.OrEmpty(),
                After = message.After.OrEmpty(),
                AskedBy = message.AskedBy,
                At = message.At.ToMicroseconds(),
            },
            proto => new DecisionNoted(
                proto.Generation,
                proto.PgtId,
                proto.Name,
                proto.Subject.ToEnum(DecisionSubject.Existence),
                proto.Before.OrNull(),
                proto.After.OrNull(),
                proto.AskedBy,
                proto.At.ToInstant())),
        ContractCodec.Of<CoordinatorSnapshot, Proto.CoordinatorSnapshot>(
            "coordinator-snapshot", Proto.CoordinatorSnapshot.Parser, ToProto, ToMessage),
    ];

    private static Proto.GroupFormed ToProto(GroupFormed message)
    {
        var proto = new Proto.GroupFormed { Generation = message.Generation, Owner = message.Owner, Policy = message.Policy };
        proto.Members.AddRange(message.Members);
        return proto;
    }

    private static GroupFormed ToMessage(Proto.GroupFormed proto) => new(proto.Generation, proto.Owner, [.. proto.Members], proto.Policy);

    private static Proto.CoordinatorSnapshot ToProto(CoordinatorSnapshot message)
    {
        var proto = new Proto.CoordinatorSnapshot { Generation = message.Generation };
        proto.Tables.AddRange(message.Tables.Select(table => new Proto.RememberedTable
        {
            PgtId = table.PgtId, Name = table.Name, Tier = table.Tier, Status = table.Status, Mode = table.Mode, Schedule = table.Schedule,
        }));
        proto.Groups.AddRange(message.Groups.Select(ToProto));
        return proto;
    }

    private static CoordinatorSnapshot ToMessage(Proto.CoordinatorSnapshot proto) => new(
        proto.Generation,
        [.. proto.Tables.Select(table =>
            new RememberedTable(table.PgtId, table.Name, table.Tier, table.Status, table.Mode, table.Schedule))],
        [.. proto.Groups.Select(ToMessage)]);
}
