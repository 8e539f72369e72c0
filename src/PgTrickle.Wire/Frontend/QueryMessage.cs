using System.Buffers;

namespace PgTrickle.Wire.Frontend;

/// <summary>A simple query: one or more statements, ended by ReadyForQuery.</summary>
/// <param name="Text">The statements, in the client's encoding.</param>
public readonly record struct QueryMessage(ReadOnlySequence<byte> Text)
{
    /// <summary>Decodes a body.</summary>
    public static QueryMessage Read(ReadOnlySequence<byte> body)
    {
        var reader = new WireReader(body);
        var text = reader.ReadCString();
        reader.ExpectEnd();
        return new QueryMessage(text);
    }

    /// <summary>Writes a query.</summary>
    public static void Write(WireWriter writer, string text)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Message(FrontendType.Query, body => body.CString(text));
    }
}
