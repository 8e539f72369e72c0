namespace PgTrickle.Sql.Syntax;

/// <summary>A statement that writes to a table.</summary>
public abstract record DataModification : SqlStatement
{
    /// <summary>WITH.</summary>
    public WithClause? With { get; init; }

    /// <summary>RETURNING; of MERGE since 17.</summary>
    public SyntaxList<SelectTarget> Returning { get; init; }
}

/// <summary><c>INSERT INTO target (columns) query</c>.</summary>
public sealed record InsertStatement(TargetTable Target, SyntaxList<SqlIdentifier> Columns, Query Source) : DataModification
{
    /// <summary>OVERRIDING SYSTEM VALUE: given values replace those of identity columns.</summary>
    public bool OverridingSystemValue { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (n, c) => n with
    {
        With = c.Visit(n.With),
        Target = c.Visit(n.Target),
        Source = c.Visit(n.Source),
        Returning = c.Visit(n.Returning),
    });
}

/// <summary><c>UPDATE target SET ... FROM ... WHERE ...</c>.</summary>
public sealed record UpdateStatement(TargetTable Target, SyntaxList<Assignment> Assignments) : DataModification
{
    /// <summary>FROM.</summary>
    public SyntaxList<FromItem> From { get; init; }

    /// <summary>WHERE.</summary>
    public SqlExpression? Where { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (n, c) => n with
    {
        With = c.Visit(n.With),
        Target = c.Visit(n.Target),
        Assignments = c.Visit(n.Assignments),
        From = c.Visit(n.From),
        Where = c.Visit(n.Where),
        Returning = c.Visit(n.Returning),
    });
}

/// <summary><c>DELETE FROM target USING ... WHERE ...</c>.</summary>
public sealed record DeleteStatement(TargetTable Target) : DataModification
{
    /// <summary>USING.</summary>
    public SyntaxList<FromItem> Using { get; init; }

    /// <summary>WHERE.</summary>
    public SqlExpression? Where { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (n, c) => n with
    {
        With = c.Visit(n.With),
        Target = c.Visit(n.Target),
        Using = c.Visit(n.Using),
        Where = c.Visit(n.Where),
        Returning = c.Visit(n.Returning),
    });
}

/// <summary><c>MERGE INTO target USING source ON condition WHEN ...</c>.</summary>
public sealed record MergeStatement(TargetTable Target, FromItem Source, SqlExpression On, SyntaxList<MergeWhen> Branches) : DataModification
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (n, c) => n with
    {
        With = c.Visit(n.With),
        Target = c.Visit(n.Target),
        Source = c.Visit(n.Source),
        On = c.Visit(n.On),
        Branches = c.Visit(n.Branches),
        Returning = c.Visit(n.Returning),
    });
}

/// <summary>The table that a statement writes to.</summary>
public sealed record TargetTable(QualifiedName Name, SqlIdentifier? Alias = null) : SqlNode
{
    /// <summary>ONLY: without the tables that inherit from it.</summary>
    public bool Only { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => this;
}

/// <summary><c>column = value</c>.</summary>
public sealed record Assignment(SqlIdentifier Column, SqlExpression Value) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Value = c.Visit(n.Value) });
}

/// <summary><c>WHEN [NOT] MATCHED [AND condition] THEN action</c>; branches are tried in order.</summary>
public sealed record MergeWhen(bool Matched, SqlExpression? Condition, MergeAction Action) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Condition = c.Visit(n.Condition), Action = c.Visit(n.Action) });
}

/// <summary>What MERGE does with a row.</summary>
public abstract record MergeAction : SqlNode;

/// <summary><c>UPDATE SET ...</c>, after MATCHED.</summary>
public sealed record MergeUpdate(SyntaxList<Assignment> Assignments) : MergeAction
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Assignments = c.Visit(n.Assignments) });
}

/// <summary><c>DELETE</c>, after MATCHED.</summary>
public sealed record MergeDelete : MergeAction
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => this;
}

/// <summary><c>INSERT (columns) VALUES (...)</c>, after NOT MATCHED.</summary>
public sealed record MergeInsert(SyntaxList<SqlIdentifier> Columns, SyntaxList<SqlExpression> Values) : MergeAction
{
    /// <summary>OVERRIDING SYSTEM VALUE: given values replace those of identity columns.</summary>
    public bool OverridingSystemValue { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Values = c.Visit(n.Values) });
}

/// <summary><c>DO NOTHING</c>.</summary>
public sealed record MergeDoNothing : MergeAction
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => this;
}
