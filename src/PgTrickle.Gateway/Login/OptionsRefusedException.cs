using PgTrickle.Wire.Backend;

namespace PgTrickle.Gateway.Login;

/// <summary>
/// What listens in the server's place takes no <c>options</c> in a startup message: PgBouncer, unless it is told to ignore them. Its sessions are direct ones, whose calls
/// nobody waits for: a setting made later would stay with a server connection that the next client is given.
/// </summary>
internal sealed class OptionsRefusedException() : Exception("the server takes no options in a startup message")
{
    private const string ProtocolViolation = "08P01";

    /// <summary>Whether an error says this.</summary>
    public static bool IsMeantBy(ServerMessage message) =>
        message.SqlState == ProtocolViolation && message.Message is { } text
        && text.Contains("startup parameter", StringComparison.Ordinal) && text.Contains("options", StringComparison.Ordinal);
}
