namespace PgTrickle.Sql.Syntax;

/// <summary>A statement that changes the shape of a table.</summary>
public abstract record DataDefinition : SqlStatement;

/// <summary><c>ALTER TABLE table action, ...</c>; at least one action.</summary>
public sealed record AlterTableStatement(QualifiedName Table, SyntaxList<AlterTableAction> Actions) : DataDefinition
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Actions = c.Visit(n.Actions) });
}

/// <summary>One of the things that ALTER TABLE does.</summary>
public abstract record AlterTableAction : SqlNode;

/// <summary><c>ADD COLUMN name type [NOT NULL]</c>.</summary>
public sealed record AddColumn(SqlIdentifier Name, TypeName Type, bool NotNull) : AlterTableAction
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Type = c.Visit(n.Type) });
}

/// <summary><c>ALTER COLUMN name SET NOT NULL</c>.</summary>
public sealed record SetNotNull(SqlIdentifier Column) : AlterTableAction
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => this;
}

/// <summary><c>CREATE [UNIQUE] INDEX ON table (keys)</c>; PostgreSQL chooses the name. A key is a column or an expression of columns.</summary>
public sealed record CreateIndexStatement(QualifiedName Table, SyntaxList<SqlExpression> Keys, bool Unique) : DataDefinition
{
    /// <summary>USING hash: of one key, which may be of any size, and by <c>=</c> alone.</summary>
    public bool Hash { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (node, children) => node with { Keys = children.Visit(node.Keys) });
}

/// <summary><c>CREATE [UNLOGGED] TABLE table AS query WITH NO DATA</c>: an empty table with the query's columns, whatever their types and collations.</summary>
public sealed record CreateTableAsStatement(QualifiedName Table, Query Query) : DataDefinition
{
    /// <summary>UNLOGGED: empty after a crash.</summary>
    public bool Unlogged { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (node, children) => node with { Query = children.Visit(node.Query) });
}

/// <summary><c>ANALYZE table</c>.</summary>
public sealed record AnalyzeStatement(QualifiedName Table) : DataDefinition
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => this;
}
