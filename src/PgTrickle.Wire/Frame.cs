using System.Buffers;

namespace PgTrickle.Wire;

/// <summary>A whole message, not decoded; it lives as long as the buffer that it is part of.</summary>
/// <param name="Type">A letter, see <see cref="BackendType"/> and <see cref="FrontendType"/>.</param>
/// <param name="Body">What follows the header.</param>
public readonly record struct Frame(byte Type, ReadOnlySequence<byte> Body)
{
    /// <summary>Takes a message off the beginning of a buffer; false when it is not complete.</summary>
    /// <param name="buffer">What has arrived; the message is removed from it.</param>
    /// <param name="limit">The longest body that is accepted, in bytes: small before a client has proven who it is.</param>
    /// <param name="frame">The message.</param>
    /// <exception cref="ProtocolException">The message is longer than the limit, or its length is nonsense.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, int limit, out Frame frame)
    {
        frame = default;
        if (!FrameHeader.TryRead(buffer, out var header))
        {
            return false;
        }

        if (header.BodyLength > limit)
        {
            throw new ProtocolException($"a message of type {header.Type} has {header.BodyLength} bytes, {limit} are allowed");
        }

        if (buffer.Length < header.TotalLength)
        {
            return false;
        }

        frame = new Frame(header.Type, buffer.Slice(FrameHeader.Length, header.BodyLength));
        buffer = buffer.Slice(header.TotalLength);
        return true;
    }
}
