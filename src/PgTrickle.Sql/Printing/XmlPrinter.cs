using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Printing;

internal static class XmlPrinter
{
    public static void Print(SqlWriter writer, XmlExpression expression)
    {
        switch (expression)
        {
            case XmlConcat concat:
                writer.Write("XMLCONCAT(").List(concat.Arguments, ExpressionPrinter.Print).Write(")");
                break;
            case XmlElement element:
                PrintElement(writer, element);
                break;
            case XmlForest forest:
                writer.Write("XMLFOREST(").List(forest.Elements, static (w, e) => ClausePrinter.Print(w, e)).Write(")");
                break;
            case XmlParse parse:
                writer.Write("XMLPARSE(").Write(Kind(parse.IsDocument));
                ExpressionPrinter.Print(writer, parse.Operand);
                writer.Write(parse.PreserveWhitespace ? " PRESERVE WHITESPACE)" : " STRIP WHITESPACE)");
                break;
            case XmlProcessingInstruction instruction:
                writer.Write("XMLPI(NAME ").Write(instruction.Name);
                if (instruction.Content is not null)
                {
                    writer.Write(", ");
                    ExpressionPrinter.Print(writer, instruction.Content);
                }

                writer.Write(")");
                break;
            case XmlRoot root:
                PrintRoot(writer, root);
                break;
            case XmlSerialize serialize:
                PrintSerialize(writer, serialize);
                break;
            case XmlExists exists:
                // Not even a cast may stand here without parentheses.
                writer.Write("XMLEXISTS((");
                ExpressionPrinter.Print(writer, exists.Path);
                writer.Write(") PASSING (");
                ExpressionPrinter.Print(writer, exists.Document);
                writer.Write("))");
                break;
            default:
                throw new InvalidOperationException($"A {expression.GetType().Name} can't be printed.");
        }
    }

    public static void PrintTable(SqlWriter writer, XmlTable table)
    {
        writer.Write(table.Lateral ? "LATERAL XMLTABLE(" : "XMLTABLE(");
        if (!table.Namespaces.IsEmpty)
        {
            writer.Write("XMLNAMESPACES(").List(table.Namespaces, static (w, n) => ClausePrinter.Print(w, n)).Write("), ");
        }

        // The row path is a c_expr in the grammar, the document too.
        writer.Write("(");
        ExpressionPrinter.Print(writer, table.RowPath);
        writer.Write(") PASSING (");
        ExpressionPrinter.Print(writer, table.Document);
        writer.Write(") COLUMNS ").List(table.Columns, static (w, c) => ClausePrinter.Print(w, c)).Write(")");
        FromPrinter.PrintAlias(writer, table.Alias);
    }

    public static void PrintColumn(SqlWriter writer, XmlTableColumn column)
    {
        writer.Write(column.Name).Write(" ");
        if (column.Type is null)
        {
            writer.Write("FOR ORDINALITY");
            return;
        }

        TypePrinter.Print(writer, column.Type);
        if (column.Path is not null)
        {
            writer.Write(" PATH (");
            ExpressionPrinter.Print(writer, column.Path);
            writer.Write(")");
        }

        if (column.Default is not null)
        {
            writer.Write(" DEFAULT (");
            ExpressionPrinter.Print(writer, column.Default);
            writer.Write(")");
        }

        writer.Write(column.NotNull ? " NOT NULL" : "");
    }

    private static string Kind(bool isDocument) => isDocument ? "DOCUMENT " : "CONTENT ";

    private static void PrintElement(SqlWriter writer, XmlElement element)
    {
        writer.Write("XMLELEMENT(NAME ").Write(element.Name);
        if (!element.Attributes.IsEmpty)
        {
            writer.Write(", XMLATTRIBUTES(").List(element.Attributes, static (w, a) => ClausePrinter.Print(w, a)).Write(")");
        }

        if (!element.Content.IsEmpty)
        {
            writer.Write(", ").List(element.Content, ExpressionPrinter.Print);
        }

        writer.Write(")");
    }

    private static void PrintRoot(SqlWriter writer, XmlRoot root)
    {
        writer.Write("XMLROOT(");
        ExpressionPrinter.Print(writer, root.Operand);
        writer.Write(", VERSION ");
        if (root.Version is null)
        {
            writer.Write("NO VALUE");
        }
        else
        {
            ExpressionPrinter.Print(writer, root.Version);
        }

        writer.Write(root.Standalone switch
        {
            XmlStandalone.Yes => ", STANDALONE YES)",
            XmlStandalone.No => ", STANDALONE NO)",
            XmlStandalone.NoValue => ", STANDALONE NO VALUE)",
            _ => ")",
        });
    }

    private static void PrintSerialize(SqlWriter writer, XmlSerialize serialize)
    {
        writer.Write("XMLSERIALIZE(").Write(Kind(serialize.IsDocument));
        ExpressionPrinter.Print(writer, serialize.Operand);
        writer.Write(" AS ");
        TypePrinter.Print(writer, serialize.Type);
        writer.Write(serialize.Indent switch
        {
            true => " INDENT)",
            false => " NO INDENT)",
            null => ")",
        });
    }
}
