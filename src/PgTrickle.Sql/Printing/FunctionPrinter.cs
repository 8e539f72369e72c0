using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Printing;

internal static class FunctionPrinter
{
    public static void Print(SqlWriter writer, SqlExpression expression)
    {
        switch (expression)
        {
            case FunctionCall call:
                PrintCall(writer, call);
                break;
            case ConditionalFunction conditional:
                writer.Write(conditional.Kind.ToString().ToUpperInvariant()).Write("(").List(conditional.Arguments, ExpressionPrinter.Print).Write(")");
                break;
            case GroupingFunction grouping:
                writer.Write("GROUPING(").List(grouping.Arguments, ExpressionPrinter.Print).Write(")");
                break;
            case SqlValueFunction value:
                writer.Write(SqlValueNames.Text(value.Kind));
                if (value.Precision is { } precision)
                {
                    writer.Write($"({precision})");
                }

                break;
        }
    }

    /// <summary>Prints what follows the arguments of an aggregate: FILTER and OVER.</summary>
    public static void PrintFilterAndOver(SqlWriter writer, SqlExpression? filter, WindowReference? over)
    {
        if (filter is not null)
        {
            writer.Write(" FILTER (WHERE ");
            ExpressionPrinter.Print(writer, filter);
            writer.Write(")");
        }

        if (over is not null)
        {
            writer.Write(" OVER ");
            PrintWindow(writer, over);
        }
    }

    public static void PrintWindow(SqlWriter writer, WindowReference window)
    {
        switch (window)
        {
            case NamedWindow named:
                writer.Write(named.Name);
                break;
            case WindowSpecification specification:
                PrintSpecification(writer, specification);
                break;
        }
    }

    private static void PrintCall(SqlWriter writer, FunctionCall call)
    {
        writer.Write(call.Name).Write("(");
        if (call.Star)
        {
            writer.Write("*");
        }

        if (call.Distinct)
        {
            writer.Write("DISTINCT ");
        }

        writer.List(call.Arguments, static (w, a) => ClausePrinter.Print(w, a));
        if (!call.OrderBy.IsEmpty)
        {
            writer.Write(" ORDER BY ").List(call.OrderBy, static (w, o) => ClausePrinter.Print(w, o));
        }

        writer.Write(")");
        if (!call.WithinGroup.IsEmpty)
        {
            writer.Write(" WITHIN GROUP (ORDER BY ").List(call.WithinGroup, static (w, o) => ClausePrinter.Print(w, o)).Write(")");
        }

        PrintFilterAndOver(writer, call.Filter, call.Over);
    }

    private static void PrintSpecification(SqlWriter writer, WindowSpecification window)
    {
        var separator = "";
        writer.Write("(");
        if (window.Base is not null)
        {
            writer.Write(window.Base);
            separator = " ";
        }

        if (!window.PartitionBy.IsEmpty)
        {
            writer.Write(separator).Write("PARTITION BY ").List(window.PartitionBy, ExpressionPrinter.Print);
            separator = " ";
        }

        if (!window.OrderBy.IsEmpty)
        {
            writer.Write(separator).Write("ORDER BY ").List(window.OrderBy, static (w, o) => ClausePrinter.Print(w, o));
            separator = " ";
        }

        if (window.Frame is not null)
        {
            writer.Write(separator);
            ClausePrinter.Print(writer, window.Frame);
        }

        writer.Write(")");
    }
}
