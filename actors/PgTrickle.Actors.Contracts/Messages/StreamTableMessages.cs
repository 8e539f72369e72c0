using System.Collections.Immutable;

namespace PgTrickle.Actors.Contracts.Messages;

/// <summary>From the coordinator: the entity's work. One of a lower generation than the last accepted is ignored.</summary>
public sealed record AssignStreamTable(
    StreamTableId Id, long Generation, AssignmentData Assignment, StandingData Standing, RulesData Rules) : IStreamTableMessage;

/// <summary>From the coordinator: the stream table is gone.</summary>
public sealed record WithdrawStreamTable(StreamTableId Id, long Generation) : IStreamTableMessage;

/// <summary>From the entity of an upstream stream table (or the driver of its group): its contents changed.</summary>
/// <param name="Id">The entity told.</param>
/// <param name="Upstream">The stream table that advanced.</param>
public sealed record UpstreamAdvanced(StreamTableId Id, long Upstream) : IStreamTableMessage;

/// <summary>Asks for a refresh now, whatever schedule and tier say; answered with <see cref="RequestAnswered"/>.</summary>
/// <param name="Id">The entity.</param>
/// <param name="Request">Names the request; asked again with the same name, it is not done twice at once.</param>
/// <param name="Deadline">After it nobody waits for the answer, so a request that arrives later is dropped.</param>
public sealed record RefreshStreamTable(StreamTableId Id, string Request, DateTimeOffset Deadline) : IStreamTableMessage;

/// <summary>Whoever made the request has gone; if nobody else wants the refresh that runs for it, it is stopped. Not answered.</summary>
/// <param name="Id">The entity.</param>
/// <param name="Request">The request's name.</param>
public sealed record WithdrawRequest(StreamTableId Id, string Request) : IStreamTableMessage;

/// <summary>
/// Asks to be told when a new stream table has been filled, or prepared when it was created without a fill; answered with
/// <see cref="RequestAnswered"/>.
/// </summary>
/// <param name="Id">The entity.</param>
/// <param name="Request">Names the request; the last one who asks by a name gets the answer.</param>
/// <param name="Deadline">After it nobody waits for the answer.</param>
public sealed record InitializeStreamTable(StreamTableId Id, string Request, DateTimeOffset Deadline) : IStreamTableMessage;

/// <summary>From the coordinator: somebody else than the entity changed the status, by resuming it for instance.</summary>
public sealed record StatusChanged(StreamTableId Id, string Status) : IStreamTableMessage;

/// <summary>What a refresh did to one member.</summary>
/// <param name="PgtId">The stream table.</param>
/// <param name="Action">Name of the action, as in <c>PgTrickle.Postgres.Ports.RefreshAction</c>.</param>
/// <param name="RowsInserted">Rows inserted.</param>
/// <param name="RowsDeleted">Rows deleted.</param>
/// <param name="DeltaRows">Change rows read.</param>
public sealed record MemberResult(long PgtId, string Action, long RowsInserted, long RowsDeleted, long DeltaRows);

/// <summary>An error on its way to a caller, with all that PostgreSQL shows of one.</summary>
/// <param name="PgtId">The stream table that failed.</param>
/// <param name="Kind">Name of the kind, as in <c>PgTrickle.Postgres.Ports.FailureKind</c>.</param>
/// <param name="SqlState">Five characters.</param>
/// <param name="Message">Primary message.</param>
/// <param name="Detail">DETAIL.</param>
/// <param name="Hint">HINT.</param>
public sealed record FailureData(long PgtId, string Kind, string SqlState, string Message, string? Detail, string? Hint);

/// <summary>The answer to a request: results of the members, or the failure.</summary>
public sealed record RequestAnswered(string Request, ImmutableArray<MemberResult> Members, FailureData? Failure) : IContractMessage;
