using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Parsing;

/// <summary>Reads the functions of SQL/XML and XMLTABLE.</summary>
internal sealed class XmlParser(ParserSet parsers)
{
    private const string Table = "XMLTABLE";

    private TokenCursor Cursor => parsers.Cursor;

    public XmlExpression? TryParse()
    {
        if (!Cursor.Peek().IsPunctuation("("))
        {
            return null;
        }

        return Cursor.Current.Text switch
        {
            "xmlconcat" => Special(_ => new XmlConcat(parsers.Primaries.ParseList())),
            "xmlelement" => Special(ParseElement),
            "xmlforest" => Special(_ => new XmlForest(Cursor.TakeList(ParseNamedValue))),
            "xmlparse" => Special(ParseParse),
            "xmlpi" => Special(ParseInstruction),
            "xmlroot" => Special(ParseRoot),
            "xmlserialize" => Special(ParseSerialize),
            "xmlexists" => Special(ParseExists),
            _ => null,
        };
    }

    /// <summary>Reads XMLTABLE without its alias.</summary>
    public XmlTable ParseTable()
    {
        Cursor.ExpectWords(Table, "xmltable");
        Cursor.ExpectSymbol(Table, "(");
        SyntaxList<XmlNamespace> namespaces = [];
        if (Cursor.TryTakeWords("xmlnamespaces"))
        {
            Cursor.ExpectSymbol(Table, "(");
            namespaces = Cursor.TakeList(ParseNamespace);
            Cursor.ExpectSymbol(Table, ")");
            Cursor.ExpectSymbol(Table, ",");
        }

        var rowPath = parsers.Expressions.Parse();
        var document = ParsePassing(Table);
        Cursor.ExpectWords(Table, "columns");
        var table = new XmlTable(rowPath, document, Cursor.TakeList(ParseColumn)) { Namespaces = namespaces };
        Cursor.ExpectSymbol(Table, ")");
        return table;
    }

    private XmlExpression Special(Func<string, XmlExpression> parse)
    {
        var construct = Cursor.Take().Text.ToUpperInvariant();
        Cursor.ExpectSymbol(construct, "(");
        var result = parse(construct);
        Cursor.ExpectSymbol(construct, ")");
        return result;
    }

    private SqlExpression ParsePassing(string construct)
    {
        Cursor.ExpectWords(construct, "passing");
        SkipMechanism();
        var document = parsers.Expressions.Parse();
        SkipMechanism();
        return document;
    }

    private void SkipMechanism()
    {
        if (!Cursor.TryTakeWords("by", "ref"))
        {
            Cursor.TryTakeWords("by", "value");
        }
    }

    private XmlNamedValue ParseNamedValue()
        => new(parsers.Expressions.Parse(), Cursor.TryTakeWords("as") ? Cursor.TakeLabel("XML") : null);

    private XmlElement ParseElement(string construct)
    {
        Cursor.ExpectWords(construct, "name");
        var name = Cursor.TakeLabel(construct);
        SyntaxList<XmlNamedValue> attributes = [];
        SyntaxList<SqlExpression> content = [];
        var more = Cursor.TryTakeSymbol(",");
        if (more && Cursor.TryTakeWords("xmlattributes"))
        {
            Cursor.ExpectSymbol(construct, "(");
            attributes = Cursor.TakeList(ParseNamedValue);
            Cursor.ExpectSymbol(construct, ")");
            more = Cursor.TryTakeSymbol(",");
        }

        if (more)
        {
            content = parsers.Primaries.ParseList();
        }

        return new XmlElement(name, attributes, content);
    }

    private bool TakeIsDocument(string construct)
    {
        if (Cursor.TryTakeWords("document"))
        {
            return true;
        }

        Cursor.ExpectWords(construct, "content");
        return false;
    }

    private XmlParse ParseParse(string construct)
    {
        var isDocument = TakeIsDocument(construct);
        var operand = parsers.Expressions.Parse();
        var preserve = Cursor.TryTakeWords("preserve", "whitespace");
        if (!preserve)
        {
            Cursor.TryTakeWords("strip", "whitespace");
        }

        return new XmlParse(isDocument, operand, preserve);
    }

    private XmlProcessingInstruction ParseInstruction(string construct)
    {
        Cursor.ExpectWords(construct, "name");
        var name = Cursor.TakeLabel(construct);
        return new XmlProcessingInstruction(name, Cursor.TryTakeSymbol(",") ? parsers.Expressions.Parse() : null);
    }

    private XmlRoot ParseRoot(string construct)
    {
        var operand = parsers.Expressions.Parse();
        Cursor.ExpectSymbol(construct, ",");
        Cursor.ExpectWords(construct, "version");
        var version = Cursor.TryTakeWords("no", "value") ? null : parsers.Expressions.Parse();
        var standalone = XmlStandalone.Unchanged;
        if (Cursor.TryTakeSymbol(","))
        {
            Cursor.ExpectWords(construct, "standalone");
            standalone = TakeStandalone(construct);
        }

        return new XmlRoot(operand, version, standalone);
    }

    private XmlStandalone TakeStandalone(string construct)
    {
        if (Cursor.TryTakeWords("yes"))
        {
            return XmlStandalone.Yes;
        }

        Cursor.ExpectWords(construct, "no");
        return Cursor.TryTakeWords("value") ? XmlStandalone.NoValue : XmlStandalone.No;
    }

    private XmlSerialize ParseSerialize(string construct)
    {
        var isDocument = TakeIsDocument(construct);
        var operand = parsers.Expressions.Parse();
        Cursor.ExpectWords(construct, "as");
        var type = parsers.Types.Parse();
        bool? indent = Cursor.TryTakeWords("indent") ? true : Cursor.TryTakeWords("no", "indent") ? false : null;
        return new XmlSerialize(isDocument, operand, type, indent);
    }

    private XmlExists ParseExists(string construct)
    {
        var path = parsers.Expressions.Parse();
        return new XmlExists(path, ParsePassing(construct));
    }

    private XmlNamespace ParseNamespace()
    {
        if (Cursor.TryTakeWords("default"))
        {
            return new XmlNamespace(parsers.Expressions.Parse(), null);
        }

        var uri = parsers.Expressions.Parse();
        Cursor.ExpectWords("XMLNAMESPACES", "as");
        return new XmlNamespace(uri, Cursor.TakeLabel("XMLNAMESPACES"));
    }

    private XmlTableColumn ParseColumn()
    {
        var name = Cursor.TakeColumnName(Table);
        if (Cursor.TryTakeWords("for", "ordinality"))
        {
            return new XmlTableColumn(name, null);
        }

        var column = new XmlTableColumn(name, parsers.Types.Parse());
        while (true)
        {
            if (Cursor.TryTakeWords("path"))
            {
                column = column with { Path = parsers.Expressions.Parse() };
            }
            else if (Cursor.TryTakeWords("default"))
            {
                column = column with { Default = parsers.Expressions.Parse() };
            }
            else if (Cursor.TryTakeWords("not", "null"))
            {
                column = column with { NotNull = true };
            }
            else
            {
                return column;
            }
        }
    }
}
