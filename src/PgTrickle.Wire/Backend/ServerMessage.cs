using System.Buffers;
using System.Collections.Immutable;
using System.Text;

namespace PgTrickle.Wire.Backend;

/// <summary>The fields of an error or a notice.</summary>
/// <param name="Fields">By the protocol's letters, in the server's order.</param>
public sealed record ServerMessage(ImmutableArray<KeyValuePair<char, string>> Fields)
{
    /// <summary>A message made here. The severity is ERROR, FATAL, WARNING, NOTICE or INFO.</summary>
    public static ServerMessage Of(string severity, string sqlState, string message, string? detail = null, string? hint = null)
    {
        // PostgreSQL's own limit on nothing but sense: zeros would end a field early.
        static string Clean(string text) => text.Replace("\0", string.Empty, StringComparison.Ordinal);

        var fields = ImmutableArray.CreateBuilder<KeyValuePair<char, string>>();
        fields.Add(new('S', severity));
        fields.Add(new('V', severity));
        fields.Add(new('C', sqlState));
        fields.Add(new('M', Clean(message)));
        if (detail is not null)
        {
            fields.Add(new('D', Clean(detail)));
        }

        if (hint is not null)
        {
            fields.Add(new('H', Clean(hint)));
        }

        return new ServerMessage(fields.ToImmutable());
    }

    /// <summary>The severity, not translated where the server says so (since 9.6).</summary>
    public string? Severity => this['V'] ?? this['S'];

    /// <summary>Five characters.</summary>
    public string? SqlState => this['C'];

    /// <summary>The primary message.</summary>
    public string? Message => this['M'];

    /// <summary>DETAIL, or null.</summary>
    public string? Detail => this['D'];

    /// <summary>A field, or null.</summary>
    public string? this[char field] => Fields.FirstOrDefault(pair => pair.Key == field).Value;

    /// <summary>Decodes the body of an ErrorResponse or a NoticeResponse.</summary>
    public static ServerMessage Read(ReadOnlySequence<byte> body)
    {
        var reader = new WireReader(body);
        var fields = ImmutableArray.CreateBuilder<KeyValuePair<char, string>>();
        while (reader.ReadByte() is var code and not 0)
        {
            fields.Add(new((char)code, reader.ReadCStringText()));
        }

        reader.ExpectEnd();
        return new ServerMessage(fields.ToImmutable());
    }

    /// <summary>Writes it as an ErrorResponse or a NoticeResponse, by its severity.</summary>
    public void Write(WireWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var type = Severity is "ERROR" or "FATAL" or "PANIC" ? BackendType.ErrorResponse : BackendType.NoticeResponse;
        writer.Message(type, body =>
        {
            foreach (var (code, text) in Fields)
            {
                body.Byte((byte)code).CString(text);
            }

            body.Byte(0);
        });
    }

    /// <inheritdoc/>
    public override string ToString() => new StringBuilder().Append(Severity).Append(' ').Append(SqlState).Append(": ").Append(Message).ToString();
}
