using PgTrickle.Sql.Lexing;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Parsing;

/// <summary>What stood in parentheses: a query, one expression, or a row of several.</summary>
internal readonly record struct Parenthesized(Query? Query, SyntaxList<SqlExpression> Expressions)
{
    /// <summary>The only expression.</summary>
    public SqlExpression Single(TokenCursor cursor)
        => Expressions.Count == 1 ? Expressions[0] : throw cursor.Error("parentheses", "One expression was expected in the parentheses.");

    /// <summary>The content as a value.</summary>
    public SqlExpression Value => Query is not null
        ? new SubqueryExpression(SubqueryKind.Scalar, Query)
        : Expressions.Count == 1 ? Expressions[0] : new RowConstructor(Expressions, Explicit: false);
}

/// <summary>Reads what operators stand between: constants, names, calls, parentheses, subqueries.</summary>
internal sealed class PrimaryParser(ParserSet parsers)
{
    private const string Construct = "an expression";

    private TokenCursor Cursor => parsers.Cursor;

    public SqlExpression Parse()
    {
        switch (Cursor.Current.Kind)
        {
            case SqlTokenKind.String:
                return new Literal(LiteralKind.String, Cursor.Take().Text);
            case SqlTokenKind.Number:
                return new Literal(LiteralKind.Number, Cursor.Take().Text);
            case SqlTokenKind.BitString:
                return new Literal(LiteralKind.BitString, Cursor.Take().Text);
            case SqlTokenKind.HexString:
                return new Literal(LiteralKind.HexString, Cursor.Take().Text);
            case SqlTokenKind.Parameter:
                return ParseIndirection(ParseParameter());
            case SqlTokenKind.QuotedName:
                return ParseName();
            case SqlTokenKind.Word:
                return TryParseKeyword() ?? parsers.Special.TryParse() ?? parsers.Json.TryParse() ?? parsers.Xml.TryParse() ?? ParseName();
            case SqlTokenKind.Punctuation when Cursor.AtSymbol("("):
                return ParseIndirection(ParseParentheses().Value);
            default:
                throw Cursor.Unexpected(Construct, "a value");
        }
    }

    /// <summary>Reads <c>(query)</c>, <c>(expression)</c> or <c>(expression, ...)</c>, which start alike however many parentheses there are.</summary>
    public Parenthesized ParseParentheses()
    {
        using var level = Cursor.Enter();
        Cursor.ExpectSymbol("parentheses", "(");
        var content = ParseParenthesizedContent();
        Cursor.ExpectSymbol("parentheses", ")");
        return content;
    }

    /// <summary>Reads <c>(query)</c>.</summary>
    public Query ParseSubquery(string construct)
    {
        var position = Cursor.Position;
        return ParseParentheses().Query ?? throw new SqlParseException(construct, $"{construct} needs a query.", position);
    }

    /// <summary>Reads expressions with commas between them.</summary>
    public SyntaxList<SqlExpression> ParseList() => Cursor.TakeList(parsers.Expressions.Parse);

    /// <summary>Reads <c>(expression, ...)</c>, which may be empty.</summary>
    public SyntaxList<SqlExpression> ParseListInParentheses(string construct)
    {
        Cursor.ExpectSymbol(construct, "(");
        if (Cursor.TryTakeSymbol(")"))
        {
            return [];
        }

        var list = ParseList();
        Cursor.ExpectSymbol(construct, ")");
        return list;
    }

    private Parenthesized ParseParenthesizedContent()
    {
        if (parsers.Queries.AtQueryStart)
        {
            return new Parenthesized(parsers.Queries.ParseQuery(), []);
        }

        if (!Cursor.AtSymbol("("))
        {
            return new Parenthesized(null, ParseList());
        }

        var inner = ParseParentheses();
        if (inner.Query is { } query && parsers.Queries.ParseAfterParentheses(query) is { } whole)
        {
            return new Parenthesized(whole, []);
        }

        var first = parsers.Expressions.ParseAfter(ParseIndirection(inner.Value), Precedence.Lowest);
        return new Parenthesized(null, Cursor.TryTakeSymbol(",") ? [first, .. ParseList()] : [first]);
    }

    private Parameter ParseParameter()
    {
        var token = Cursor.Take();
        return int.TryParse(token.Text, out var number) && number > 0
            ? new Parameter(number)
            : throw new SqlParseException("parameter", $"There is no parameter ${token.Text}.", token.Position);
    }

    private SqlExpression? TryParseKeyword()
    {
        switch (Cursor.Current.Text)
        {
            case "null":
                Cursor.Take();
                return SqlFactory.Null;
            case "true":
                Cursor.Take();
                return SqlFactory.True;
            case "false":
                Cursor.Take();
                return SqlFactory.False;
            case "case":
                return ParseCase();
            case "exists" when Cursor.Peek().IsPunctuation("("):
                Cursor.Take();
                return new SubqueryExpression(SubqueryKind.Exists, ParseSubquery("EXISTS"));
            case "array":
                Cursor.Take();
                return Cursor.AtSymbol("(") ? new SubqueryExpression(SubqueryKind.Array, ParseSubquery("ARRAY")) : ParseArray();
            case "row" when Cursor.Peek().IsPunctuation("("):
                Cursor.Take();
                return new RowConstructor(ParseListInParentheses("ROW"));
            default:
                return null;
        }
    }

    private ArrayConstructor ParseArray()
    {
        // Inner dimensions may leave out the word ARRAY.
        using var level = Cursor.Enter();
        Cursor.ExpectSymbol("ARRAY", "[");
        if (Cursor.TryTakeSymbol("]"))
        {
            return new ArrayConstructor([]);
        }

        var elements = Cursor.AtSymbol("[") ? Cursor.TakeList<SqlExpression>(ParseArray) : ParseList();
        Cursor.ExpectSymbol("ARRAY", "]");
        return new ArrayConstructor(elements);
    }

    private CaseExpression ParseCase()
    {
        const string Case = "CASE";
        Cursor.Take();
        var operand = Cursor.AtWord("when") ? null : parsers.Expressions.Parse();
        var branches = new List<CaseBranch>();
        while (Cursor.TryTakeWords("when"))
        {
            var condition = parsers.Expressions.Parse();
            Cursor.ExpectWords(Case, "then");
            branches.Add(new CaseBranch(condition, parsers.Expressions.Parse()));
        }

        if (branches.Count == 0)
        {
            throw Cursor.Unexpected(Case, "WHEN");
        }

        var otherwise = Cursor.TryTakeWords("else") ? parsers.Expressions.Parse() : null;
        Cursor.ExpectWords(Case, "end");
        return new CaseExpression(operand, branches.ToSyntaxList(), otherwise);
    }

    /// <summary>Reads a column, a whole row or a call.</summary>
    private SqlExpression ParseName()
    {
        // Which words may stand here depends on what follows: a call or a column.
        var isCall = Cursor.Peek().IsPunctuation("(");
        var first = isCall ? Cursor.TakeFunctionName(Construct) : Cursor.TakeColumnName(Construct);
        if (isCall)
        {
            return parsers.Calls.Parse(new QualifiedName(first));
        }

        if (!Cursor.AtSymbol("."))
        {
            return ParseIndirection(new ColumnReference(null, first));
        }

        Cursor.Take();
        if (Cursor.AtOperator("*"))
        {
            Cursor.Take();
            return new WholeRowReference(first);
        }

        var second = Cursor.TakeLabel(Construct);
        if (Cursor.AtSymbol("("))
        {
            return parsers.Calls.Parse(new QualifiedName(first, second));
        }

        return Cursor.AtSymbol(".")
            ? throw Cursor.Error(Construct, "Canonical text qualifies columns by one name only.")
            : ParseIndirection(new ColumnReference(first, second));
    }

    /// <summary>Reads the subscripts and fields that follow a value.</summary>
    private SqlExpression ParseIndirection(SqlExpression operand)
    {
        var levels = 0;
        try
        {
            while (Cursor.AtSymbol("[") || Cursor.AtSymbol("."))
            {
                operand = Cursor.AtSymbol("[") ? new SubscriptExpression(operand, ParseSubscripts()) : ParseField(operand);
                levels++;
                _ = Cursor.Enter();
            }
        }
        finally
        {
            Cursor.Leave(levels);
        }

        return operand;
    }

    private SqlExpression ParseField(SqlExpression operand)
    {
        Cursor.Take();
        if (Cursor.AtOperator("*"))
        {
            Cursor.Take();
            return new FieldExpansion(operand);
        }

        return new FieldSelection(operand, Cursor.TakeLabel("a field"));
    }

    private SyntaxList<Subscript> ParseSubscripts()
    {
        var subscripts = new List<Subscript>();
        while (Cursor.TryTakeSymbol("["))
        {
            var lower = Cursor.AtSymbol(":") ? null : parsers.Expressions.Parse();
            if (Cursor.TryTakeSymbol(":"))
            {
                var upper = Cursor.AtSymbol("]") ? null : parsers.Expressions.Parse();
                subscripts.Add(new Subscript(IsSlice: true, lower, upper));
            }
            else
            {
                subscripts.Add(new Subscript(IsSlice: false, null, lower));
            }

            Cursor.ExpectSymbol("a subscript", "]");
        }

        return subscripts.ToSyntaxList();
    }
}
