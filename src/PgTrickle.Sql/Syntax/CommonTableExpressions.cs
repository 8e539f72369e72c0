namespace PgTrickle.Sql.Syntax;

/// <summary><c>WITH [RECURSIVE] ...</c>.</summary>
public sealed record WithClause(SyntaxList<CommonTableExpression> Tables, bool Recursive = false) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Tables = c.Visit(n.Tables) });
}

/// <summary>A named statement of WITH; data-modifying ones yield what their RETURNING says.</summary>
public sealed record CommonTableExpression(SqlIdentifier Name, SqlStatement Statement) : SqlNode
{
    /// <summary>Names of the columns, in place of the statement's own.</summary>
    public SyntaxList<SqlIdentifier> Columns { get; init; }

    /// <summary>MATERIALIZED (true) or NOT MATERIALIZED (false); null leaves it to PostgreSQL.</summary>
    public bool? Materialized { get; init; }

    /// <summary>SEARCH.</summary>
    public SearchClause? Search { get; init; }

    /// <summary>CYCLE.</summary>
    public CycleClause? Cycle { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (n, c) => n with
    {
        Statement = c.Visit(n.Statement),
        Cycle = c.Visit(n.Cycle),
    });
}

/// <summary><c>SEARCH BREADTH|DEPTH FIRST BY columns SET sequence</c>.</summary>
public sealed record SearchClause(bool BreadthFirst, SyntaxList<SqlIdentifier> Columns, SqlIdentifier SequenceColumn);

/// <summary><c>CYCLE columns SET mark [TO value DEFAULT value] USING path</c>; both values or none are given.</summary>
public sealed record CycleClause(SyntaxList<SqlIdentifier> Columns, SqlIdentifier MarkColumn, SqlIdentifier PathColumn) : SqlNode
{
    /// <summary>The mark of rows that close a cycle.</summary>
    public SqlExpression? MarkValue { get; init; }

    /// <summary>The mark of all others.</summary>
    public SqlExpression? MarkDefault { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { MarkValue = c.Visit(n.MarkValue), MarkDefault = c.Visit(n.MarkDefault) });
}
