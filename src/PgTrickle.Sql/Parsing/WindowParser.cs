using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Parsing;

/// <summary>Reads ORDER BY, OVER and the WINDOW clause.</summary>
internal sealed class WindowParser(ParserSet parsers)
{
    private const string Construct = "a window";

    private TokenCursor Cursor => parsers.Cursor;

    public SyntaxList<OrderItem> TryParseOrderBy() => Cursor.TryTakeWords("order", "by") ? Cursor.TakeList(ParseOrderItem) : [];

    public WindowReference? TryParseOver()
    {
        if (!Cursor.TryTakeWords("over"))
        {
            return null;
        }

        return Cursor.AtSymbol("(") ? ParseSpecification() : new NamedWindow(Cursor.TakeColumnName("OVER"));
    }

    public WindowDefinition ParseDefinition()
    {
        var name = Cursor.TakeColumnName("WINDOW");
        Cursor.ExpectWords("WINDOW", "as");
        return new WindowDefinition(name, ParseSpecification());
    }

    private OrderItem ParseOrderItem()
    {
        var item = new OrderItem(parsers.Expressions.Parse());
        if (Cursor.TryTakeWords("desc"))
        {
            item = item with { Descending = true };
        }
        else if (Cursor.TryTakeWords("using"))
        {
            item = item with { Using = parsers.Expressions.TakeOperator() };
        }
        else
        {
            Cursor.TryTakeWords("asc");
        }

        if (Cursor.TryTakeWords("nulls", "first"))
        {
            return item with { NullsFirst = true };
        }

        return Cursor.TryTakeWords("nulls", "last") ? item with { NullsFirst = false } : item;
    }

    private WindowSpecification ParseSpecification()
    {
        using var level = Cursor.Enter();
        Cursor.ExpectSymbol(Construct, "(");
        var window = new WindowSpecification();
        if (!Cursor.AtSymbol(")") && !Cursor.AtAnyWord("partition", "order", "range", "rows", "groups"))
        {
            window = window with { Base = Cursor.TakeColumnName(Construct) };
        }

        if (Cursor.TryTakeWords("partition", "by"))
        {
            window = window with { PartitionBy = parsers.Primaries.ParseList() };
        }

        window = window with { OrderBy = TryParseOrderBy(), Frame = TryParseFrame() };
        Cursor.ExpectSymbol(Construct, ")");
        return window;
    }

    private WindowFrame? TryParseFrame()
    {
        if (!Cursor.AtAnyWord("range", "rows", "groups"))
        {
            return null;
        }

        var unit = Cursor.Take().Text switch
        {
            "range" => FrameUnit.Range,
            "rows" => FrameUnit.Rows,
            _ => FrameUnit.Groups,
        };
        FrameBound start;
        FrameBound? end = null;
        if (Cursor.TryTakeWords("between"))
        {
            start = ParseBound();
            Cursor.ExpectWords("a window frame", "and");
            end = ParseBound();
        }
        else
        {
            start = ParseBound();
        }

        return new WindowFrame(unit, start, end, ParseExclusion());
    }

    private FrameBound ParseBound()
    {
        if (Cursor.TryTakeWords("unbounded", "preceding"))
        {
            return new FrameBound(FrameBoundKind.UnboundedPreceding);
        }

        if (Cursor.TryTakeWords("unbounded", "following"))
        {
            return new FrameBound(FrameBoundKind.UnboundedFollowing);
        }

        if (Cursor.TryTakeWords("current", "row"))
        {
            return new FrameBound(FrameBoundKind.CurrentRow);
        }

        // AND would be taken for the operator otherwise.
        var offset = parsers.Expressions.Parse(Precedence.And);
        if (Cursor.TryTakeWords("preceding"))
        {
            return new FrameBound(FrameBoundKind.Preceding, offset);
        }

        Cursor.ExpectWords("a window frame", "following");
        return new FrameBound(FrameBoundKind.Following, offset);
    }

    private FrameExclusion ParseExclusion()
    {
        if (!Cursor.TryTakeWords("exclude"))
        {
            return FrameExclusion.NoOthers;
        }

        if (Cursor.TryTakeWords("current", "row"))
        {
            return FrameExclusion.CurrentRow;
        }

        if (Cursor.TryTakeWords("group"))
        {
            return FrameExclusion.Group;
        }

        if (Cursor.TryTakeWords("ties"))
        {
            return FrameExclusion.Ties;
        }

        Cursor.ExpectWords("EXCLUDE", "no", "others");
        return FrameExclusion.NoOthers;
    }
}
