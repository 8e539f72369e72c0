using System.Buffers;
using System.Buffers.Binary;

namespace PgTrickle.Wire;

/// <summary>The five bytes before every message but the first: its type, and how long it is.</summary>
/// <param name="Type">A letter, see <see cref="BackendType"/> and <see cref="FrontendType"/>.</param>
/// <param name="BodyLength">Bytes that follow, 0 to 2^31 - 5.</param>
public readonly record struct FrameHeader(byte Type, int BodyLength)
{
    /// <summary>Bytes of a header.</summary>
    public const int Length = 5;

    /// <summary>Bytes of the whole message.</summary>
    public long TotalLength => (long)BodyLength + Length;

    /// <summary>Reads a header; false when fewer than five bytes are there.</summary>
    /// <exception cref="ProtocolException">The length is less than that of itself.</exception>
    public static bool TryRead(ReadOnlySequence<byte> buffer, out FrameHeader header)
    {
        if (buffer.FirstSpan.Length >= Length)
        {
            header = Decode(buffer.FirstSpan);
            return true;
        }

        if (buffer.Length < Length)
        {
            header = default;
            return false;
        }

        Span<byte> bytes = stackalloc byte[Length];
        buffer.Slice(0, Length).CopyTo(bytes);
        header = Decode(bytes);
        return true;
    }

    private static FrameHeader Decode(ReadOnlySpan<byte> bytes)
    {
        var length = BinaryPrimitives.ReadInt32BigEndian(bytes[1..]);
        return length >= sizeof(int)
            ? new FrameHeader(bytes[0], length - sizeof(int))
            : throw new ProtocolException($"invalid message length {length} in a message of type {bytes[0]}");
    }
}
