using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Parsing;

/// <summary>Reads what may follow IS.</summary>
internal sealed class IsParser(ParserSet parsers)
{
    private const string Construct = "IS";

    private TokenCursor Cursor => parsers.Cursor;

    public SqlExpression Parse(SqlExpression operand)
    {
        Cursor.ExpectWords(Construct, "is");
        var negated = Cursor.TryTakeWords("not");
        if (Cursor.TryTakeWords("distinct", "from"))
        {
            return new DistinctFrom(operand, parsers.Expressions.Parse(Precedence.Is), negated);
        }

        if (TryTakeKind() is { } kind)
        {
            return new IsExpression(operand, kind, negated);
        }

        SqlExpression test = Cursor.TryTakeWords("json") ? ParseJson(operand) : ParseNormalized(operand);
        return negated ? new NotExpression(test) : test;
    }

    private IsKind? TryTakeKind()
    {
        IsKind? kind = Cursor.Current switch
        {
            var t when t.IsWord("null") => IsKind.Null,
            var t when t.IsWord("true") => IsKind.True,
            var t when t.IsWord("false") => IsKind.False,
            var t when t.IsWord("unknown") => IsKind.Unknown,
            var t when t.IsWord("document") => IsKind.Document,
            _ => null,
        };
        if (kind is not null)
        {
            Cursor.Take();
        }

        return kind;
    }

    private IsJson ParseJson(SqlExpression operand)
    {
        var type = JsonItemType.Any;
        if (Cursor.AtAnyWord("value", "array", "object", "scalar"))
        {
            type = Cursor.Take().Text switch
            {
                "value" => JsonItemType.Value,
                "array" => JsonItemType.Array,
                "object" => JsonItemType.Object,
                _ => JsonItemType.Scalar,
            };
        }

        return new IsJson(operand, type, parsers.Json.TakeUniqueKeys() ?? false);
    }

    private IsNormalized ParseNormalized(SqlExpression operand)
    {
        var form = parsers.Special.TryTakeUnicodeForm();
        Cursor.ExpectWords(Construct, "normalized");
        return new IsNormalized(operand, form);
    }
}
