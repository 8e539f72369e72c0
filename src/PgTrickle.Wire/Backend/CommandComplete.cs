using System.Buffers;

namespace PgTrickle.Wire.Backend;

/// <summary>A statement is done.</summary>
/// <param name="Tag">What it was, and for some how many rows: <c>INSERT 0 1</c>.</param>
public sealed record CommandComplete(string Tag)
{
    /// <summary>Decodes a body.</summary>
    public static CommandComplete Read(ReadOnlySequence<byte> body)
    {
        var reader = new WireReader(body);
        var tag = reader.ReadCStringText();
        reader.ExpectEnd();
        return new CommandComplete(tag);
    }
}
