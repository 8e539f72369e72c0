using PgTrickle.Sql.Lexing;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Parsing;

/// <summary>Reads the arguments of a call and all that may follow them.</summary>
internal sealed class CallParser(ParserSet parsers)
{
    private const string Construct = "a call";

    private TokenCursor Cursor => parsers.Cursor;

    /// <summary>Reads a call from the parenthesis after its name.</summary>
    public FunctionCall Parse(QualifiedName name)
    {
        using var level = Cursor.Enter();
        Cursor.ExpectSymbol(Construct, "(");
        var call = new FunctionCall(name, []);
        if (Cursor.AtOperator("*") && Cursor.Peek().IsPunctuation(")"))
        {
            Cursor.Take();
            call = call with { Star = true };
        }
        else if (!Cursor.AtSymbol(")"))
        {
            var distinct = Cursor.TryTakeWords("distinct");
            call = call with { Distinct = distinct, Arguments = Cursor.TakeList(ParseArgument) };
            call = call with { OrderBy = parsers.Windows.TryParseOrderBy() };
        }

        Cursor.ExpectSymbol(Construct, ")");
        return ParseSuffixes(call);
    }

    /// <summary>Reads <c>FILTER (WHERE ...)</c> if it comes next.</summary>
    public SqlExpression? TryParseFilter()
    {
        if (!(Cursor.AtWord("filter") && Cursor.Peek().IsPunctuation("(")))
        {
            return null;
        }

        Cursor.Take();
        Cursor.ExpectSymbol("FILTER", "(");
        Cursor.ExpectWords("FILTER", "where");
        var filter = parsers.Expressions.Parse();
        Cursor.ExpectSymbol("FILTER", ")");
        return filter;
    }

    private FunctionCall ParseSuffixes(FunctionCall call)
    {
        SyntaxList<OrderItem> withinGroup = [];
        if (Cursor.TryTakeWords("within", "group"))
        {
            Cursor.ExpectSymbol("WITHIN GROUP", "(");
            withinGroup = parsers.Windows.TryParseOrderBy();
            Cursor.ExpectSymbol("WITHIN GROUP", ")");
        }

        return call with { WithinGroup = withinGroup, Filter = TryParseFilter(), Over = parsers.Windows.TryParseOver() };
    }

    private FunctionArgument ParseArgument()
    {
        var variadic = Cursor.TryTakeWords("variadic");
        SqlIdentifier? name = null;
        if (Cursor.Current.Kind is SqlTokenKind.Word or SqlTokenKind.QuotedName && Cursor.Peek() is var next
            && (next.IsPunctuation("=>") || next.IsPunctuation(":=")))
        {
            name = Cursor.TakeLabel(Construct);
            Cursor.Take();
        }

        return new FunctionArgument(parsers.Expressions.Parse(), name, variadic);
    }
}
