using System.Buffers;
using System.Text;

namespace PgTrickle.Wire.Frontend;

/// <summary>A password in the clear or hashed, as the server asked for it.</summary>
/// <param name="Password">The text.</param>
public sealed record PasswordMessage(string Password)
{
    /// <summary>Decodes a body. PostgreSQL takes an empty password for a mistake, and so does this.</summary>
    public static PasswordMessage Read(ReadOnlySequence<byte> body)
    {
        var reader = new WireReader(body);
        var password = reader.ReadCString();
        reader.ExpectEnd();
        return password.Length > 0
            ? new PasswordMessage(Encoding.UTF8.GetString(password))
            : throw new ProtocolException("empty password returned by client", "28P01");
    }

    /// <summary>Never the password.</summary>
    public override string ToString() => "password message";
}
