namespace PgTrickle.Wire;

/// <summary>
/// The other side broke PostgreSQL's protocol. The only exception that this library raises for whatever arrives; the connection cannot go on.
/// </summary>
public sealed class ProtocolException(string message, string sqlState = ProtocolException.Violation) : Exception(message)
{
    /// <summary>protocol_violation.</summary>
    public const string Violation = "08P01";

    /// <summary>Five characters, for the FATAL error that the other side is told.</summary>
    public string SqlState { get; } = sqlState;
}
