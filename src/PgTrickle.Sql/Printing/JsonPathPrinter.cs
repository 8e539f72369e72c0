using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Printing;

/// <summary>Prints what applies a JSON path: the query functions and JSON_TABLE.</summary>
internal static class JsonPathPrinter
{
    public static void PrintQuery(SqlWriter writer, JsonQueryFunction query)
    {
        writer.Write($"JSON_{query.Kind.ToString().ToUpperInvariant()}(");
        JsonPrinter.PrintValue(writer, query.Context);
        writer.Write(", ");
        ExpressionPrinter.Print(writer, query.Path);
        PrintPassing(writer, query.Passing);
        if (query.Returning is not null)
        {
            writer.Write(" ");
            JsonPrinter.PrintReturning(writer, query.Returning);
        }

        PrintOutput(writer, query.Output);
        writer.Write(")");
    }

    public static void PrintTable(SqlWriter writer, JsonTable table)
    {
        writer.Write(table.Lateral ? "LATERAL JSON_TABLE(" : "JSON_TABLE(");
        JsonPrinter.PrintValue(writer, table.Context);
        writer.Write(", ");
        ExpressionPrinter.Print(writer, table.Path);
        writer.Write(table.PathName is null ? "" : $" AS {table.PathName}");
        PrintPassing(writer, table.Passing);
        writer.Write(" COLUMNS (").List(table.Columns, PrintColumn).Write(")");
        PrintBehavior(writer, table.OnError, " ON ERROR");
        writer.Write(")");
        FromPrinter.PrintAlias(writer, table.Alias);
    }

    public static void PrintColumn(SqlWriter writer, JsonTableColumn column)
    {
        switch (column)
        {
            case JsonOrdinalityColumn ordinality:
                writer.Write(ordinality.Name).Write(" FOR ORDINALITY");
                break;
            case JsonValueColumn value:
                writer.Write(value.Name).Write(" ");
                TypePrinter.Print(writer, value.Type);
                JsonPrinter.PrintFormat(writer, value.Format);
                PrintPath(writer, value.Path);
                PrintOutput(writer, value.Output);
                break;
            case JsonExistsColumn exists:
                writer.Write(exists.Name).Write(" ");
                TypePrinter.Print(writer, exists.Type);
                writer.Write(" EXISTS");
                PrintPath(writer, exists.Path);
                PrintBehavior(writer, exists.OnError, " ON ERROR");
                break;
            case JsonNestedColumns nested:
                writer.Write("NESTED PATH ");
                ExpressionPrinter.Print(writer, nested.Path);
                writer.Write(nested.PathName is null ? "" : $" AS {nested.PathName}");
                writer.Write(" COLUMNS (").List(nested.Columns, PrintColumn).Write(")");
                break;
            default:
                throw new InvalidOperationException($"A {column.GetType().Name} can't be printed.");
        }
    }

    /// <summary>Prints the options of a path's result, each after a blank.</summary>
    public static void PrintOutput(SqlWriter writer, JsonOutput output)
    {
        writer.Write(output.Wrapper switch
        {
            JsonWrapper.Without => " WITHOUT WRAPPER",
            JsonWrapper.Conditional => " WITH CONDITIONAL WRAPPER",
            JsonWrapper.Unconditional => " WITH UNCONDITIONAL WRAPPER",
            _ => "",
        });
        writer.Write(output.Quotes switch
        {
            JsonQuotes.Keep => " KEEP QUOTES",
            JsonQuotes.Omit => " OMIT QUOTES",
            _ => "",
        });
        PrintBehavior(writer, output.OnEmpty, " ON EMPTY");
        PrintBehavior(writer, output.OnError, " ON ERROR");
    }

    public static void PrintBehavior(SqlWriter writer, JsonBehavior? behavior, string on)
    {
        if (behavior is null)
        {
            return;
        }

        writer.Write(behavior.Kind switch
        {
            JsonBehaviorKind.EmptyArray => " EMPTY ARRAY",
            JsonBehaviorKind.EmptyObject => " EMPTY OBJECT",
            _ => $" {behavior.Kind.ToString().ToUpperInvariant()}",
        });
        if (behavior.Default is not null)
        {
            writer.Write(" ");
            ExpressionPrinter.PrintOperand(writer, behavior.Default);
        }

        writer.Write(on);
    }

    private static void PrintPath(SqlWriter writer, SqlExpression? path)
    {
        if (path is not null)
        {
            writer.Write(" PATH ");
            ExpressionPrinter.Print(writer, path);
        }
    }

    private static void PrintPassing(SqlWriter writer, SyntaxList<JsonPassing> passing)
    {
        if (!passing.IsEmpty)
        {
            writer.Write(" PASSING ").List(passing, static (w, p) => ClausePrinter.Print(w, p));
        }
    }
}
