namespace PgTrickle.Sql.Syntax;

/// <summary>A prefix operator and its operand.</summary>
public sealed record UnaryExpression(OperatorName Operator, SqlExpression Operand) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Operand = c.Visit(n.Operand) });
}

/// <summary>Two operands and the operator between them.</summary>
public sealed record BinaryExpression(SqlExpression Left, OperatorName Operator, SqlExpression Right) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Left = c.Visit(n.Left), Right = c.Visit(n.Right) });
}

/// <summary>Which operands have to hold.</summary>
public enum LogicalKind
{
    /// <summary>All of them.</summary>
    And,

    /// <summary>At least one of them.</summary>
    Or,
}

/// <summary>AND or OR over at least two operands; flat, so that long conditions are no deep trees.</summary>
public sealed record LogicalExpression(LogicalKind Kind, SyntaxList<SqlExpression> Operands) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Operands = c.Visit(n.Operands) });
}

/// <summary><c>NOT operand</c>.</summary>
public sealed record NotExpression(SqlExpression Operand) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Operand = c.Visit(n.Operand) });
}

/// <summary>What an <see cref="IsExpression"/> asks.</summary>
public enum IsKind
{
    /// <summary>IS NULL.</summary>
    Null,

    /// <summary>IS TRUE.</summary>
    True,

    /// <summary>IS FALSE.</summary>
    False,

    /// <summary>IS UNKNOWN.</summary>
    Unknown,

    /// <summary>IS DOCUMENT, of an xml value.</summary>
    Document,
}

/// <summary><c>operand IS [NOT] NULL</c> and its like.</summary>
public sealed record IsExpression(SqlExpression Operand, IsKind Kind, bool Negated = false) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Operand = c.Visit(n.Operand) });
}

/// <summary><c>left IS [NOT] DISTINCT FROM right</c>.</summary>
public sealed record DistinctFrom(SqlExpression Left, SqlExpression Right, bool Negated = false) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Left = c.Visit(n.Left), Right = c.Visit(n.Right) });
}

/// <summary>How many of the right side's values have to satisfy a comparison.</summary>
public enum Quantifier
{
    /// <summary>At least one.</summary>
    Any,

    /// <summary>Every one.</summary>
    All,
}

/// <summary><c>left op ANY (array)</c> or <c>left op ALL (array)</c>.</summary>
public sealed record ArrayComparison(SqlExpression Left, OperatorName Operator, Quantifier Quantifier, SqlExpression Array) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Left = c.Visit(n.Left), Array = c.Visit(n.Array) });
}

/// <summary><c>left op ANY (query)</c> or <c>left op ALL (query)</c>; the left side is a row for several columns.</summary>
public sealed record SubqueryComparison(SqlExpression Left, OperatorName Operator, Quantifier Quantifier, Query Query) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Left = c.Visit(n.Left), Query = c.Visit(n.Query) });
}

/// <summary><c>operand IN (query)</c>; the operand is a row for several columns. NOT IN is a <see cref="NotExpression"/> of it.</summary>
public sealed record InSubquery(SqlExpression Operand, Query Query) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Operand = c.Visit(n.Operand), Query = c.Visit(n.Query) });
}

/// <summary>What becomes of a subquery's rows.</summary>
public enum SubqueryKind
{
    /// <summary>The value of its only row, or NULL.</summary>
    Scalar,

    /// <summary>Whether there are any.</summary>
    Exists,

    /// <summary>An array of them.</summary>
    Array,
}

/// <summary>A subquery as a value.</summary>
public sealed record SubqueryExpression(SubqueryKind Kind, Query Query) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Query = c.Visit(n.Query) });
}

/// <summary><c>CASE [operand] WHEN ... THEN ... ELSE ... END</c>.</summary>
public sealed record CaseExpression(SqlExpression? Operand, SyntaxList<CaseBranch> Branches, SqlExpression? Else) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (n, c) => n with
    {
        Operand = c.Visit(n.Operand),
        Branches = c.Visit(n.Branches),
        Else = c.Visit(n.Else),
    });
}

/// <summary><c>WHEN condition THEN result</c>.</summary>
public sealed record CaseBranch(SqlExpression Condition, SqlExpression Result) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Condition = c.Visit(n.Condition), Result = c.Visit(n.Result) });
}
