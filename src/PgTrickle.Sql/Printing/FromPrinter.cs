using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Printing;

internal static class FromPrinter
{
    public static void Print(SqlWriter writer, FromItem item)
    {
        switch (item)
        {
            case TableReference table:
                writer.Write(table.Only ? "ONLY " : "").Write(table.Name);
                PrintAlias(writer, table.Alias);
                if (table.Sample is not null)
                {
                    writer.Write(" ");
                    ClausePrinter.Print(writer, table.Sample);
                }

                break;
            case DerivedTable derived:
                writer.Write(derived.Lateral ? "LATERAL " : "");
                QueryPrinter.PrintInParentheses(writer, derived.Query);
                PrintAlias(writer, derived.Alias);
                break;
            case FunctionTable functions:
                PrintFunctions(writer, functions);
                break;
            case JoinedTable join:
                PrintJoin(writer, join);
                break;
            case XmlTable table:
                XmlPrinter.PrintTable(writer, table);
                break;
            case JsonTable table:
                JsonPathPrinter.PrintTable(writer, table);
                break;
            default:
                throw new InvalidOperationException($"A {item.GetType().Name} can't be printed.");
        }
    }

    /// <summary>Prints where only one item may stand: a join gets parentheses.</summary>
    public static void PrintItem(SqlWriter writer, FromItem item)
    {
        if (item is JoinedTable { Alias: null } join)
        {
            writer.ParenthesizedBlock(() => PrintJoinBody(writer, join));
        }
        else
        {
            Print(writer, item);
        }
    }

    public static void PrintAlias(SqlWriter writer, TableAlias? alias)
    {
        if (alias is null)
        {
            return;
        }

        writer.Write(" AS ").Write(alias.Name);
        if (!alias.Columns.IsEmpty)
        {
            writer.Names(alias.Columns);
        }
    }

    private static void PrintFunctions(SqlWriter writer, FunctionTable table)
    {
        writer.Write(table.Lateral ? "LATERAL " : "");
        if (table.RowsFrom || table.Functions.Count != 1)
        {
            writer.Write("ROWS FROM(").List(table.Functions, static (w, f) => ClausePrinter.Print(w, f)).Write(")");
            PrintOrdinality(writer, table);
            PrintAlias(writer, table.Alias);
            return;
        }

        PrintCall(writer, table.Functions[0].Call);
        PrintOrdinality(writer, table);
        var columns = table.Functions[0].Columns;
        if (columns.IsEmpty)
        {
            PrintAlias(writer, table.Alias);
            return;
        }

        if (table.Alias is { Columns.IsEmpty: false })
        {
            throw new InvalidOperationException("A function's column definitions name the columns; the alias can't name them, too.");
        }

        writer.Write(" AS ").Write(table.Alias?.Name.ToString() ?? "");
        writer.Write("(").List(columns, static (w, c) => ClausePrinter.Print(w, c)).Write(")");
    }

    /// <summary>FROM takes what looks like a call only, hence a cast in the spelling that does.</summary>
    public static void PrintCall(SqlWriter writer, SqlExpression call)
    {
        if (call is not Cast cast)
        {
            ExpressionPrinter.Print(writer, call);
            return;
        }

        writer.Write("CAST(");
        ExpressionPrinter.Print(writer, cast.Operand);
        writer.Write(" AS ");
        TypePrinter.Print(writer, cast.Type);
        writer.Write(")");
    }

    private static void PrintOrdinality(SqlWriter writer, FunctionTable table)
        => writer.Write(table.WithOrdinality ? " WITH ORDINALITY" : "");

    private static void PrintJoin(SqlWriter writer, JoinedTable join)
    {
        if (join.Alias is not null)
        {
            writer.ParenthesizedBlock(() => PrintJoinBody(writer, join));
            PrintAlias(writer, join.Alias);
            return;
        }

        PrintJoinBody(writer, join);
    }

    private static void PrintJoinBody(SqlWriter writer, JoinedTable join)
    {
        if ((join.Kind == JoinKind.Cross) != (join.Condition is null))
        {
            throw new InvalidOperationException("A cross join has no condition, every other join has one.");
        }

        Print(writer, join.Left);
        writer.Line().Write(join.Kind switch
        {
            JoinKind.Cross => "CROSS JOIN ",
            JoinKind.Left => "LEFT JOIN ",
            JoinKind.Right => "RIGHT JOIN ",
            JoinKind.Full => "FULL JOIN ",
            _ => "JOIN ",
        });
        PrintItem(writer, join.Right);
        if (join.Condition is not null)
        {
            writer.Write(" ");
            ClausePrinter.Print(writer, join.Condition);
        }
    }
}
