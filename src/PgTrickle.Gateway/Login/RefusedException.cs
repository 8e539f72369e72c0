namespace PgTrickle.Gateway.Login;

/// <summary>A session cannot begin; the client is told why with a FATAL error.</summary>
internal sealed class RefusedException(string sqlState, string message, string? detail = null, string? hint = null, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Five characters.</summary>
    public string SqlState { get; } = sqlState;

    /// <summary>DETAIL, if any.</summary>
    public string? Detail { get; } = detail;

    /// <summary>HINT, if any.</summary>
    public string? Hint { get; } = hint;
}
