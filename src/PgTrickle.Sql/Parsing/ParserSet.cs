using PgTrickle.Sql.Lexing;

namespace PgTrickle.Sql.Parsing;

/// <summary>The parsers of the parts of the grammar, which call each other, about one cursor.</summary>
internal sealed class ParserSet
{
    public ParserSet(string text, SqlParseOptions options)
    {
        Cursor = new TokenCursor(SqlLexer.Tokenize(text), options);
        Types = new TypeParser(this);
        Expressions = new ExpressionParser(this);
        Primaries = new PrimaryParser(this);
        Calls = new CallParser(this);
        Special = new SpecialFunctionParser(this);
        Json = new JsonParser(this);
        JsonPaths = new JsonPathParser(this);
        Xml = new XmlParser(this);
        Windows = new WindowParser(this);
        Queries = new QueryParser(this);
        Selects = new SelectParser(this);
        From = new FromParser(this);
        CommonTables = new CommonTableExpressionParser(this);
    }

    public TokenCursor Cursor { get; }

    public TypeParser Types { get; }

    public ExpressionParser Expressions { get; }

    public PrimaryParser Primaries { get; }

    public CallParser Calls { get; }

    public SpecialFunctionParser Special { get; }

    public JsonParser Json { get; }

    public JsonPathParser JsonPaths { get; }

    public XmlParser Xml { get; }

    public WindowParser Windows { get; }

    public QueryParser Queries { get; }

    public SelectParser Selects { get; }

    public FromParser From { get; }

    public CommonTableExpressionParser CommonTables { get; }
}
