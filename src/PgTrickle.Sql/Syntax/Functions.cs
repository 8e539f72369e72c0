namespace PgTrickle.Sql.Syntax;

/// <summary>A call of a function, an aggregate or a window function, with all that may follow it.</summary>
public sealed record FunctionCall(QualifiedName Name, SyntaxList<FunctionArgument> Arguments) : SqlExpression
{
    /// <summary><c>count(*)</c>: a star in place of arguments.</summary>
    public bool Star { get; init; }

    /// <summary>DISTINCT before the arguments.</summary>
    public bool Distinct { get; init; }

    /// <summary>ORDER BY after the arguments.</summary>
    public SyntaxList<OrderItem> OrderBy { get; init; }

    /// <summary>WITHIN GROUP (ORDER BY ...), of an ordered-set aggregate.</summary>
    public SyntaxList<OrderItem> WithinGroup { get; init; }

    /// <summary>FILTER (WHERE ...).</summary>
    public SqlExpression? Filter { get; init; }

    /// <summary>OVER ...</summary>
    public WindowReference? Over { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (n, c) => n with
    {
        Arguments = c.Visit(n.Arguments),
        OrderBy = c.Visit(n.OrderBy),
        WithinGroup = c.Visit(n.WithinGroup),
        Filter = c.Visit(n.Filter),
        Over = c.Visit(n.Over),
    });
}

/// <summary>An argument: its value, its name in named notation, and whether an array is spread over VARIADIC parameters.</summary>
public sealed record FunctionArgument(SqlExpression Value, SqlIdentifier? Name = null, bool Variadic = false) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Value = c.Visit(n.Value) });
}

/// <summary>COALESCE and its like.</summary>
public enum ConditionalKind
{
    /// <summary>The first value that is not NULL.</summary>
    Coalesce,

    /// <summary>NULL if both are equal, else the first.</summary>
    NullIf,

    /// <summary>The greatest.</summary>
    Greatest,

    /// <summary>The least.</summary>
    Least,
}

/// <summary>COALESCE, NULLIF, GREATEST or LEAST, which look like functions but belong to the grammar.</summary>
public sealed record ConditionalFunction(ConditionalKind Kind, SyntaxList<SqlExpression> Arguments) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Arguments = c.Visit(n.Arguments) });
}

/// <summary><c>GROUPING(...)</c>.</summary>
public sealed record GroupingFunction(SyntaxList<SqlExpression> Arguments) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Arguments = c.Visit(n.Arguments) });
}

/// <summary>Values that the grammar knows by a keyword: the clock and the session.</summary>
public enum SqlValueKind
{
    /// <summary>CURRENT_DATE.</summary>
    CurrentDate,

    /// <summary>CURRENT_TIME.</summary>
    CurrentTime,

    /// <summary>CURRENT_TIMESTAMP.</summary>
    CurrentTimestamp,

    /// <summary>LOCALTIME.</summary>
    LocalTime,

    /// <summary>LOCALTIMESTAMP.</summary>
    LocalTimestamp,

    /// <summary>CURRENT_ROLE.</summary>
    CurrentRole,

    /// <summary>CURRENT_USER.</summary>
    CurrentUser,

    /// <summary>USER.</summary>
    User,

    /// <summary>SESSION_USER.</summary>
    SessionUser,

    /// <summary>SYSTEM_USER, since 16.</summary>
    SystemUser,

    /// <summary>CURRENT_CATALOG.</summary>
    CurrentCatalog,

    /// <summary>CURRENT_SCHEMA.</summary>
    CurrentSchema,
}

/// <summary>A value of the clock or the session; times may have a precision in digits (0 to 6).</summary>
public sealed record SqlValueFunction(SqlValueKind Kind, int? Precision = null) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => this;
}

/// <summary>What OVER names: a window of the WINDOW clause or one of its own.</summary>
public abstract record WindowReference : SqlNode;

/// <summary><c>OVER name</c>.</summary>
public sealed record NamedWindow(SqlIdentifier Name) : WindowReference
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => this;
}

/// <summary>The inside of <c>OVER (...)</c> and of the WINDOW clause.</summary>
public sealed record WindowSpecification : WindowReference
{
    /// <summary>A window of the WINDOW clause that this one extends.</summary>
    public SqlIdentifier? Base { get; init; }

    /// <summary>PARTITION BY.</summary>
    public SyntaxList<SqlExpression> PartitionBy { get; init; }

    /// <summary>ORDER BY.</summary>
    public SyntaxList<OrderItem> OrderBy { get; init; }

    /// <summary>The frame, or null for the default.</summary>
    public WindowFrame? Frame { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (n, c) => n with
    {
        PartitionBy = c.Visit(n.PartitionBy),
        OrderBy = c.Visit(n.OrderBy),
        Frame = c.Visit(n.Frame),
    });
}

/// <summary>What a frame's offsets count.</summary>
public enum FrameUnit
{
    /// <summary>Values of the ordering column.</summary>
    Range,

    /// <summary>Rows.</summary>
    Rows,

    /// <summary>Groups of peers.</summary>
    Groups,
}

/// <summary>Which rows about the current one a frame leaves out.</summary>
public enum FrameExclusion
{
    /// <summary>None.</summary>
    NoOthers,

    /// <summary>The current row.</summary>
    CurrentRow,

    /// <summary>The current row and its peers.</summary>
    Group,

    /// <summary>The peers, not the current row.</summary>
    Ties,
}

/// <summary>Where a frame starts or ends.</summary>
public enum FrameBoundKind
{
    /// <summary>At the partition's first row.</summary>
    UnboundedPreceding,

    /// <summary>An offset before the current row.</summary>
    Preceding,

    /// <summary>At the current row.</summary>
    CurrentRow,

    /// <summary>An offset after the current row.</summary>
    Following,

    /// <summary>At the partition's last row.</summary>
    UnboundedFollowing,
}

/// <summary>A window's frame; without end it ends at the current row.</summary>
public sealed record WindowFrame(FrameUnit Unit, FrameBound Start, FrameBound? End, FrameExclusion Exclusion = FrameExclusion.NoOthers) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Start = c.Visit(n.Start), End = c.Visit(n.End) });
}

/// <summary>One end of a frame; an offset where the kind asks for one.</summary>
public sealed record FrameBound(FrameBoundKind Kind, SqlExpression? Offset = null) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Offset = c.Visit(n.Offset) });
}
