namespace PgTrickle.Sql.Syntax;

/// <summary>A function of SQL/JSON.</summary>
public abstract record JsonExpression : SqlExpression;

/// <summary><c>FORMAT JSON [ENCODING encoding]</c>.</summary>
public sealed record JsonFormat(SqlIdentifier? Encoding = null);

/// <summary><c>value FORMAT JSON</c>: an operand of the SQL/JSON functions.</summary>
public sealed record JsonValue(SqlExpression Expression, JsonFormat? Format = null) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Expression = c.Visit(n.Expression) });
}

/// <summary><c>RETURNING type FORMAT JSON</c>.</summary>
public sealed record JsonReturning(TypeName Type, JsonFormat? Format = null) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Type = c.Visit(n.Type) });
}

/// <summary><c>key : value</c>.</summary>
public sealed record JsonEntry(SqlExpression Key, JsonValue Value) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Key = c.Visit(n.Key), Value = c.Visit(n.Value) });
}

/// <summary>What a JSON constructor does with NULL values.</summary>
public enum JsonNulls
{
    /// <summary>Says nothing: the function's default.</summary>
    Unspecified,

    /// <summary>NULL ON NULL.</summary>
    Null,

    /// <summary>ABSENT ON NULL.</summary>
    Absent,
}

/// <summary>What JSON text has to be for <c>IS JSON</c>.</summary>
public enum JsonItemType
{
    /// <summary>Any JSON.</summary>
    Any,

    /// <summary>VALUE, which means the same as <see cref="Any"/>.</summary>
    Value,

    /// <summary>ARRAY.</summary>
    Array,

    /// <summary>OBJECT.</summary>
    Object,

    /// <summary>SCALAR.</summary>
    Scalar,
}

/// <summary><c>JSON_OBJECT(...)</c> (since 16); UniqueKeys null says nothing about them.</summary>
public sealed record JsonObjectConstructor(SyntaxList<JsonEntry> Entries) : JsonExpression
{
    /// <summary>What becomes of NULL values.</summary>
    public JsonNulls Nulls { get; init; }

    /// <summary>WITH or WITHOUT UNIQUE KEYS.</summary>
    public bool? UniqueKeys { get; init; }

    /// <summary>RETURNING.</summary>
    public JsonReturning? Returning { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Entries = c.Visit(n.Entries), Returning = c.Visit(n.Returning) });
}

/// <summary><c>JSON_ARRAY(...)</c> (since 16).</summary>
public sealed record JsonArrayConstructor(SyntaxList<JsonValue> Elements) : JsonExpression
{
    /// <summary>What becomes of NULL values.</summary>
    public JsonNulls Nulls { get; init; }

    /// <summary>RETURNING.</summary>
    public JsonReturning? Returning { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Elements = c.Visit(n.Elements), Returning = c.Visit(n.Returning) });
}

/// <summary><c>JSON_OBJECTAGG(key : value ...)</c> (since 16).</summary>
public sealed record JsonObjectAggregate(JsonEntry Entry) : JsonExpression
{
    /// <summary>What becomes of NULL values.</summary>
    public JsonNulls Nulls { get; init; }

    /// <summary>WITH or WITHOUT UNIQUE KEYS.</summary>
    public bool? UniqueKeys { get; init; }

    /// <summary>RETURNING.</summary>
    public JsonReturning? Returning { get; init; }

    /// <summary>FILTER (WHERE ...).</summary>
    public SqlExpression? Filter { get; init; }

    /// <summary>OVER ...</summary>
    public WindowReference? Over { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (n, c) => n with
    {
        Entry = c.Visit(n.Entry),
        Returning = c.Visit(n.Returning),
        Filter = c.Visit(n.Filter),
        Over = c.Visit(n.Over),
    });
}

/// <summary><c>JSON_ARRAYAGG(value ORDER BY ...)</c> (since 16).</summary>
public sealed record JsonArrayAggregate(JsonValue Value) : JsonExpression
{
    /// <summary>ORDER BY.</summary>
    public SyntaxList<OrderItem> OrderBy { get; init; }

    /// <summary>What becomes of NULL values.</summary>
    public JsonNulls Nulls { get; init; }

    /// <summary>RETURNING.</summary>
    public JsonReturning? Returning { get; init; }

    /// <summary>FILTER (WHERE ...).</summary>
    public SqlExpression? Filter { get; init; }

    /// <summary>OVER ...</summary>
    public WindowReference? Over { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (n, c) => n with
    {
        Value = c.Visit(n.Value),
        OrderBy = c.Visit(n.OrderBy),
        Returning = c.Visit(n.Returning),
        Filter = c.Visit(n.Filter),
        Over = c.Visit(n.Over),
    });
}

/// <summary><c>operand IS JSON [type] [WITH UNIQUE KEYS]</c> (since 16).</summary>
public sealed record IsJson(SqlExpression Operand, JsonItemType ItemType, bool UniqueKeys) : JsonExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Operand = c.Visit(n.Operand) });
}

/// <summary><c>JSON(value [WITH UNIQUE KEYS])</c> (since 17).</summary>
public sealed record JsonParse(JsonValue Value, bool? UniqueKeys) : JsonExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Value = c.Visit(n.Value) });
}

/// <summary><c>JSON_SCALAR(operand)</c> (since 17).</summary>
public sealed record JsonScalar(SqlExpression Operand) : JsonExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Operand = c.Visit(n.Operand) });
}

/// <summary><c>JSON_SERIALIZE(value RETURNING type)</c> (since 17).</summary>
public sealed record JsonSerialize(JsonValue Value, JsonReturning? Returning) : JsonExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Value = c.Visit(n.Value), Returning = c.Visit(n.Returning) });
}
