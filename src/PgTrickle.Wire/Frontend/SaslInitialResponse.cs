using System.Buffers;
using System.Text;

namespace PgTrickle.Wire.Frontend;

/// <summary>The choice of a SASL mechanism, with the mechanism's first message.</summary>
/// <param name="Mechanism">One of those that the server offered.</param>
/// <param name="Message">The mechanism's first message.</param>
public sealed record SaslInitialResponse(string Mechanism, ReadOnlyMemory<byte> Message)
{
    /// <summary>Decodes a body.</summary>
    public static SaslInitialResponse Read(ReadOnlySequence<byte> body)
    {
        var reader = new WireReader(body);
        var mechanism = reader.ReadCStringText();
        var length = reader.ReadInt32();
        var message = length == -1 ? default : reader.ReadBytes(length);
        reader.ExpectEnd();
        return new SaslInitialResponse(mechanism, message.ToArray());
    }

    /// <summary>Writes the message.</summary>
    public static void Write(WireWriter writer, string mechanism, string message)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var bytes = Encoding.UTF8.GetBytes(message);
        writer.Message(FrontendType.Password, body => body.CString(mechanism).Int32(bytes.Length).Bytes(bytes));
    }
}
