namespace PgTrickle.Dvm;

/// <summary>Why something does not compile.</summary>
public enum CompileErrorKind
{
    /// <summary>It will never be differentiated, by design.</summary>
    Unsupported,

    /// <summary>It could be differentiated, but is not yet.</summary>
    NotImplemented,

    /// <summary>The compiler contradicts itself or its input.</summary>
    Internal,
}

/// <summary>A typed error of the compiler; SQLSTATE, message, detail and hint are what a user of the SQL surface sees.</summary>
/// <param name="Kind">Which kind of error.</param>
/// <param name="Construct">The construct, in SQL terms: <c>LIMIT</c>, <c>window function</c>.</param>
/// <param name="Location">Where it stands: <c>in FROM item 2 of view public.v</c>; empty if it is the query as a whole.</param>
/// <param name="Reason">Why, as a sentence without the construct's name.</param>
public sealed record CompileError(CompileErrorKind Kind, string Construct, string Location, string Reason)
{
    /// <summary>0A000 feature_not_supported, or XX000 internal_error.</summary>
    public string SqlState => Kind == CompileErrorKind.Internal ? "XX000" : "0A000";

    /// <summary>One line.</summary>
    public string Message => Kind switch
    {
        CompileErrorKind.Unsupported => $"{Construct} cannot be maintained differentially",
        CompileErrorKind.NotImplemented => $"{Construct} is not maintained differentially yet",
        _ => $"the compiler failed at {Construct}",
    };

    /// <summary>The construct, its position and the reason.</summary>
    public string Detail => Location.Length == 0 ? $"{Construct}: {Reason}" : $"{Construct} {Location}: {Reason}";

    /// <summary>What to do about it.</summary>
    public string Hint => Kind switch
    {
        CompileErrorKind.Internal => "Report the query as a bug; refresh_mode 'FULL' does not use the differential compiler.",
        _ => "Use refresh_mode 'AUTO' or 'FULL': the query is then evaluated as a whole, and only the difference is applied.",
    };
}

/// <summary>Carries a <see cref="CompileError"/>.</summary>
/// <param name="error">The error.</param>
public sealed class CompileException(CompileError error) : Exception($"{error.Message}. {error.Detail}")
{
    /// <summary>The error.</summary>
    public CompileError Error { get; } = error;
}
