using PgTrickle.Sql.Parsing;

namespace PgTrickle.Sql.Lexing;

/// <summary>Skips what separates tokens: white space and comments, of which the bracketed ones nest.</summary>
internal static class TriviaScanner
{
    public static int Skip(string text, int position)
    {
        while (position < text.Length)
        {
            var rest = text.AsSpan(position);
            if (rest[0] is ' ' or '\t' or '\n' or '\r' or '\f' or '\v')
            {
                position++;
            }
            else if (rest is ['-', '-', ..])
            {
                var end = rest.IndexOfAny('\n', '\r');
                position = end < 0 ? text.Length : position + end;
            }
            else if (rest is ['/', '*', ..])
            {
                position = SkipComment(text, position);
            }
            else
            {
                break;
            }
        }

        return position;
    }

    private static int SkipComment(string text, int start)
    {
        var depth = 0;
        var position = start;
        while (position < text.Length)
        {
            switch (text.AsSpan(position))
            {
                case ['/', '*', ..]:
                    depth++;
                    position += 2;
                    break;
                case ['*', '/', ..]:
                    depth--;
                    position += 2;
                    if (depth == 0)
                    {
                        return position;
                    }

                    break;
                default:
                    position++;
                    break;
            }
        }

        throw new SqlParseException("comment", "A comment doesn't end.", start);
    }
}
