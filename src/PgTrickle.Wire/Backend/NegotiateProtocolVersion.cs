using System.Buffers;
using System.Collections.Immutable;

namespace PgTrickle.Wire.Backend;

/// <summary>The server speaks an older minor version than the client asked for, or does not know some of its options.</summary>
/// <param name="Newest">The newest version that the server speaks.</param>
/// <param name="UnknownOptions">Startup parameters beginning with <c>_pq_.</c> that it does not know.</param>
public sealed record NegotiateProtocolVersion(ProtocolVersion Newest, ImmutableArray<string> UnknownOptions)
{
    /// <summary>Decodes a body.</summary>
    public static NegotiateProtocolVersion Read(ReadOnlySequence<byte> body)
    {
        var reader = new WireReader(body);
        var code = reader.ReadInt32();
        var count = reader.ReadInt32();

        // Each option takes a byte at least: no more are read than there can be.
        if (count < 0 || count > reader.Remaining)
        {
            throw new ProtocolException("invalid count of options in a negotiation of the protocol's version");
        }

        var options = ImmutableArray.CreateBuilder<string>();
        for (var i = 0; i < count; i++)
        {
            options.Add(reader.ReadCStringText());
        }

        reader.ExpectEnd();

        // Servers before 18 sent the minor version alone.
        var newest = ProtocolVersion.FromCode(code);
        return new NegotiateProtocolVersion(newest.Major == 0 ? new ProtocolVersion(3, newest.Minor) : newest, options.ToImmutable());
    }

    /// <summary>Writes the message.</summary>
    public void Write(WireWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Message(BackendType.NegotiateProtocolVersion, body =>
        {
            body.Int32(Newest.Code).Int32(UnknownOptions.Length);
            foreach (var option in UnknownOptions)
            {
                body.CString(option);
            }
        });
    }
}
