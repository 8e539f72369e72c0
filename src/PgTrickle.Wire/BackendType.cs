namespace PgTrickle.Wire;

/// <summary>Types of the messages that servers send and that somebody here looks at.</summary>
public static class BackendType
{
#pragma warning disable CS1591 // The names are the protocol's.
    public const byte Authentication = (byte)'R';
    public const byte BackendKeyData = (byte)'K';
    public const byte CommandComplete = (byte)'C';
    public const byte CopyInResponse = (byte)'G';
    public const byte CopyBothResponse = (byte)'W';
    public const byte ErrorResponse = (byte)'E';
    public const byte NegotiateProtocolVersion = (byte)'v';
    public const byte NoticeResponse = (byte)'N';
    public const byte NotificationResponse = (byte)'A';
    public const byte ParameterStatus = (byte)'S';
    public const byte ReadyForQuery = (byte)'Z';
#pragma warning restore CS1591
}
