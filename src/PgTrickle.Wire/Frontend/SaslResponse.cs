using System.Text;

namespace PgTrickle.Wire.Frontend;

/// <summary>A further message of a SASL mechanism.</summary>
public static class SaslResponse
{
    /// <summary>Writes the message.</summary>
    public static void Write(WireWriter writer, string message)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Message(FrontendType.Password, body => body.Bytes(Encoding.UTF8.GetBytes(message)));
    }
}
