using Npgsql;
using PgTrickle.Actors.Contracts.Messages;
using PgTrickle.Postgres.Ports;
using PgTrickle.Scheduling.Entities;

namespace PgTrickle.Actors.StreamTable;

/// <summary>What an exception of an attempt means.</summary>
internal static class Failures
{
    private const string InternalError = "XX000";
    private const string ConnectionFailure = "08006";
    private const string QueryCanceled = "57014";

    /// <summary>
    /// As the engine says. What it did not foresee is counted like an error of the query: it would otherwise be tried for ever and unseen.
    /// </summary>
    public static RefreshFailedException Understand(Exception problem, long pgtId) => problem switch
    {
        RefreshFailedException known => known,
        OperationCanceledException => new RefreshFailedException(pgtId, FailureKind.Transient, QueryCanceled, "the refresh was cancelled", inner: problem),
        PostgresException server => new RefreshFailedException(
            pgtId, KindOf(server.SqlState), server.SqlState, server.MessageText, server.Detail, server.Hint, server),
        NpgsqlException or TimeoutException or IOException =>
            new RefreshFailedException(pgtId, FailureKind.Transient, ConnectionFailure, problem.Message, inner: problem),
        _ => new RefreshFailedException(pgtId, FailureKind.Query, InternalError, $"internal error: {problem.Message}", inner: problem),
    };

    public static Failure ToFailure(this RefreshFailedException failed) => new(
        failed.Kind switch
        {
            FailureKind.Transient => FailureClass.Transient,
            FailureKind.MissingRights => FailureClass.MissingRights,
            FailureKind.Permanent => FailureClass.Permanent,
            _ => FailureClass.Query,
        },
        failed.SqlState,
        failed.Message);

    public static FailureData ToData(this RefreshFailedException failed) =>
        new(failed.PgtId, failed.Kind.ToString(), failed.SqlState, failed.Message, failed.Detail, failed.Hint);

    public static RefreshFailedException ToException(this FailureData data) => new(
        data.PgtId,
        Enum.TryParse<FailureKind>(data.Kind, out var kind) ? kind : FailureKind.Query,
        data.SqlState,
        data.Message,
        data.Detail,
        data.Hint);

    private static FailureKind KindOf(string sqlState) => Failure.Classify(sqlState) switch
    {
        FailureClass.Transient => FailureKind.Transient,
        FailureClass.MissingRights => FailureKind.MissingRights,
        FailureClass.Permanent => FailureKind.Permanent,
        _ => FailureKind.Query,
    };
}
