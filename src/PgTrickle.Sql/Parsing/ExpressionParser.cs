using PgTrickle.Sql.Lexing;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Parsing;

/// <summary>Binding strengths, weakest first, as in PostgreSQL's grammar.</summary>
internal enum Precedence
{
    Lowest,
    Or,
    And,
    Not,
    Is,
    Comparison,
    In,
    Operator,
    Sum,
    Product,
    Power,
    At,
    Collate,
    Sign,
    Cast,
}

/// <summary>Reads operators by precedence climbing (Pratt); <see cref="PrimaryParser"/> reads what they stand between.</summary>
internal sealed class ExpressionParser(ParserSet parsers)
{
    private const string Construct = "an expression";

    private TokenCursor Cursor => parsers.Cursor;

    public SqlExpression Parse() => Parse(Precedence.Lowest);

    /// <summary>Reads an expression whose operators all bind tighter than <paramref name="outer"/>.</summary>
    public SqlExpression Parse(Precedence outer)
    {
        using var level = Cursor.Enter();
        return ParseAfter(ParsePrefix(), outer);
    }

    /// <summary>Goes on with the operators that follow <paramref name="left"/>.</summary>
    public SqlExpression ParseAfter(SqlExpression left, Precedence outer)
    {
        var levels = 0;
        try
        {
            while (TryParseOperator(left, outer) is { } next)
            {
                // A chain a + b + c is as deep a tree as nested parentheses are.
                left = next;
                levels++;
                _ = Cursor.Enter();
            }
        }
        finally
        {
            Cursor.Leave(levels);
        }

        return left;
    }

    /// <summary>Reads <c>OPERATOR(schema.symbol)</c> or a bare operator.</summary>
    public OperatorName TakeOperator()
    {
        if (Cursor.Current.Kind == SqlTokenKind.Operator)
        {
            return new OperatorName(null, Cursor.Take().Text);
        }

        Cursor.ExpectWords("OPERATOR", "operator");
        Cursor.ExpectSymbol("OPERATOR", "(");
        SqlIdentifier? schema = null;
        if (Cursor.Current.Kind != SqlTokenKind.Operator)
        {
            schema = Cursor.TakeColumnName("OPERATOR");
            Cursor.ExpectSymbol("OPERATOR", ".");
        }

        if (Cursor.Current.Kind != SqlTokenKind.Operator)
        {
            throw Cursor.Unexpected("OPERATOR", "an operator");
        }

        var symbol = Cursor.Take().Text;
        Cursor.ExpectSymbol("OPERATOR", ")");
        return new OperatorName(schema, symbol);
    }

    private bool AtOperator => Cursor.Current.Kind == SqlTokenKind.Operator || (Cursor.AtWord("operator") && Cursor.Peek().IsPunctuation("("));

    private SqlExpression ParsePrefix()
    {
        if (Cursor.TryTakeWords("not"))
        {
            return new NotExpression(Parse(Precedence.Not));
        }

        if (!AtOperator)
        {
            return parsers.Primaries.Parse();
        }

        var isSign = Cursor.AtOperator("+") || Cursor.AtOperator("-");
        var name = TakeOperator();
        return new UnaryExpression(name, Parse(isSign ? Precedence.Sign : Precedence.Operator));
    }

    /// <summary>The expression with one more operator applied to it, or null if the next token is none that binds tightly enough.</summary>
    private SqlExpression? TryParseOperator(SqlExpression left, Precedence outer)
    {
        if (AtOperator)
        {
            return TryParseBinary(left, outer);
        }

        if (Cursor.AtSymbol("::"))
        {
            Cursor.Take();
            return new Cast(left, parsers.Types.Parse());
        }

        if (Cursor.Current.Kind != SqlTokenKind.Word)
        {
            return null;
        }

        return Cursor.Current.Text switch
        {
            "and" when outer < Precedence.And => ParseLogical(left, LogicalKind.And, "and", Precedence.And),
            "or" when outer < Precedence.Or => ParseLogical(left, LogicalKind.Or, "or", Precedence.Or),
            "is" when outer < Precedence.Is => new IsParser(parsers).Parse(left),
            "in" when outer < Precedence.In => ParseIn(left),
            "overlaps" when outer < Precedence.Operator => ParseOverlaps(left),
            "at" when outer < Precedence.At => ParseAt(left),
            "collate" when outer < Precedence.Collate => ParseCollate(left),
            "between" or "like" or "ilike" or "isnull" or "notnull"
                => throw Cursor.Error(Construct, $"{Cursor.Current.Text.ToUpperInvariant()} isn't part of canonical text."),
            _ => null,
        };
    }

    private static Precedence PrecedenceOf(OperatorName name) => name is { Schema: not null } ? Precedence.Operator : name.Symbol switch
    {
        "<" or ">" or "=" or "<=" or ">=" or "<>" => Precedence.Comparison,
        "+" or "-" => Precedence.Sum,
        "*" or "/" or "%" => Precedence.Product,
        "^" => Precedence.Power,
        _ => Precedence.Operator,
    };

    private SqlExpression? TryParseBinary(SqlExpression left, Precedence outer)
    {
        var isBare = Cursor.Current.Kind == SqlTokenKind.Operator;
        var precedence = isBare ? PrecedenceOf(new OperatorName(null, Cursor.Current.Text)) : Precedence.Operator;
        if (precedence <= outer)
        {
            return null;
        }

        var name = TakeOperator();
        if (Cursor.AtAnyWord("any", "some", "all") && Cursor.Peek().IsPunctuation("("))
        {
            return ParseQuantified(left, name);
        }

        return new BinaryExpression(left, name, Parse(precedence));
    }

    private SqlExpression ParseQuantified(SqlExpression left, OperatorName name)
    {
        var quantifier = Cursor.Take().Text == "all" ? Quantifier.All : Quantifier.Any;
        var content = parsers.Primaries.ParseParentheses();
        return content switch
        {
            { Query: { } query } => new SubqueryComparison(left, name, quantifier, query),
            _ => new ArrayComparison(left, name, quantifier, content.Single(Cursor)),
        };
    }

    private LogicalExpression ParseLogical(SqlExpression left, LogicalKind kind, string keyword, Precedence precedence)
    {
        var operands = new List<SqlExpression> { left };
        while (Cursor.TryTakeWords(keyword))
        {
            operands.Add(Parse(precedence));
        }

        return new LogicalExpression(kind, operands.ToSyntaxList());
    }

    private InSubquery ParseIn(SqlExpression left)
    {
        Cursor.Take();
        return parsers.Primaries.ParseParentheses().Query is { } query
            ? new InSubquery(left, query)
            : throw Cursor.Error("IN", "IN with a list isn't part of canonical text.");
    }

    private OverlapsExpression ParseOverlaps(SqlExpression left)
    {
        var position = Cursor.Position;
        Cursor.Take();
        return left is RowConstructor leftRow && Parse(Precedence.Operator) is RowConstructor rightRow
            ? new OverlapsExpression(leftRow, rightRow)
            : throw new SqlParseException("OVERLAPS", "OVERLAPS needs a row on both sides.", position);
    }

    private AtTimeZone ParseAt(SqlExpression left)
    {
        Cursor.Take();
        if (Cursor.TryTakeWords("local"))
        {
            return new AtTimeZone(left, null);
        }

        Cursor.ExpectWords("AT TIME ZONE", "time", "zone");
        return new AtTimeZone(left, Parse(Precedence.At));
    }

    private Collate ParseCollate(SqlExpression left)
    {
        Cursor.Take();
        return new Collate(left, Cursor.TakeQualifiedName("COLLATE"));
    }
}
