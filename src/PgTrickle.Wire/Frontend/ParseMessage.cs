using System.Buffers;

namespace PgTrickle.Wire.Frontend;

/// <summary>Prepares a statement. The types of parameters, which follow, are not looked at.</summary>
/// <param name="Name">The statement's name; empty for the unnamed one.</param>
/// <param name="Text">The statement, in the client's encoding.</param>
public readonly record struct ParseMessage(string Name, ReadOnlySequence<byte> Text)
{
    /// <summary>Decodes a body.</summary>
    public static ParseMessage Read(ReadOnlySequence<byte> body)
    {
        var reader = new WireReader(body);
        return new ParseMessage(reader.ReadCStringText(), reader.ReadCString());
    }

    /// <summary>Writes a Parse with parameters of types that the server finds out.</summary>
    public static void Write(WireWriter writer, string name, string text)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Message(FrontendType.Parse, body => body.CString(name).CString(text).Int16(0));
    }
}
