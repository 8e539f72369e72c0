namespace PgTrickle.Sql.Syntax;

/// <summary>A function of SQL/XML.</summary>
public abstract record XmlExpression : SqlExpression;

/// <summary>A value with the name that it gets in XML: <c>value AS name</c>.</summary>
public sealed record XmlNamedValue(SqlExpression Value, SqlIdentifier? Name) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Value = c.Visit(n.Value) });
}

/// <summary><c>XMLCONCAT(...)</c>.</summary>
public sealed record XmlConcat(SyntaxList<SqlExpression> Arguments) : XmlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Arguments = c.Visit(n.Arguments) });
}

/// <summary><c>XMLELEMENT(NAME name, XMLATTRIBUTES(...), ...)</c>.</summary>
public sealed record XmlElement(SqlIdentifier Name, SyntaxList<XmlNamedValue> Attributes, SyntaxList<SqlExpression> Content) : XmlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Attributes = c.Visit(n.Attributes), Content = c.Visit(n.Content) });
}

/// <summary><c>XMLFOREST(...)</c>.</summary>
public sealed record XmlForest(SyntaxList<XmlNamedValue> Elements) : XmlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Elements = c.Visit(n.Elements) });
}

/// <summary><c>XMLPARSE(DOCUMENT|CONTENT operand PRESERVE|STRIP WHITESPACE)</c>.</summary>
public sealed record XmlParse(bool IsDocument, SqlExpression Operand, bool PreserveWhitespace) : XmlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Operand = c.Visit(n.Operand) });
}

/// <summary><c>XMLPI(NAME name, content)</c>: a processing instruction.</summary>
public sealed record XmlProcessingInstruction(SqlIdentifier Name, SqlExpression? Content) : XmlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Content = c.Visit(n.Content) });
}

/// <summary>The standalone property that XMLROOT sets.</summary>
public enum XmlStandalone
{
    /// <summary>Left as it is.</summary>
    Unchanged,

    /// <summary>STANDALONE YES.</summary>
    Yes,

    /// <summary>STANDALONE NO.</summary>
    No,

    /// <summary>STANDALONE NO VALUE.</summary>
    NoValue,
}

/// <summary><c>XMLROOT(operand, VERSION version, STANDALONE ...)</c>; without version it prints NO VALUE.</summary>
public sealed record XmlRoot(SqlExpression Operand, SqlExpression? Version, XmlStandalone Standalone) : XmlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Operand = c.Visit(n.Operand), Version = c.Visit(n.Version) });
}

/// <summary><c>XMLSERIALIZE(DOCUMENT|CONTENT operand AS type [INDENT|NO INDENT])</c>; indentation since 16, null says nothing about it.</summary>
public sealed record XmlSerialize(bool IsDocument, SqlExpression Operand, TypeName Type, bool? Indent) : XmlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Operand = c.Visit(n.Operand), Type = c.Visit(n.Type) });
}

/// <summary><c>XMLEXISTS(path PASSING document)</c>.</summary>
public sealed record XmlExists(SqlExpression Path, SqlExpression Document) : XmlExpression
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Path = c.Visit(n.Path), Document = c.Visit(n.Document) });
}

/// <summary>A namespace of XMLTABLE; without name it is the default one.</summary>
public sealed record XmlNamespace(SqlExpression Uri, SqlIdentifier? Name) : SqlNode
{
    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Uri = c.Visit(n.Uri) });
}

/// <summary>A column of XMLTABLE; without type it is FOR ORDINALITY.</summary>
public sealed record XmlTableColumn(SqlIdentifier Name, TypeName? Type) : SqlNode
{
    /// <summary>PATH.</summary>
    public SqlExpression? Path { get; init; }

    /// <summary>DEFAULT.</summary>
    public SqlExpression? Default { get; init; }

    /// <summary>NOT NULL.</summary>
    public bool NotNull { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (n, c) => n with
    {
        Type = c.Visit(n.Type),
        Path = c.Visit(n.Path),
        Default = c.Visit(n.Default),
    });
}

/// <summary><c>XMLTABLE(XMLNAMESPACES(...), row PASSING document COLUMNS ...)</c>.</summary>
public sealed record XmlTable(SqlExpression RowPath, SqlExpression Document, SyntaxList<XmlTableColumn> Columns) : FromItem
{
    /// <summary>XMLNAMESPACES.</summary>
    public SyntaxList<XmlNamespace> Namespaces { get; init; }

    /// <summary>LATERAL.</summary>
    public bool Lateral { get; init; }

    /// <summary>The alias.</summary>
    public TableAlias? Alias { get; init; }

    internal override SqlNode RewriteChildren(SqlRewriter rewriter) => rewriter.Rebuild(this, static (n, c) => n with
    {
        Namespaces = c.Visit(n.Namespaces),
        RowPath = c.Visit(n.RowPath),
        Document = c.Visit(n.Document),
        Columns = c.Visit(n.Columns),
    });
}
