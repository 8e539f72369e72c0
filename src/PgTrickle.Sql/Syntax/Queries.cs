namespace PgTrickle.Sql.Syntax;

/// <summary>A complete query: a body, and the clauses that apply to its result.</summary>
public sealed record Query(QueryBody Body) : SqlStatement
{
    /// <summary>WITH.</summary>
    public WithClause? With { get; init; }

    /// <summary>ORDER BY.</summary>
    public SyntaxList<OrderItem> OrderBy { get; init; }

    /// <summary>OFFSET.</summary>
    public SqlExpression? Offset { get; init; }

    /// <summary>LIMIT, or FETCH FIRST with <see cref="WithTies"/>.</summary>
    public SqlExpression? Limit { get; init; }

    /// <summary>WITH TIES: rows that are equal in order to the last one come along.</summary>
    public bool WithTies { get; init; }

    /// <summary>FOR UPDATE and its like.</summary>
    public SyntaxList<LockingClause> Locking { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (n, c) => n with
    {
        With = c.Visit(n.With),
        Body = c.Visit(n.Body),
        OrderBy = c.Visit(n.OrderBy),
        Offset = c.Visit(n.Offset),
        Limit = c.Visit(n.Limit),
        Locking = c.Visit(n.Locking),
    });
}

/// <summary>What yields the rows of a query.</summary>
public abstract record QueryBody : SqlNode;

/// <summary><c>SELECT ... FROM ... WHERE ... GROUP BY ... HAVING ... WINDOW ...</c>.</summary>
public sealed record SelectBody(SyntaxList<SelectTarget> Targets) : QueryBody
{
    /// <summary>DISTINCT or DISTINCT ON.</summary>
    public DistinctClause? Distinct { get; init; }

    /// <summary>FROM.</summary>
    public SyntaxList<FromItem> From { get; init; }

    /// <summary>WHERE.</summary>
    public SqlExpression? Where { get; init; }

    /// <summary>GROUP BY.</summary>
    public GroupByClause? GroupBy { get; init; }

    /// <summary>HAVING.</summary>
    public SqlExpression? Having { get; init; }

    /// <summary>WINDOW.</summary>
    public SyntaxList<WindowDefinition> Windows { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (n, c) => n with
    {
        Distinct = c.Visit(n.Distinct),
        Targets = c.Visit(n.Targets),
        From = c.Visit(n.From),
        Where = c.Visit(n.Where),
        GroupBy = c.Visit(n.GroupBy),
        Having = c.Visit(n.Having),
        Windows = c.Visit(n.Windows),
    });
}

/// <summary><c>VALUES (...), (...)</c>.</summary>
public sealed record ValuesBody(SyntaxList<ValuesRow> Rows) : QueryBody
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Rows = c.Visit(n.Rows) });
}

/// <summary>A row of VALUES.</summary>
public sealed record ValuesRow(SyntaxList<SqlExpression> Values) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Values = c.Visit(n.Values) });
}

/// <summary>How the rows of two queries are combined.</summary>
public enum SetOperationKind
{
    /// <summary>UNION.</summary>
    Union,

    /// <summary>INTERSECT.</summary>
    Intersect,

    /// <summary>EXCEPT.</summary>
    Except,
}

/// <summary><c>left UNION [ALL] right</c> and its like.</summary>
public sealed record SetOperation(QueryBody Left, SetOperationKind Kind, bool All, QueryBody Right) : QueryBody
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Left = c.Visit(n.Left), Right = c.Visit(n.Right) });
}

/// <summary>A side of a set operation that has clauses of its own, hence stands in parentheses.</summary>
public sealed record NestedQuery(Query Query) : QueryBody
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Query = c.Visit(n.Query) });
}

/// <summary>An entry of a select list or of RETURNING.</summary>
public sealed record SelectTarget(SqlExpression Expression, SqlIdentifier? Alias = null) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Expression = c.Visit(n.Expression) });
}

/// <summary>DISTINCT, or DISTINCT ON if there are expressions.</summary>
public sealed record DistinctClause(SyntaxList<SqlExpression> On = default) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { On = c.Visit(n.On) });
}

/// <summary><c>GROUP BY [DISTINCT] ...</c>.</summary>
public sealed record GroupByClause(SyntaxList<GroupingElement> Elements, bool Distinct = false) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Elements = c.Visit(n.Elements) });
}

/// <summary>An element of GROUP BY.</summary>
public abstract record GroupingElement : SqlNode;

/// <summary>One grouping expression, or several in parentheses that belong together, or <c>()</c>.</summary>
public sealed record GroupingExpressions(SyntaxList<SqlExpression> Expressions) : GroupingElement
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Expressions = c.Visit(n.Expressions) });
}

/// <summary>Which groupings are made of the elements.</summary>
public enum GroupingSetsKind
{
    /// <summary>GROUPING SETS: each element.</summary>
    Sets,

    /// <summary>ROLLUP: each prefix.</summary>
    Rollup,

    /// <summary>CUBE: each subset.</summary>
    Cube,
}

/// <summary>GROUPING SETS, ROLLUP or CUBE.</summary>
public sealed record GroupingSets(GroupingSetsKind Kind, SyntaxList<GroupingElement> Elements) : GroupingElement
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Elements = c.Visit(n.Elements) });
}

/// <summary><c>name AS (...)</c> in WINDOW.</summary>
public sealed record WindowDefinition(SqlIdentifier Name, WindowSpecification Specification) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Specification = c.Visit(n.Specification) });
}

/// <summary>An element of ORDER BY. An integer literal means the position of an output column.</summary>
public sealed record OrderItem(SqlExpression Expression) : SqlNode
{
    /// <summary>DESC.</summary>
    public bool Descending { get; init; }

    /// <summary>USING operator, in place of a direction.</summary>
    public OperatorName? Using { get; init; }

    /// <summary>NULLS FIRST (true) or NULLS LAST (false); null says nothing.</summary>
    public bool? NullsFirst { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Expression = c.Visit(n.Expression) });
}

/// <summary>The strength of a row lock.</summary>
public enum LockStrength
{
    /// <summary>FOR UPDATE.</summary>
    Update,

    /// <summary>FOR NO KEY UPDATE.</summary>
    NoKeyUpdate,

    /// <summary>FOR SHARE.</summary>
    Share,

    /// <summary>FOR KEY SHARE.</summary>
    KeyShare,
}

/// <summary>What to do about rows that others have locked.</summary>
public enum LockWait
{
    /// <summary>Wait.</summary>
    Block,

    /// <summary>NOWAIT: fail.</summary>
    NoWait,

    /// <summary>SKIP LOCKED: leave them out.</summary>
    SkipLocked,
}

/// <summary><c>FOR strength OF relations</c>.</summary>
public sealed record LockingClause(LockStrength Strength, SyntaxList<SqlIdentifier> Relations, LockWait Wait = LockWait.Block) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => this;
}
