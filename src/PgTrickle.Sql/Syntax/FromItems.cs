namespace PgTrickle.Sql.Syntax;

/// <summary><c>AS name(columns)</c>; the columns may be fewer than the relation has.</summary>
public sealed record TableAlias(SqlIdentifier Name, SyntaxList<SqlIdentifier> Columns = default);

/// <summary>A table, view or common table expression by name.</summary>
public sealed record TableReference(QualifiedName Name) : FromItem
{
    /// <summary>ONLY: without the tables that inherit from it.</summary>
    public bool Only { get; init; }

    /// <summary>The alias.</summary>
    public TableAlias? Alias { get; init; }

    /// <summary>TABLESAMPLE.</summary>
    public TableSample? Sample { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Sample = c.Visit(n.Sample) });
}

/// <summary><c>TABLESAMPLE method(arguments) REPEATABLE (seed)</c>.</summary>
public sealed record TableSample(QualifiedName Method, SyntaxList<SqlExpression> Arguments, SqlExpression? Seed) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Arguments = c.Visit(n.Arguments), Seed = c.Visit(n.Seed) });
}

/// <summary>A subquery in FROM.</summary>
public sealed record DerivedTable(Query Query) : FromItem
{
    /// <summary>LATERAL: the query may refer to the items before it.</summary>
    public bool Lateral { get; init; }

    /// <summary>The alias; before 16 there must be one.</summary>
    public TableAlias? Alias { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Query = c.Visit(n.Query) });
}

/// <summary>One function in FROM, or several side by side as <c>ROWS FROM(...)</c>.</summary>
public sealed record FunctionTable(SyntaxList<TableFunction> Functions) : FromItem
{
    /// <summary>Whether ROWS FROM is spelled out; it must be with several functions.</summary>
    public bool RowsFrom { get; init; }

    /// <summary>LATERAL; functions may refer to the items before them without it, too.</summary>
    public bool Lateral { get; init; }

    /// <summary>WITH ORDINALITY: a last column that counts the rows.</summary>
    public bool WithOrdinality { get; init; }

    /// <summary>The alias.</summary>
    public TableAlias? Alias { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Functions = c.Visit(n.Functions) });
}

/// <summary>A call in FROM, with the columns of its records if the function doesn't say what they are.</summary>
public sealed record TableFunction(SqlExpression Call, SyntaxList<ColumnDefinition> Columns = default) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Call = c.Visit(n.Call), Columns = c.Visit(n.Columns) });
}

/// <summary><c>name type COLLATE collation</c>.</summary>
public sealed record ColumnDefinition(SqlIdentifier Name, TypeName Type, QualifiedName? Collation = null) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Type = c.Visit(n.Type) });
}

/// <summary>Which rows without partner a join keeps.</summary>
public enum JoinKind
{
    /// <summary>JOIN: none.</summary>
    Inner,

    /// <summary>CROSS JOIN: every pair; has no condition.</summary>
    Cross,

    /// <summary>LEFT JOIN: those of the left side.</summary>
    Left,

    /// <summary>RIGHT JOIN: those of the right side.</summary>
    Right,

    /// <summary>FULL JOIN: those of both sides.</summary>
    Full,
}

/// <summary>What the rows of a join have to fulfil.</summary>
public abstract record JoinCondition : SqlNode;

/// <summary><c>ON predicate</c>.</summary>
public sealed record JoinOn(SqlExpression Predicate) : JoinCondition
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Predicate = c.Visit(n.Predicate) });
}

/// <summary><c>USING (columns) AS alias</c>; the alias stands for the merged columns.</summary>
public sealed record JoinUsing(SyntaxList<SqlIdentifier> Columns, SqlIdentifier? Alias = null) : JoinCondition
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => this;
}

/// <summary>Two joined items. With an alias the join is in parentheses and hides the names inside.</summary>
public sealed record JoinedTable(FromItem Left, JoinKind Kind, FromItem Right, JoinCondition? Condition) : FromItem
{
    /// <summary>The alias of the whole join.</summary>
    public TableAlias? Alias { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (n, c) => n with
    {
        Left = c.Visit(n.Left),
        Right = c.Visit(n.Right),
        Condition = c.Visit(n.Condition),
    });
}
