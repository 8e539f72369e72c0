using PgTrickle.Sql.Parsing;

namespace PgTrickle.Sql.Lexing;

/// <summary>
/// Splits SQL text into tokens by PostgreSQL's rules (its documentation, "Lexical Structure"), with <c>standard_conforming_strings</c> on.
/// </summary>
internal sealed class SqlLexer
{
    private const string OperatorCharacters = "+-*/<>=~!@#%^&|`?";
    private const string CharactersThatAllowTrailingSign = "~!@#%^&|`?";

    private readonly string _text;
    private readonly List<SqlToken> _tokens = [];
    private int _position;

    private SqlLexer(string text) => _text = text;

    private char Current => Peek(0);

    /// <summary>The tokens of <paramref name="text"/>; the last one is <see cref="SqlTokenKind.End"/>.</summary>
    /// <exception cref="SqlParseException">The text breaks the lexical rules.</exception>
    public static IReadOnlyList<SqlToken> Tokenize(string text)
    {
        var lexer = new SqlLexer(text);
        while (lexer.Next())
        {
        }

        lexer._tokens.Add(new SqlToken(SqlTokenKind.End, "", text.Length));
        return lexer._tokens;
    }

    public static bool IsNameStart(char c) => c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or '_' or >= '\u0080';

    public static bool IsNamePart(char c) => IsNameStart(c) || char.IsAsciiDigit(c) || c == '$';

    private char Peek(int offset) => _position + offset < _text.Length ? _text[_position + offset] : '\0';

    private bool Next()
    {
        _position = TriviaScanner.Skip(_text, _position);
        if (_position >= _text.Length)
        {
            return false;
        }

        var start = _position;
        if (!(Prefixed(start) || Quoted(start) || NumberOrParameter(start) || Name(start) || Symbol(start) || Operator(start)))
        {
            throw new SqlParseException("text", $"The character '{Current}' has no meaning in SQL.", start);
        }

        return true;
    }

    private void Add(SqlTokenKind kind, string text, int start, int end)
    {
        _tokens.Add(new SqlToken(kind, text, start));
        _position = end;
    }

    /// <summary>Strings and names that start with a letter: E'', B'', X'', U&amp;'' and U&amp;"".</summary>
    private bool Prefixed(int start)
    {
        var letter = char.ToLowerInvariant(Current);
        if (letter is 'e' or 'b' or 'x' && Peek(1) == '\'')
        {
            var scanned = letter == 'e' ? StringScanner.ReadEscaped(_text, start + 1) : StringScanner.ReadPlain(_text, start + 1);
            var kind = letter switch
            {
                'e' => SqlTokenKind.String,
                'b' => SqlTokenKind.BitString,
                _ => SqlTokenKind.HexString,
            };
            CheckDigits(kind, scanned.Value, start);
            Add(kind, scanned.Value, start, scanned.End);
            return true;
        }

        if (letter == 'n' && Peek(1) == '\'')
        {
            throw new SqlParseException("string", "National character strings (N'...') aren't part of canonical text.", start);
        }

        if (letter == 'u' && Peek(1) == '&' && Peek(2) is '\'' or '"')
        {
            var isString = Peek(2) == '\'';
            var scanned = UnicodeScanner.Read(_text, start + 2);
            Add(isString ? SqlTokenKind.String : SqlTokenKind.QuotedName, scanned.Value, start, scanned.End);
            return true;
        }

        return false;
    }

    private static void CheckDigits(SqlTokenKind kind, string digits, int start)
    {
        var wrong = kind switch
        {
            SqlTokenKind.BitString => digits.AsSpan().ContainsAnyExcept("01"),
            SqlTokenKind.HexString => digits.AsSpan().ContainsAnyExcept("0123456789abcdefABCDEF"),
            _ => false,
        };
        if (wrong)
        {
            throw new SqlParseException("bit string", $"'{digits}' holds something else than digits.", start);
        }
    }

    private bool Quoted(int start)
    {
        switch (Current)
        {
            case '\'':
            {
                var scanned = StringScanner.ReadPlain(_text, start);
                Add(SqlTokenKind.String, scanned.Value, start, scanned.End);
                return true;
            }

            case '"':
            {
                var scanned = StringScanner.ReadName(_text, start);
                Add(SqlTokenKind.QuotedName, scanned.Value, start, scanned.End);
                return true;
            }

            case '$' when StringScanner.TryReadDollar(_text, start) is { } scanned:
                Add(SqlTokenKind.String, scanned.Value, start, scanned.End);
                return true;
            default:
                return false;
        }
    }

    private bool NumberOrParameter(int start)
    {
        if (Current == '$' && char.IsAsciiDigit(Peek(1)))
        {
            var end = start + 1;
            while (end < _text.Length && char.IsAsciiDigit(_text[end]))
            {
                end++;
            }

            NumberScanner.RejectJunk(_text, start, end);
            Add(SqlTokenKind.Parameter, _text[(start + 1)..end], start, end);
            return true;
        }

        if (char.IsAsciiDigit(Current) || (Current == '.' && char.IsAsciiDigit(Peek(1))))
        {
            var end = NumberScanner.End(_text, start);
            Add(SqlTokenKind.Number, _text[start..end], start, end);
            return true;
        }

        return false;
    }

    private bool Name(int start)
    {
        if (!IsNameStart(Current))
        {
            return false;
        }

        var end = start;
        while (end < _text.Length && IsNamePart(_text[end]))
        {
            end++;
        }

        Add(SqlTokenKind.Word, Fold(_text.AsSpan(start, end - start)), start, end);
        return true;
    }

    /// <summary>Only ASCII letters are folded in UTF-8 databases, whatever the locale.</summary>
    private static string Fold(ReadOnlySpan<char> word)
    {
        Span<char> folded = word.Length <= 64 ? stackalloc char[word.Length] : new char[word.Length];
        for (var i = 0; i < word.Length; i++)
        {
            folded[i] = char.IsAsciiLetterUpper(word[i]) ? (char)(word[i] | 0x20) : word[i];
        }

        return folded.ToString();
    }

    private bool Symbol(int start)
    {
        var two = Peek(0) == ':' && Peek(1) is ':' or '=';
        if (two)
        {
            Add(SqlTokenKind.Punctuation, _text[start..(start + 2)], start, start + 2);
            return true;
        }

        if (Current is '(' or ')' or '[' or ']' or ',' or ';' or '.' or ':')
        {
            Add(SqlTokenKind.Punctuation, Current.ToString(), start, start + 1);
            return true;
        }

        return false;
    }

    private bool Operator(int start)
    {
        var end = start;
        while (end < _text.Length && OperatorCharacters.Contains(_text[end], StringComparison.Ordinal))
        {
            if (end > start && _text.AsSpan(end) is ['-', '-', ..] or ['/', '*', ..])
            {
                break;
            }

            end++;
        }

        if (end == start)
        {
            return false;
        }

        // An operator of several characters ends in + or - only if it holds a character that standard SQL doesn't use in operators.
        while (end - start > 1 && _text[end - 1] is '+' or '-'
               && !_text.AsSpan(start, end - start).ContainsAny(CharactersThatAllowTrailingSign))
        {
            end--;
        }

        var symbol = _text[start..end];
        if (symbol == "=>")
        {
            Add(SqlTokenKind.Punctuation, symbol, start, end);
        }
        else
        {
            Add(SqlTokenKind.Operator, symbol == "!=" ? "<>" : symbol, start, end);
        }

        return true;
    }
}
