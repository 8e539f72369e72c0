using PgTrickle.Sql.Parsing;

namespace PgTrickle.Sql.Lexing;

/// <summary>Finds the end of a number: decimal, with exponent, hexadecimal, octal, binary, with underscores between digits (since 16).</summary>
internal static class NumberScanner
{
    public static int End(string text, int start)
    {
        var end = RadixEnd(text, start) ?? DecimalEnd(text, start);
        RejectJunk(text, start, end);
        return end;
    }

    /// <summary>A number or parameter must not run into a name.</summary>
    public static void RejectJunk(string text, int start, int end)
    {
        if (end < text.Length && SqlLexer.IsNamePart(text[end]))
        {
            throw new SqlParseException("number", $"Something follows the number '{text[start..end]}' without a gap.", start);
        }
    }

    private static int? RadixEnd(string text, int start)
    {
        if (text.AsSpan(start) is not ['0', var letter, ..])
        {
            return null;
        }

        Func<char, bool>? isDigit = letter switch
        {
            'x' or 'X' => char.IsAsciiHexDigit,
            'o' or 'O' => static c => c is >= '0' and <= '7',
            'b' or 'B' => static c => c is '0' or '1',
            _ => null,
        };
        if (isDigit is null)
        {
            return null;
        }

        // The first digit may follow an underscore, too.
        var end = Digits(text, start + 2, isDigit, afterDigit: true);
        return end > start + 2 ? end : throw new SqlParseException("number", "A number has no digits.", start);
    }

    private static int DecimalEnd(string text, int start)
    {
        var end = Digits(text, start, char.IsAsciiDigit);
        if (end < text.Length && text[end] == '.' && !text.AsSpan(end).StartsWith(".."))
        {
            end = Digits(text, end + 1, char.IsAsciiDigit);
        }

        if (text.AsSpan(end) is ['e' or 'E', ..])
        {
            var digits = text.AsSpan(end) is [_, '+' or '-', ..] ? end + 2 : end + 1;
            var exponentEnd = Digits(text, digits, char.IsAsciiDigit);
            if (exponentEnd > digits)
            {
                end = exponentEnd;
            }
        }

        return end;
    }

    private static int Digits(string text, int position, Func<char, bool> isDigit, bool afterDigit = false)
    {
        while (position < text.Length)
        {
            if (isDigit(text[position]))
            {
                position++;
                afterDigit = true;
            }
            else if (afterDigit && text[position] == '_' && position + 1 < text.Length && isDigit(text[position + 1]))
            {
                position += 2;
            }
            else
            {
                break;
            }
        }

        return position;
    }
}
