using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace PgTrickle.Wire;

/// <summary>Collects messages in memory, to be sent together.</summary>
public sealed class WireWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new(256);

    /// <summary>All messages so far.</summary>
    public ReadOnlyMemory<byte> Written => _buffer.WrittenMemory;

    /// <summary>Writes a message of a type; the body writes its fields with the other methods.</summary>
    public WireWriter Message(byte type, Action<WireWriter> body)
    {
        Byte(type);
        return Packet(body);
    }

    /// <summary>Writes a packet without a type, as the first of a connection.</summary>
    public WireWriter Packet(Action<WireWriter> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        var nested = new WireWriter();
        body(nested);
        Int32(nested._buffer.WrittenCount + sizeof(int));
        return Bytes(nested._buffer.WrittenSpan);
    }

    /// <summary>One byte.</summary>
    public WireWriter Byte(byte value)
    {
        _buffer.GetSpan(1)[0] = value;
        _buffer.Advance(1);
        return this;
    }

    /// <summary>Two bytes, big endian.</summary>
    public WireWriter Int16(short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(_buffer.GetSpan(sizeof(short)), value);
        _buffer.Advance(sizeof(short));
        return this;
    }

    /// <summary>Four bytes, big endian.</summary>
    public WireWriter Int32(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(_buffer.GetSpan(sizeof(int)), value);
        _buffer.Advance(sizeof(int));
        return this;
    }

    /// <summary>Bytes as they are.</summary>
    public WireWriter Bytes(ReadOnlySpan<byte> value)
    {
        _buffer.Write(value);
        return this;
    }

    /// <summary>Text in UTF-8, and a zero.</summary>
    /// <exception cref="ArgumentException">The text contains a zero, which would end it early.</exception>
    public WireWriter CString(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("a string of the protocol contains a zero", nameof(value));
        }

        Encoding.UTF8.GetBytes(value, _buffer);
        return Byte(0);
    }
}
