namespace PgTrickle.Sql.Syntax;

/// <summary>A column, usually qualified by the alias of its relation.</summary>
public sealed record ColumnReference(SqlIdentifier? Relation, SqlIdentifier Name) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => this;
}

/// <summary><c>alias.*</c>: inside an expression the row as one value; as a whole select-list entry all of its columns.</summary>
public sealed record WholeRowReference(SqlIdentifier Relation) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => this;
}

/// <summary><c>*</c> as a select-list entry.</summary>
public sealed record AllColumns : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => this;
}

/// <summary>The parameter <c>$Number</c>, counted from 1.</summary>
public sealed record Parameter(int Number) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => this;
}

/// <summary>What a <see cref="Literal"/> is.</summary>
public enum LiteralKind
{
    /// <summary><c>NULL</c>.</summary>
    Null,

    /// <summary><c>true</c> or <c>false</c>.</summary>
    Boolean,

    /// <summary>A number without sign, its text kept as it was written.</summary>
    Number,

    /// <summary>A string; the text is its value, without quotes or escapes.</summary>
    String,

    /// <summary><c>B'...'</c>; the text is its digits.</summary>
    BitString,

    /// <summary><c>X'...'</c>; the text is its digits.</summary>
    HexString,
}

/// <summary>A constant without type label. A labelled one is a <see cref="Cast"/> of this.</summary>
public sealed record Literal : SqlExpression
{
    internal Literal(LiteralKind kind, string text)
    {
        Kind = kind;
        Text = text;
    }

    /// <summary>What the constant is.</summary>
    public LiteralKind Kind { get; }

    /// <summary>The value of a string, the exact text of a number, the digits of a bit string, <c>true</c>, <c>false</c>, or nothing for NULL.</summary>
    public string Text { get; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => this;
}

/// <summary><c>operand::type</c>.</summary>
public sealed record Cast(SqlExpression Operand, TypeName Type) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Operand = c.Visit(n.Operand), Type = c.Visit(n.Type) });
}

/// <summary><c>operand COLLATE collation</c>.</summary>
public sealed record Collate(SqlExpression Operand, QualifiedName Collation) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Operand = c.Visit(n.Operand) });
}

/// <summary><c>ARRAY[...]</c>.</summary>
public sealed record ArrayConstructor(SyntaxList<SqlExpression> Elements) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Elements = c.Visit(n.Elements) });
}

/// <summary><c>ROW(...)</c>, or without the keyword if <paramref name="Explicit"/> is false and there are at least two elements.</summary>
public sealed record RowConstructor(SyntaxList<SqlExpression> Elements, bool Explicit = true) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Elements = c.Visit(n.Elements) });
}

/// <summary><c>(operand).field</c>: one field of a composite value.</summary>
public sealed record FieldSelection(SqlExpression Operand, SqlIdentifier Field) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Operand = c.Visit(n.Operand) });
}

/// <summary><c>(operand).*</c>: all fields of a composite value.</summary>
public sealed record FieldExpansion(SqlExpression Operand) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Operand = c.Visit(n.Operand) });
}

/// <summary><c>operand[...]</c> with one or more subscripts.</summary>
public sealed record SubscriptExpression(SqlExpression Operand, SyntaxList<Subscript> Subscripts) : SqlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Operand = c.Visit(n.Operand), Subscripts = c.Visit(n.Subscripts) });
}

/// <summary>One subscript: <c>[Upper]</c>, or <c>[Lower:Upper]</c> if it is a slice, whose bounds may be missing.</summary>
public sealed record Subscript(bool IsSlice, SqlExpression? Lower, SqlExpression? Upper) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Lower = c.Visit(n.Lower), Upper = c.Visit(n.Upper) });
}
