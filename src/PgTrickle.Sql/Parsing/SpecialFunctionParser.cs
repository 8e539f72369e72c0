using System.Globalization;
using PgTrickle.Sql.Lexing;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Parsing;

/// <summary>Reads the functions that have a syntax of their own.</summary>
internal sealed class SpecialFunctionParser(ParserSet parsers)
{
    private TokenCursor Cursor => parsers.Cursor;

    public SqlExpression? TryParse()
    {
        if (SqlValueNames.Kind(Cursor.Current.Text) is { } kind && (SqlValueNames.TakesPrecision(kind) || !Cursor.Peek().IsPunctuation("(")))
        {
            return ParseValue(kind);
        }

        if (Cursor.AtWords("collation", "for"))
        {
            Cursor.Take();
            Cursor.Take();
            return new CollationFor(InParentheses("COLLATION FOR", parsers.Expressions.Parse));
        }

        if (!Cursor.Peek().IsPunctuation("("))
        {
            return null;
        }

        return Cursor.Current.Text switch
        {
            "coalesce" => ParseConditional(ConditionalKind.Coalesce),
            "nullif" => ParseConditional(ConditionalKind.NullIf),
            "greatest" => ParseConditional(ConditionalKind.Greatest),
            "least" => ParseConditional(ConditionalKind.Least),
            "grouping" => ParseGrouping(),
            "cast" => Special(ParseCast),
            "extract" => Special(ParseExtract),
            "substring" => Special(ParseSubstring),
            "overlay" => Special(ParseOverlay),
            "position" => Special(ParsePosition),
            "trim" => Special(ParseTrim),
            "normalize" => Special(ParseNormalize),
            _ => null,
        };
    }

    public UnicodeForm? TryTakeUnicodeForm()
    {
        UnicodeForm? form = Cursor.Current switch
        {
            var t when t.IsWord("nfc") => UnicodeForm.Nfc,
            var t when t.IsWord("nfd") => UnicodeForm.Nfd,
            var t when t.IsWord("nfkc") => UnicodeForm.Nfkc,
            var t when t.IsWord("nfkd") => UnicodeForm.Nfkd,
            _ => null,
        };
        if (form is not null)
        {
            Cursor.Take();
        }

        return form;
    }

    /// <summary>Reads a call from its keyword.</summary>
    private T Special<T>(Func<T> parse)
    {
        var construct = Cursor.Take().Text.ToUpperInvariant();
        return InParentheses(construct, parse);
    }

    private T InParentheses<T>(string construct, Func<T> parse)
    {
        Cursor.ExpectSymbol(construct, "(");
        var result = parse();
        Cursor.ExpectSymbol(construct, ")");
        return result;
    }

    private SqlExpression Expression() => parsers.Expressions.Parse();

    private SqlExpression? ExpressionAfter(string keyword) => Cursor.TryTakeWords(keyword) ? Expression() : null;

    private SqlExpression ExpectExpressionAfter(string construct, string keyword)
    {
        Cursor.ExpectWords(construct, keyword);
        return Expression();
    }

    private SqlValueFunction ParseValue(SqlValueKind kind)
    {
        Cursor.Take();
        if (!SqlValueNames.TakesPrecision(kind) || !Cursor.TryTakeSymbol("("))
        {
            return new SqlValueFunction(kind);
        }

        var token = Cursor.Take();
        if (token.Kind != SqlTokenKind.Number || !int.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var precision))
        {
            throw new SqlParseException(SqlValueNames.Text(kind), "A precision is a small integer.", token.Position);
        }

        Cursor.ExpectSymbol(SqlValueNames.Text(kind), ")");
        return new SqlValueFunction(kind, precision);
    }

    private ConditionalFunction ParseConditional(ConditionalKind kind)
    {
        var construct = Cursor.Take().Text.ToUpperInvariant();
        return new ConditionalFunction(kind, parsers.Primaries.ParseListInParentheses(construct));
    }

    private GroupingFunction ParseGrouping()
    {
        Cursor.Take();
        return new GroupingFunction(parsers.Primaries.ParseListInParentheses("GROUPING"));
    }

    private Cast ParseCast()
    {
        var operand = Expression();
        Cursor.ExpectWords("CAST", "as");
        return new Cast(operand, parsers.Types.Parse());
    }

    private ExtractExpression ParseExtract()
    {
        var field = Cursor.Current.Kind == SqlTokenKind.String ? new SqlIdentifier(Cursor.Take().Text) : Cursor.TakeLabel("EXTRACT");
        return new ExtractExpression(field, ExpectExpressionAfter("EXTRACT", "from"));
    }

    private SpecialFunction ParseSubstring()
    {
        var operand = Expression();
        if (Cursor.TryTakeWords("similar"))
        {
            var pattern = Expression();
            return new SimilarSubstring(operand, pattern, ExpectExpressionAfter("SUBSTRING", "escape"));
        }

        var from = ExpressionAfter("from");
        var length = ExpressionAfter("for");
        return from is null && length is null
            ? throw Cursor.Unexpected("SUBSTRING", "FROM, FOR or SIMILAR")
            : new SubstringExpression(operand, from, length);
    }

    private OverlayExpression ParseOverlay()
    {
        var operand = Expression();
        var replacement = ExpectExpressionAfter("OVERLAY", "placing");
        var from = ExpectExpressionAfter("OVERLAY", "from");
        return new OverlayExpression(operand, replacement, from, ExpressionAfter("for"));
    }

    private PositionExpression ParsePosition()
    {
        var substring = parsers.Expressions.Parse(Precedence.In);
        Cursor.ExpectWords("POSITION", "in");
        return new PositionExpression(substring, parsers.Expressions.Parse(Precedence.In));
    }

    private TrimExpression ParseTrim()
    {
        var side = Cursor.Current switch
        {
            var t when t.IsWord("leading") => TrimSide.Leading,
            var t when t.IsWord("trailing") => TrimSide.Trailing,
            var t when t.IsWord("both") => TrimSide.Both,
            _ => throw Cursor.Unexpected("TRIM", "BOTH, LEADING or TRAILING"),
        };
        Cursor.Take();
        var characters = Cursor.AtWord("from") ? null : Expression();
        return new TrimExpression(side, characters, ExpectExpressionAfter("TRIM", "from"));
    }

    private NormalizeExpression ParseNormalize()
    {
        var operand = Expression();
        if (!Cursor.TryTakeSymbol(","))
        {
            return new NormalizeExpression(operand, null);
        }

        return TryTakeUnicodeForm() is { } form
            ? new NormalizeExpression(operand, form)
            : throw Cursor.Unexpected("NORMALIZE", "NFC, NFD, NFKC or NFKD");
    }
}
