using System.Buffers;

namespace PgTrickle.Wire.Frontend;

/// <summary>Closes a statement or a portal.</summary>
/// <param name="IsStatement">A statement rather than a portal.</param>
/// <param name="Name">Its name.</param>
public readonly record struct CloseMessage(bool IsStatement, string Name)
{
    /// <summary>Decodes a body.</summary>
    public static CloseMessage Read(ReadOnlySequence<byte> body)
    {
        var reader = new WireReader(body);
        var kind = reader.ReadByte();
        var name = reader.ReadCStringText();
        reader.ExpectEnd();
        return new CloseMessage(kind == (byte)'S', name);
    }

    /// <summary>Writes a Close.</summary>
    public void Write(WireWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var (kind, name) = (IsStatement ? (byte)'S' : (byte)'P', Name);
        writer.Message(FrontendType.Close, body => body.Byte(kind).CString(name));
    }
}
