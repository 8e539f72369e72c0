using System.Buffers;
using System.Text;

namespace PgTrickle.Wire.Frontend;

/// <summary>Binds values to a statement. The values, which follow, are not looked at.</summary>
/// <param name="Portal">The portal's name; empty for the unnamed one.</param>
/// <param name="Statement">The statement's name; empty for the unnamed one.</param>
public readonly record struct BindMessage(string Portal, string Statement)
{
    /// <summary>Decodes the names at the beginning of a body.</summary>
    public static BindMessage Read(ReadOnlySequence<byte> body)
    {
        var reader = new WireReader(body);
        return new BindMessage(reader.ReadCStringText(), reader.ReadCStringText());
    }

    /// <summary>Writes a Bind of text values.</summary>
    public static void Write(WireWriter writer, string portal, string statement, params ReadOnlySpan<string> values)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var texts = values.ToArray();
        writer.Message(FrontendType.Bind, body =>
        {
            body.CString(portal).CString(statement).Int16(0).Int16((short)texts.Length);
            foreach (var text in texts)
            {
                var bytes = Encoding.UTF8.GetBytes(text);
                body.Int32(bytes.Length).Bytes(bytes);
            }

            body.Int16(0);
        });
    }
}
