using System.Buffers;
using System.Text;

namespace PgTrickle.Wire;

/// <summary>Reads the fields of one message's body. Whatever is missing or malformed is a <see cref="ProtocolException"/>.</summary>
public ref struct WireReader(ReadOnlySequence<byte> body)
{
    private SequenceReader<byte> _reader = new(body);

    /// <summary>Bytes not read yet.</summary>
    public readonly long Remaining => _reader.Remaining;

    /// <summary>One byte.</summary>
    public byte ReadByte() => _reader.TryRead(out var value) ? value : throw Truncated();

    /// <summary>Two bytes, big endian.</summary>
    public short ReadInt16() => _reader.TryReadBigEndian(out short value) ? value : throw Truncated();

    /// <summary>Four bytes, big endian.</summary>
    public int ReadInt32() => _reader.TryReadBigEndian(out int value) ? value : throw Truncated();

    /// <summary>The bytes up to the next zero, which is read, too.</summary>
    public ReadOnlySequence<byte> ReadCString() =>
        _reader.TryReadTo(out ReadOnlySequence<byte> text, 0) ? text : throw new ProtocolException("a string in a message has no end");

    /// <summary>The same as text; what is no UTF-8 becomes replacement characters.</summary>
    public string ReadCStringText() => Encoding.UTF8.GetString(ReadCString());

    /// <summary>So many bytes.</summary>
    public ReadOnlySequence<byte> ReadBytes(int count)
    {
        if (count < 0 || !_reader.TryReadExact(count, out var bytes))
        {
            throw Truncated();
        }

        return bytes;
    }

    /// <summary>Everything that is left.</summary>
    public ReadOnlySequence<byte> ReadRest()
    {
        var rest = _reader.UnreadSequence;
        _reader.AdvanceToEnd();
        return rest;
    }

    /// <summary>Asserts that nothing is left.</summary>
    public readonly void ExpectEnd()
    {
        if (_reader.Remaining > 0)
        {
            throw new ProtocolException($"{_reader.Remaining} bytes too many in a message");
        }
    }

    private static ProtocolException Truncated() => new("insufficient data left in a message");
}
