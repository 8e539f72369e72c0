using System.Globalization;
using System.Text;
using PgTrickle.Sql.Parsing;

namespace PgTrickle.Sql.Lexing;

/// <summary>Reads the quoted part of <c>U&amp;'...'</c> and <c>U&amp;"..."</c>, with UESCAPE if that follows.</summary>
internal static class UnicodeScanner
{
    public static ScannedText Read(string text, int quote)
    {
        var raw = text[quote] == '"' ? StringScanner.ReadName(text, quote) : StringScanner.ReadPlain(text, quote);
        var (escape, end) = ReadEscapeCharacter(text, raw.End);
        return new ScannedText(Decode(raw.Value, escape, quote), end);
    }

    private static (char Escape, int End) ReadEscapeCharacter(string text, int end)
    {
        const string Keyword = "uescape";
        var next = TriviaScanner.Skip(text, end);
        if (!text.AsSpan(next).StartsWith(Keyword, StringComparison.OrdinalIgnoreCase))
        {
            return ('\\', end);
        }

        var quote = TriviaScanner.Skip(text, next + Keyword.Length);
        if (text.AsSpan(quote) is not ['\'', var escape, '\'', ..] || char.IsAsciiHexDigit(escape) || escape is '+' or '\'' or '"' || char.IsWhiteSpace(escape))
        {
            throw new SqlParseException("UESCAPE", "UESCAPE needs one character that can be an escape.", next);
        }

        return (escape, quote + 3);
    }

    private static string Decode(string raw, char escape, int position)
    {
        var value = new StringBuilder();
        for (var i = 0; i < raw.Length; i++)
        {
            if (raw[i] != escape)
            {
                value.Append(raw[i]);
                continue;
            }

            if (i + 1 < raw.Length && raw[i + 1] == escape)
            {
                value.Append(escape);
                i++;
                continue;
            }

            var wide = i + 1 < raw.Length && raw[i + 1] == '+';
            var start = wide ? i + 2 : i + 1;
            var digits = wide ? 6 : 4;
            if (start + digits > raw.Length
                || !int.TryParse(raw.AsSpan(start, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var codePoint)
                || codePoint is <= 0 or > 0x10FFFF)
            {
                throw new SqlParseException("string", "A Unicode escape is not valid.", position);
            }

            value.Append(codePoint > 0xFFFF ? char.ConvertFromUtf32(codePoint) : ((char)codePoint).ToString());
            i = start + digits - 1;
        }

        return value.ToString();
    }
}
