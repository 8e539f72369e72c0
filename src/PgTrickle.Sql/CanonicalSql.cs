using PgTrickle.Sql.Lexing;
using PgTrickle.Sql.Parsing;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql;

/// <summary>
/// Reads the canonical text of queries: what <c>pg_get_viewdef(oid, false)</c> of PostgreSQL 15 to 18 prints under an empty search path, and what
/// <see cref="Printing.SqlPrinter"/> makes of its trees. It is no parser of what people write: PostgreSQL has done that already.
/// </summary>
public static class CanonicalSql
{
    /// <summary>Reads a query; one semicolon may end it.</summary>
    /// <exception cref="SqlParseException">The text isn't canonical.</exception>
    /// <exception cref="SqlNestingException">The text is nested too deeply.</exception>
    public static Query ParseQuery(string text, SqlParseOptions? options = null)
        => Parse(text, options, "query", static p =>
        {
            var query = p.Queries.ParseQuery();
            p.Cursor.TryTakeSymbol(";");
            return query;
        });

    /// <summary>Reads an expression, for instance of <c>pg_get_expr</c>.</summary>
    /// <exception cref="SqlParseException">The text isn't canonical.</exception>
    /// <exception cref="SqlNestingException">The text is nested too deeply.</exception>
    public static SqlExpression ParseExpression(string text, SqlParseOptions? options = null)
        => Parse(text, options, "expression", static p => p.Expressions.Parse());

    /// <summary>Reads a type as <c>format_type</c> prints it.</summary>
    /// <exception cref="SqlParseException">The text is no type.</exception>
    public static TypeName ParseType(string text) => Parse(text, null, "type", static p => p.Types.Parse());

    private static T Parse<T>(string text, SqlParseOptions? options, string construct, Func<ParserSet, T> parse)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parsers = new ParserSet(text, options ?? SqlParseOptions.Default);
        var result = parse(parsers);
        return parsers.Cursor.Current.Kind == SqlTokenKind.End ? result : throw parsers.Cursor.Unexpected(construct, "the end of the text");
    }
}
