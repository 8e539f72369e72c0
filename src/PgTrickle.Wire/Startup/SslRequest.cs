namespace PgTrickle.Wire.Startup;

/// <summary>Asks for TLS; the answer is one byte.</summary>
public sealed record SslRequest : InitialPacket
{
    internal const int Code = (1234 << 16) | 5679;

    /// <summary>TLS begins.</summary>
    public const byte Accepted = (byte)'S';

    /// <summary>No TLS; the client goes on in the clear or leaves.</summary>
    public const byte Refused = (byte)'N';

    /// <summary>The first byte of a client that begins with TLS at once.</summary>
    public const byte DirectTls = 0x16;

    /// <summary>The ALPN name without which TLS must not begin at once.</summary>
    public const string ApplicationProtocol = "postgresql";

    /// <summary>Writes the packet.</summary>
    public static void Write(WireWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Packet(body => body.Int32(Code));
    }
}
