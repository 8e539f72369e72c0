namespace PgTrickle.Sql.Syntax;

/// <summary>A function or operator of the SQL standard with a syntax of its own.</summary>
public abstract record SpecialFunction : SqlExpression;

/// <summary><c>operand AT TIME ZONE zone</c>, or <c>AT LOCAL</c> (since 17) without zone.</summary>
public sealed record AtTimeZone(SqlExpression Operand, SqlExpression? Zone) : SpecialFunction
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Operand = c.Visit(n.Operand), Zone = c.Visit(n.Zone) });
}

/// <summary><c>EXTRACT(field FROM source)</c>.</summary>
public sealed record ExtractExpression(SqlIdentifier Field, SqlExpression Source) : SpecialFunction
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Source = c.Visit(n.Source) });
}

/// <summary><c>SUBSTRING(operand FROM start FOR length)</c>; one of the two may be missing.</summary>
public sealed record SubstringExpression(SqlExpression Operand, SqlExpression? From, SqlExpression? For) : SpecialFunction
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (n, c) => n with
    {
        Operand = c.Visit(n.Operand),
        From = c.Visit(n.From),
        For = c.Visit(n.For),
    });
}

/// <summary><c>SUBSTRING(operand SIMILAR pattern ESCAPE escape)</c>.</summary>
public sealed record SimilarSubstring(SqlExpression Operand, SqlExpression Pattern, SqlExpression Escape) : SpecialFunction
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (n, c) => n with
    {
        Operand = c.Visit(n.Operand),
        Pattern = c.Visit(n.Pattern),
        Escape = c.Visit(n.Escape),
    });
}

/// <summary><c>OVERLAY(operand PLACING replacement FROM start FOR length)</c>.</summary>
public sealed record OverlayExpression(SqlExpression Operand, SqlExpression Replacement, SqlExpression From, SqlExpression? For) : SpecialFunction
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (n, c) => n with
    {
        Operand = c.Visit(n.Operand),
        Replacement = c.Visit(n.Replacement),
        From = c.Visit(n.From),
        For = c.Visit(n.For),
    });
}

/// <summary><c>POSITION(substring IN operand)</c>.</summary>
public sealed record PositionExpression(SqlExpression Substring, SqlExpression Operand) : SpecialFunction
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Substring = c.Visit(n.Substring), Operand = c.Visit(n.Operand) });
}

/// <summary>Which ends are trimmed.</summary>
public enum TrimSide
{
    /// <summary>Both.</summary>
    Both,

    /// <summary>The start.</summary>
    Leading,

    /// <summary>The end.</summary>
    Trailing,
}

/// <summary><c>TRIM(side characters FROM operand)</c>; without characters it trims blanks.</summary>
public sealed record TrimExpression(TrimSide Side, SqlExpression? Characters, SqlExpression Operand) : SpecialFunction
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Characters = c.Visit(n.Characters), Operand = c.Visit(n.Operand) });
}

/// <summary>A Unicode normalization form.</summary>
public enum UnicodeForm
{
    /// <summary>NFC.</summary>
    Nfc,

    /// <summary>NFD.</summary>
    Nfd,

    /// <summary>NFKC.</summary>
    Nfkc,

    /// <summary>NFKD.</summary>
    Nfkd,
}

/// <summary><c>NORMALIZE(operand, form)</c>.</summary>
public sealed record NormalizeExpression(SqlExpression Operand, UnicodeForm? Form) : SpecialFunction
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Operand = c.Visit(n.Operand) });
}

/// <summary><c>operand IS form NORMALIZED</c>.</summary>
public sealed record IsNormalized(SqlExpression Operand, UnicodeForm? Form) : SpecialFunction
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Operand = c.Visit(n.Operand) });
}

/// <summary><c>(start, end) OVERLAPS (start, end)</c>; both operands are rows of two.</summary>
public sealed record OverlapsExpression(RowConstructor Left, RowConstructor Right) : SpecialFunction
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Left = c.Visit(n.Left), Right = c.Visit(n.Right) });
}

/// <summary><c>COLLATION FOR (operand)</c>.</summary>
public sealed record CollationFor(SqlExpression Operand) : SpecialFunction
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Operand = c.Visit(n.Operand) });
}
