using PgTrickle.Sql.Lexing;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Parsing;

/// <summary>Reads WITH.</summary>
internal sealed class CommonTableExpressionParser(ParserSet parsers)
{
    private const string Construct = "WITH";

    private TokenCursor Cursor => parsers.Cursor;

    public WithClause Parse()
    {
        Cursor.ExpectWords(Construct, "with");
        var recursive = Cursor.TryTakeWords("recursive");
        return new WithClause(Cursor.TakeList(ParseTable), recursive);
    }

    private CommonTableExpression ParseTable()
    {
        var name = Cursor.TakeColumnName(Construct);
        var columns = Cursor.AtSymbol("(") ? Cursor.TakeNames(Construct) : [];
        Cursor.ExpectWords(Construct, "as");
        bool? materialized = Cursor.TryTakeWords("materialized") ? true : Cursor.TryTakeWords("not", "materialized") ? false : null;
        return new CommonTableExpression(name, parsers.Primaries.ParseSubquery(Construct))
        {
            Columns = columns,
            Materialized = materialized,
            Search = TryParseSearch(),
            Cycle = TryParseCycle(),
        };
    }

    private SearchClause? TryParseSearch()
    {
        const string Search = "SEARCH";
        if (!Cursor.TryTakeWords("search"))
        {
            return null;
        }

        var breadth = Cursor.TryTakeWords("breadth");
        if (!breadth)
        {
            Cursor.ExpectWords(Search, "depth");
        }

        Cursor.ExpectWords(Search, "first", "by");
        var columns = Cursor.TakeList(() => Cursor.TakeColumnName(Search));
        Cursor.ExpectWords(Search, "set");
        return new SearchClause(breadth, columns, Cursor.TakeColumnName(Search));
    }

    private CycleClause? TryParseCycle()
    {
        const string Cycle = "CYCLE";
        if (!Cursor.TryTakeWords("cycle"))
        {
            return null;
        }

        var columns = Cursor.TakeList(() => Cursor.TakeColumnName(Cycle));
        Cursor.ExpectWords(Cycle, "set");
        var mark = Cursor.TakeColumnName(Cycle);
        SqlExpression? value = null;
        SqlExpression? other = null;
        if (Cursor.TryTakeWords("to"))
        {
            value = ParseConstant();
            Cursor.ExpectWords(Cycle, "default");
            other = ParseConstant();
        }

        Cursor.ExpectWords(Cycle, "using");
        return new CycleClause(columns, mark, Cursor.TakeColumnName(Cycle)) { MarkValue = value, MarkDefault = other };
    }

    /// <summary>PostgreSQL prints <c>'text'::type</c> but reads <c>type 'text'</c>, which our printer writes; both are taken.</summary>
    private SqlExpression ParseConstant()
    {
        if (Cursor.Current.Kind is not (SqlTokenKind.Word or SqlTokenKind.QuotedName) || Cursor.AtAnyWord("true", "false", "null"))
        {
            return parsers.Expressions.Parse();
        }

        var type = parsers.Types.Parse();
        return Cursor.Current.Kind == SqlTokenKind.String
            ? new Cast(SqlFactory.String(Cursor.Take().Text), type)
            : throw Cursor.Unexpected("CYCLE", "a constant");
    }
}
