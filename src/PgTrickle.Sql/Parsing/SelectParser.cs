using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Parsing;

/// <summary>Reads SELECT from its keyword up to the WINDOW clause.</summary>
internal sealed class SelectParser(ParserSet parsers)
{
    private const string Construct = "SELECT";

    private TokenCursor Cursor => parsers.Cursor;

    public SelectBody Parse()
    {
        Cursor.ExpectWords(Construct, "select");
        var distinct = TryParseDistinct();
        var targets = AtTarget ? Cursor.TakeList(ParseTarget) : [];
        return new SelectBody(targets)
        {
            Distinct = distinct,
            From = Cursor.TryTakeWords("from") ? Cursor.TakeList(parsers.From.Parse) : [],
            Where = Cursor.TryTakeWords("where") ? parsers.Expressions.Parse() : null,
            GroupBy = TryParseGroupBy(),
            Having = Cursor.TryTakeWords("having") ? parsers.Expressions.Parse() : null,
            Windows = Cursor.TryTakeWords("window") ? Cursor.TakeList(parsers.Windows.ParseDefinition) : [],
        };
    }

    /// <summary>Whether the select list, which may be empty, has an entry.</summary>
    private bool AtTarget => Cursor.Current.Kind != Lexing.SqlTokenKind.End && !Cursor.AtSymbol(")") && !Cursor.AtSymbol(";")
        && !Cursor.AtAnyWord("from", "where", "group", "having", "window", "union", "intersect", "except", "order", "limit", "offset", "fetch", "for");

    private DistinctClause? TryParseDistinct()
    {
        if (!Cursor.TryTakeWords("distinct"))
        {
            return null;
        }

        return new DistinctClause(Cursor.TryTakeWords("on") ? parsers.Primaries.ParseListInParentheses("DISTINCT ON") : []);
    }

    private SelectTarget ParseTarget()
    {
        if (Cursor.AtOperator("*"))
        {
            Cursor.Take();
            return new SelectTarget(new AllColumns());
        }

        var expression = parsers.Expressions.Parse();
        return new SelectTarget(expression, Cursor.TryTakeWords("as") ? Cursor.TakeLabel(Construct) : null);
    }

    private GroupByClause? TryParseGroupBy()
    {
        if (!Cursor.TryTakeWords("group", "by"))
        {
            return null;
        }

        var distinct = Cursor.TryTakeWords("distinct");
        return new GroupByClause(Cursor.TakeList(ParseGroupingElement), distinct);
    }

    private GroupingElement ParseGroupingElement()
    {
        using var level = Cursor.Enter();
        if (Cursor.TryTakeWords("grouping", "sets"))
        {
            return ParseGroupingSets(GroupingSetsKind.Sets);
        }

        if (Cursor.Peek().IsPunctuation("(") && Cursor.AtAnyWord("rollup", "cube"))
        {
            return ParseGroupingSets(Cursor.Take().Text == "rollup" ? GroupingSetsKind.Rollup : GroupingSetsKind.Cube);
        }

        if (Cursor.AtSymbol("(") && Cursor.Peek().IsPunctuation(")"))
        {
            Cursor.Take();
            Cursor.Take();
            return new GroupingExpressions([]);
        }

        // (a, b) reads like a row.
        var expression = parsers.Expressions.Parse();
        return new GroupingExpressions(expression is RowConstructor { Explicit: false } row ? row.Elements : [expression]);
    }

    private GroupingSets ParseGroupingSets(GroupingSetsKind kind)
    {
        Cursor.ExpectSymbol("GROUP BY", "(");
        var elements = Cursor.TakeList(ParseGroupingElement);
        Cursor.ExpectSymbol("GROUP BY", ")");
        return new GroupingSets(kind, elements);
    }
}
