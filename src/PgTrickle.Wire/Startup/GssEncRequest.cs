namespace PgTrickle.Wire.Startup;

/// <summary>Asks for encryption by GSSAPI.</summary>
public sealed record GssEncRequest : InitialPacket
{
    internal const int Code = (1234 << 16) | 5680;
}
