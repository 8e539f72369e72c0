using System.Globalization;
using System.Text;
using PgTrickle.Sql.Parsing;

namespace PgTrickle.Sql.Lexing;

/// <summary>The value of a quoted token and the position after it.</summary>
internal readonly record struct ScannedText(string Value, int End);

/// <summary>Reads quoted tokens: plain and escaped strings, dollar-quoted strings, quoted names.</summary>
internal static class StringScanner
{
    /// <summary>Reads <c>'...'</c> from its opening quote; a string that goes on after a line break is part of it.</summary>
    public static ScannedText ReadPlain(string text, int quote) => ReadParts(text, quote, Unquote);

    /// <summary>Reads the <c>'...'</c> of <c>E'...'</c> from its opening quote.</summary>
    public static ScannedText ReadEscaped(string text, int quote) => ReadParts(text, quote, ReadEscapedPart);

    /// <summary>Reads <c>"..."</c> from its opening quote.</summary>
    public static ScannedText ReadName(string text, int quote) => Unquote(text, quote);

    /// <summary>Reads <c>$tag$...$tag$</c>, or nothing if the dollar doesn't start one.</summary>
    public static ScannedText? TryReadDollar(string text, int start)
    {
        var close = start + 1;
        while (close < text.Length && text[close] != '$' && SqlLexer.IsNamePart(text[close]))
        {
            close++;
        }

        if (close >= text.Length || text[close] != '$' || char.IsAsciiDigit(text[start + 1]))
        {
            return null;
        }

        var tag = text[start..(close + 1)];
        var end = text.IndexOf(tag, close + 1, StringComparison.Ordinal);
        return end < 0
            ? throw new SqlParseException("string", $"A string that starts with {tag} doesn't end.", start)
            : new ScannedText(text[(close + 1)..end], end + tag.Length);
    }

    /// <summary>Reads up to the closing quote, which is doubled inside.</summary>
    public static ScannedText Unquote(string text, int quote)
    {
        var delimiter = text[quote];
        var value = new StringBuilder();
        for (var i = quote + 1; i < text.Length; i++)
        {
            if (text[i] == delimiter)
            {
                if (i + 1 >= text.Length || text[i + 1] != delimiter)
                {
                    return new ScannedText(value.ToString(), i + 1);
                }

                i++;
            }

            value.Append(text[i]);
        }

        throw Unterminated(delimiter == '"' ? "name" : "string", quote);
    }

    private static SqlParseException Unterminated(string construct, int start) => new(construct, $"A quoted {construct} doesn't end.", start);

    private static ScannedText ReadParts(string text, int quote, Func<string, int, ScannedText> readPart)
    {
        var part = readPart(text, quote);
        var value = part.Value;
        while (TriviaScanner.Skip(text, part.End) is var next && next < text.Length && text[next] == '\''
               && text.AsSpan(part.End, next - part.End).ContainsAny('\n', '\r'))
        {
            part = readPart(text, next);
            value += part.Value;
        }

        return part with { Value = value };
    }

    private static ScannedText ReadEscapedPart(string text, int quote)
    {
        var value = new StringBuilder();
        var i = quote + 1;
        while (i < text.Length)
        {
            switch (text.AsSpan(i))
            {
                case ['\'', '\'', ..]:
                    value.Append('\'');
                    i += 2;
                    break;
                case ['\'', ..]:
                    return new ScannedText(value.ToString(), i + 1);
                case ['\\', _, ..]:
                    i = ReadEscape(text, i + 1, value);
                    break;
                default:
                    value.Append(text[i++]);
                    break;
            }
        }

        throw Unterminated("string", quote);
    }

    /// <summary>Appends what the escape at <paramref name="i"/> (after the backslash) means, and returns the position after it.</summary>
    private static int ReadEscape(string text, int i, StringBuilder value)
    {
        switch (text[i])
        {
            case 'b':
                value.Append('\b');
                return i + 1;
            case 'f':
                value.Append('\f');
                return i + 1;
            case 'n':
                value.Append('\n');
                return i + 1;
            case 'r':
                value.Append('\r');
                return i + 1;
            case 't':
                value.Append('\t');
                return i + 1;
            case 'u' or 'U':
                return AppendCodePoint(text, i + 1, text[i] == 'u' ? 4 : 8, value);
            case 'x' when i + 1 < text.Length && char.IsAsciiHexDigit(text[i + 1]):
                return AppendByte(text, i + 1, 2, 16, value);
            case >= '0' and <= '7':
                return AppendByte(text, i, 3, 8, value);
            default:
                value.Append(text[i]);
                return i + 1;
        }
    }

    private static int AppendByte(string text, int start, int maxDigits, int radix, StringBuilder value)
    {
        var end = start;
        var number = 0;
        while (end < text.Length && end - start < maxDigits && char.IsAsciiHexDigit(text[end]) && (radix == 16 || text[end] is >= '0' and <= '7'))
        {
            number = (number * radix) + Convert.ToInt32(text[end].ToString(), 16);
            end++;
        }

        // A byte above 127 is a piece of an encoded character, which PostgreSQL doesn't print this way.
        if (number is 0 or > 127)
        {
            throw new SqlParseException("string", "An escape stands for a byte that is no character by itself.", start);
        }

        value.Append((char)number);
        return end;
    }

    private static int AppendCodePoint(string text, int start, int digits, StringBuilder value)
    {
        if (start + digits > text.Length
            || !int.TryParse(text.AsSpan(start, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var codePoint)
            || codePoint is <= 0 or > 0x10FFFF)
        {
            throw new SqlParseException("string", "A Unicode escape is not valid.", start);
        }

        // Halves of a surrogate pair may come as two escapes.
        value.Append(codePoint > 0xFFFF ? char.ConvertFromUtf32(codePoint) : ((char)codePoint).ToString());
        return start + digits;
    }
}
