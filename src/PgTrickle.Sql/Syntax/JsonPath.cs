namespace PgTrickle.Sql.Syntax;

/// <summary>What a JSON query does when it finds nothing or fails.</summary>
public enum JsonBehaviorKind
{
    /// <summary>ERROR.</summary>
    Error,

    /// <summary>NULL.</summary>
    Null,

    /// <summary>TRUE.</summary>
    True,

    /// <summary>FALSE.</summary>
    False,

    /// <summary>UNKNOWN.</summary>
    Unknown,

    /// <summary>EMPTY, of JSON_TABLE.</summary>
    Empty,

    /// <summary>EMPTY ARRAY.</summary>
    EmptyArray,

    /// <summary>EMPTY OBJECT.</summary>
    EmptyObject,

    /// <summary>DEFAULT expression.</summary>
    Default,
}

/// <summary>A behaviour, with its expression if it is DEFAULT.</summary>
public sealed record JsonBehavior(JsonBehaviorKind Kind, SqlExpression? Default = null) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Default = c.Visit(n.Default) });
}

/// <summary>Whether results are wrapped in an array.</summary>
public enum JsonWrapper
{
    /// <summary>Says nothing.</summary>
    Unspecified,

    /// <summary>WITHOUT WRAPPER.</summary>
    Without,

    /// <summary>WITH CONDITIONAL WRAPPER.</summary>
    Conditional,

    /// <summary>WITH UNCONDITIONAL WRAPPER.</summary>
    Unconditional,
}

/// <summary>Whether a scalar string keeps its quotes.</summary>
public enum JsonQuotes
{
    /// <summary>Says nothing.</summary>
    Unspecified,

    /// <summary>KEEP QUOTES.</summary>
    Keep,

    /// <summary>OMIT QUOTES.</summary>
    Omit,
}

/// <summary>What a JSON query function yields.</summary>
public enum JsonQueryKind
{
    /// <summary>JSON_EXISTS.</summary>
    Exists,

    /// <summary>JSON_VALUE.</summary>
    Value,

    /// <summary>JSON_QUERY.</summary>
    Query,
}

/// <summary><c>value AS name</c> in PASSING.</summary>
public sealed record JsonPassing(JsonValue Value, SqlIdentifier Name) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Value = c.Visit(n.Value) });
}

/// <summary>How results of a path become SQL values; shared by the query functions and the columns of JSON_TABLE.</summary>
public sealed record JsonOutput : SqlNode
{
    /// <summary>WRAPPER.</summary>
    public JsonWrapper Wrapper { get; init; }

    /// <summary>QUOTES.</summary>
    public JsonQuotes Quotes { get; init; }

    /// <summary>ON EMPTY.</summary>
    public JsonBehavior? OnEmpty { get; init; }

    /// <summary>ON ERROR.</summary>
    public JsonBehavior? OnError { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { OnEmpty = c.Visit(n.OnEmpty), OnError = c.Visit(n.OnError) });
}

/// <summary><c>JSON_EXISTS</c>, <c>JSON_VALUE</c> or <c>JSON_QUERY</c> (since 17).</summary>
public sealed record JsonQueryFunction(JsonQueryKind Kind, JsonValue Context, SqlExpression Path, JsonOutput Output) : JsonExpression
{
    /// <summary>PASSING.</summary>
    public SyntaxList<JsonPassing> Passing { get; init; }

    /// <summary>RETURNING.</summary>
    public JsonReturning? Returning { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (n, c) => n with
    {
        Context = c.Visit(n.Context),
        Path = c.Visit(n.Path),
        Passing = c.Visit(n.Passing),
        Returning = c.Visit(n.Returning),
        Output = c.Visit(n.Output),
    });
}

/// <summary>A column of JSON_TABLE.</summary>
public abstract record JsonTableColumn : SqlNode;

/// <summary><c>name FOR ORDINALITY</c>.</summary>
public sealed record JsonOrdinalityColumn(SqlIdentifier Name) : JsonTableColumn
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => this;
}

/// <summary><c>name type FORMAT JSON PATH path ...</c>.</summary>
public sealed record JsonValueColumn(SqlIdentifier Name, TypeName Type, JsonOutput Output) : JsonTableColumn
{
    /// <summary>FORMAT JSON.</summary>
    public JsonFormat? Format { get; init; }

    /// <summary>PATH.</summary>
    public SqlExpression? Path { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (n, c) => n with
    {
        Type = c.Visit(n.Type),
        Path = c.Visit(n.Path),
        Output = c.Visit(n.Output),
    });
}

/// <summary><c>name type EXISTS PATH path ... ON ERROR</c>.</summary>
public sealed record JsonExistsColumn(SqlIdentifier Name, TypeName Type, SqlExpression? Path, JsonBehavior? OnError) : JsonTableColumn
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (n, c) => n with
    {
        Type = c.Visit(n.Type),
        Path = c.Visit(n.Path),
        OnError = c.Visit(n.OnError),
    });
}

/// <summary><c>NESTED PATH path AS name COLUMNS (...)</c>.</summary>
public sealed record JsonNestedColumns(SqlExpression Path, SqlIdentifier? PathName, SyntaxList<JsonTableColumn> Columns) : JsonTableColumn
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Path = c.Visit(n.Path), Columns = c.Visit(n.Columns) });
}

/// <summary><c>JSON_TABLE(context, path AS name PASSING ... COLUMNS (...) ... ON ERROR)</c> (since 17).</summary>
public sealed record JsonTable(JsonValue Context, SqlExpression Path, SyntaxList<JsonTableColumn> Columns) : FromItem
{
    /// <summary>The name of the row path.</summary>
    public SqlIdentifier? PathName { get; init; }

    /// <summary>PASSING.</summary>
    public SyntaxList<JsonPassing> Passing { get; init; }

    /// <summary>ON ERROR.</summary>
    public JsonBehavior? OnError { get; init; }

    /// <summary>LATERAL.</summary>
    public bool Lateral { get; init; }

    /// <summary>The alias.</summary>
    public TableAlias? Alias { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (n, c) => n with
    {
        Context = c.Visit(n.Context),
        Path = c.Visit(n.Path),
        Passing = c.Visit(n.Passing),
        Columns = c.Visit(n.Columns),
        OnError = c.Visit(n.OnError),
    });
}
