using System.Buffers;

namespace PgTrickle.Wire.Startup;

/// <summary>What a client may send first; it has a length and no type.</summary>
public abstract record InitialPacket
{
    /// <summary>The longest packet that PostgreSQL accepts, its length included: 10,000 bytes.</summary>
    public const int LongestPacket = 10_000;

    /// <summary>The shortest that makes sense: a length and a code.</summary>
    public const int ShortestPacket = 8;

    /// <summary>Checks a packet's length, given with its first four bytes.</summary>
    /// <exception cref="ProtocolException">It is out of bounds: whoever connects does not speak this protocol.</exception>
    public static int CheckLength(int length) => length is >= ShortestPacket and <= LongestPacket
        ? length
        : throw new ProtocolException("invalid length of startup packet");

    /// <summary>Decodes a packet.</summary>
    /// <param name="body">What follows the length.</param>
    public static InitialPacket Read(ReadOnlySequence<byte> body)
    {
        var reader = new WireReader(body);
        var code = reader.ReadInt32();
        switch (code)
        {
            case SslRequest.Code:
                reader.ExpectEnd();
                return new SslRequest();
            case GssEncRequest.Code:
                reader.ExpectEnd();
                return new GssEncRequest();
            case CancelRequest.Code:
                return CancelRequest.Read(reader);
            default:
                return StartupMessage.Read(ProtocolVersion.FromCode(code), reader);
        }
    }
}
