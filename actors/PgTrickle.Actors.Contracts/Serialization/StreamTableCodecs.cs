using PgTrickle.Actors.Contracts.Messages;
using Proto = PgTrickle.Actors.Contracts.Protos;

namespace PgTrickle.Actors.Contracts.Serialization;

/// <summary>Messages to and from entities.</summary>
internal static class StreamTableCodecs
{
    public static IReadOnlyList<ContractCodec> All { get; } =
    [
        ContractCodec.Of<AssignStreamTable, Proto.AssignStreamTable>(
            "assign",
            Proto.AssignStreamTable.Parser,
            message => new Proto.AssignStreamTable
            {
                Id = message.Id.ToProto(),
                Generation = message.Generation,
                Assignment = message.Assignment.ToProto(),
                Standing = message.Standing.ToProto(),
                Rules = message.Rules.ToProto(),
            },
            proto => new AssignStreamTable(
                proto.Id.ToId(), proto.Generation, proto.Assignment.ToData(), proto.Standing.ToData(), proto.Rules.ToData())),
        ContractCodec.Of<WithdrawStreamTable, Proto.WithdrawStreamTable>(
            "withdraw",
            Proto.WithdrawStreamTable.Parser,
            message => new Proto.WithdrawStreamTable { Id = message.Id.ToProto(), Generation = message.Generation },
            proto => new WithdrawStreamTable(proto.Id.ToId(), proto.Generation)),
        ContractCodec.Of<UpstreamAdvanced, Proto.UpstreamAdvanced>(
            "advanced",
            Proto.UpstreamAdvanced.Parser,
            message => new Proto.UpstreamAdvanced { Id = message.Id.ToProto(), Upstream = message.Upstream },
            proto => new UpstreamAdvanced(proto.Id.ToId(), proto.Upstream)),
        ContractCodec.Of<RefreshStreamTable, Proto.RefreshStreamTable>(
            "refresh",
            Proto.RefreshStreamTable.Parser,
            message => new Proto.RefreshStreamTable
            {
                Id = message.Id.ToProto(), Request = message.Request, Deadline = message.Deadline.ToMicroseconds(),
            },
            proto => new RefreshStreamTable(proto.Id.ToId(), proto.Request, proto.Deadline.ToInstant())),
        ContractCodec.Of<WithdrawRequest, Proto.WithdrawRequest>(
            "withdraw-request",
            Proto.WithdrawRequest.Parser,
            message => new Proto.WithdrawRequest { Id = message.Id.ToProto(), Request = message.Request },
            proto => new WithdrawRequest(proto.Id.ToId(), proto.Request)),
        ContractCodec.Of<InitializeStreamTable, Proto.InitializeStreamTable>(
            "initialize",
            Proto.InitializeStreamTable.Parser,
            message => new Proto.InitializeStreamTable
            {
                Id = message.Id.ToProto(), Request = message.Request, Deadline = message.Deadline.ToMicroseconds(),
            },
            proto => new InitializeStreamTable(proto.Id.ToId(), proto.Request, proto.Deadline.ToInstant())),
        ContractCodec.Of<StatusChanged, Proto.StatusChanged>(
            "status-changed",
            Proto.StatusChanged.Parser,
            message => new Proto.StatusChanged { Id = message.Id.ToProto(), Status = message.Status },
            proto => new StatusChanged(proto.Id.ToId(), proto.Status)),
        ContractCodec.Of<RequestAnswered, Proto.RequestAnswered>("answer", Proto.RequestAnswered.Parser, ToProto, ToMessage),
    ];

    private static Proto.RequestAnswered ToProto(RequestAnswered message)
    {
        var proto = new Proto.RequestAnswered { Request = message.Request };
        proto.Members.AddRange(message.Members.Select(member => new Proto.MemberResult
        {
            PgtId = member.PgtId,
            Action = member.Action,
            RowsInserted = member.RowsInserted,
            RowsDeleted = member.RowsDeleted,
            DeltaRows = member.DeltaRows,
        }));
        proto.Failure = message.Failure is not { } failure
            ? null
            : new Proto.Failure
            {
                PgtId = failure.PgtId,
                Kind = failure.Kind,
                SqlState = failure.SqlState,
                Message = failure.Message,
                Detail = failure.Detail.OrEmpty(),
                Hint = failure.Hint.OrEmpty(),
            };
        return proto;
    }

    private static RequestAnswered ToMessage(Proto.RequestAnswered proto) => new(
        proto.Request,
        [.. proto.Members.Select(member =>
            new MemberResult(member.PgtId, member.Action, member.RowsInserted, member.RowsDeleted, member.DeltaRows))],
        proto.Failure is not { } failure
            ? null
            : new FailureData(
                failure.PgtId, failure.Kind, failure.SqlState, failure.Message, failure.Detail.OrNull(), failure.Hint.OrNull()));
}
