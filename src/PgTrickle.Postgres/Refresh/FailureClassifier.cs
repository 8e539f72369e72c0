using Npgsql;
using PgTrickle.Postgres.Ports;

namespace PgTrickle.Postgres.Refresh;

/// <summary>What an SQLSTATE means for a refresh: the one place that decides it.</summary>
internal static class FailureClassifier
{
    private const string MemberKey = "pgtrickle.member";

    /// <summary>A variant of the plan is not stored.</summary>
    public const string VariantMissing = "PT001";

    /// <summary>The plan, or a capture, does not fit the tables any more.</summary>
    public const string PlanOutOfDate = "PT002";

    /// <summary>The stream table has no contents yet.</summary>
    public const string NotPopulated = "PT003";

    /// <summary>A stream table that it reads has no contents yet.</summary>
    public const string UpstreamNotPopulated = "PT004";

    /// <summary>How a failure is to be taken that no further step of this refresh can mend.</summary>
    public static FailureKind Classify(string sqlState) => sqlState switch
    {
        UpstreamNotPopulated or NotPopulated or PlanOutOfDate or VariantMissing => FailureKind.Transient,
        PostgresErrorCodes.ObjectNotInPrerequisiteState or PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.ObjectInUse => FailureKind.Transient,
        PostgresErrorCodes.InsufficientPrivilege => FailureKind.MissingRights,
        // Node's credentials or token: nothing that the stream table did.
        _ when sqlState.StartsWith("28", StringComparison.Ordinal) => FailureKind.Transient,
        // Lost connections, transactions that the server ended or that it only lets read (no longer the primary), conflicts, resources, operator's intervention, system errors.
        _ when HasClass(sqlState, "08", "25", "40", "53", "57", "58") => FailureKind.Transient,
        _ when IsUndefined(sqlState) => FailureKind.Permanent,
        PostgresErrorCodes.FeatureNotSupported => FailureKind.Permanent,
        _ => FailureKind.Query,
    };

    /// <summary>Whether something that the plan names is gone or has another type: a recompilation may mend it.</summary>
    public static bool IsUndefined(string sqlState) => sqlState is
        PostgresErrorCodes.UndefinedColumn or PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedFunction or PostgresErrorCodes.UndefinedObject
        or PostgresErrorCodes.DatatypeMismatch or PostgresErrorCodes.CannotCoerce or PostgresErrorCodes.WrongObjectType
        or PostgresErrorCodes.InvalidSchemaName or PostgresErrorCodes.InvalidColumnReference or PostgresErrorCodes.IndeterminateCollation;

    /// <summary>Whether evaluating an expression raised it: a division by zero, a cast, a sub-select of two rows. Which expressions are evaluated depends on the plan.</summary>
    public static bool IsOfExpression(string sqlState) => HasClass(sqlState, "22") || sqlState == PostgresErrorCodes.CardinalityViolation;

    /// <summary>Whether the same attempt may succeed in a moment.</summary>
    public static bool IsWorthRetrying(Exception exception) => exception switch
    {
        PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable } => true,
        PostgresException failure => HasClass(failure.SqlState, "08", "40", "53") || failure.SqlState is "25P03" or "57P01" or "57P02" or "57P03",
        NpgsqlException failure => failure.IsTransient,
        _ => false,
    };

    /// <summary>The failure as callers see it.</summary>
    public static RefreshFailedException ToFailure(long pgtId, Exception exception) => exception switch
    {
        RefreshFailedException failure => failure,
        PostgresException failure => new(
            MemberOf(failure, pgtId), Classify(failure.SqlState), failure.SqlState, failure.MessageText, OwnDetail(failure), failure.Hint, failure),
        _ => new(pgtId, FailureKind.Transient, "08006", exception.Message, inner: exception),
    };

    /// <summary>The stream table whose function raised a failure; of one that was raised before or after those, the one whose id our functions have put into DETAIL.</summary>
    public static long MemberOf(PostgresException failure, long otherwise) =>
        failure.Data[MemberKey] is long member ? member : DetailId(failure) ?? otherwise;

    /// <summary>Notes the stream table whose function has raised a failure.</summary>
    public static void TellMember(Exception failure, long pgtId) => failure.Data[MemberKey] = pgtId;

    /// <summary>What is there for the user: not our own ids.</summary>
    private static string? OwnDetail(PostgresException failure) => DetailId(failure) is { } id && id == MemberOf(failure, id) ? null : failure.Detail;

    private static long? DetailId(PostgresException failure) => long.TryParse(failure.Detail?.Split(' ')[0], out var id) ? id : null;

    private static bool HasClass(string sqlState, params ReadOnlySpan<string> classes)
    {
        foreach (var prefix in classes)
        {
            if (sqlState.StartsWith(prefix, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
