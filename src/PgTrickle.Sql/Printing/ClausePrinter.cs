using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Printing;

/// <summary>Prints the nodes that are parts of expressions, queries and statements.</summary>
internal static class ClausePrinter
{
    public static void Print(SqlWriter writer, SqlNode node)
    {
        switch (node)
        {
            case FunctionArgument or OrderItem or CaseBranch or Subscript or WindowFrame or FrameBound or WindowReference:
                PrintExpressionPart(writer, node);
                break;
            case JsonValue or JsonReturning or JsonEntry or JsonBehavior or JsonPassing or JsonOutput or JsonTableColumn:
                PrintJson(writer, node);
                break;
            case XmlNamedValue or XmlNamespace or XmlTableColumn:
                PrintXml(writer, node);
                break;
            case WithClause or CommonTableExpression or CycleClause:
                CommonTableExpressionPrinter.Print(writer, node);
                break;
            case GroupByClause or GroupingElement:
                GroupingPrinter.Print(writer, node);
                break;
            case TableSample or TableFunction or ColumnDefinition or JoinCondition or TargetTable:
                PrintFromPart(writer, node);
                break;
            case Assignment or MergeWhen or MergeAction or AlterTableAction:
                StatementPrinter.PrintPart(writer, node);
                break;
            default:
                PrintQueryPart(writer, node);
                break;
        }
    }

    private static void PrintExpressionPart(SqlWriter writer, SqlNode node)
    {
        switch (node)
        {
            case FunctionArgument argument:
                writer.Write(argument.Variadic ? "VARIADIC " : "");
                writer.Write(argument.Name is null ? "" : $"{argument.Name} => ");
                ExpressionPrinter.Print(writer, argument.Value);
                break;
            case OrderItem item:
                PrintOrderItem(writer, item);
                break;
            case CaseBranch branch:
                writer.Write("WHEN ");
                ExpressionPrinter.Print(writer, branch.Condition);
                writer.Write(" THEN ");
                ExpressionPrinter.Print(writer, branch.Result);
                break;
            case Subscript subscript:
                PrintSubscript(writer, subscript);
                break;
            case WindowFrame frame:
                PrintFrame(writer, frame);
                break;
            case FrameBound bound:
                PrintBound(writer, bound);
                break;
            case WindowReference window:
                FunctionPrinter.PrintWindow(writer, window);
                break;
        }
    }

    private static void PrintQueryPart(SqlWriter writer, SqlNode node)
    {
        switch (node)
        {
            case SelectTarget target:
                ExpressionPrinter.Print(writer, target.Expression);
                writer.Write(target.Alias is null ? "" : $" AS {target.Alias}");
                break;
            case ValuesRow row:
                writer.Write("(").List(row.Values, ExpressionPrinter.Print).Write(")");
                break;
            case DistinctClause { On.IsEmpty: true }:
                writer.Write("DISTINCT");
                break;
            case DistinctClause distinct:
                writer.Write("DISTINCT ON (").List(distinct.On, ExpressionPrinter.Print).Write(")");
                break;
            case WindowDefinition window:
                writer.Write(window.Name).Write(" AS ");
                FunctionPrinter.PrintWindow(writer, window.Specification);
                break;
            case LockingClause locking:
                PrintLocking(writer, locking);
                break;
            default:
                throw new InvalidOperationException($"A {node.GetType().Name} can't be printed.");
        }
    }

    private static void PrintFromPart(SqlWriter writer, SqlNode node)
    {
        switch (node)
        {
            case TableSample sample:
                writer.Write("TABLESAMPLE ").Write(sample.Method).Write(" (").List(sample.Arguments, ExpressionPrinter.Print).Write(")");
                if (sample.Seed is not null)
                {
                    writer.Write(" REPEATABLE (");
                    ExpressionPrinter.Print(writer, sample.Seed);
                    writer.Write(")");
                }

                break;
            case TableFunction function:
                FromPrinter.PrintCall(writer, function.Call);
                if (!function.Columns.IsEmpty)
                {
                    writer.Write(" AS (").List(function.Columns, static (w, c) => Print(w, c)).Write(")");
                }

                break;
            case ColumnDefinition column:
                writer.Write(column.Name).Write(" ");
                TypePrinter.Print(writer, column.Type);
                writer.Write(column.Collation is null ? "" : $" COLLATE {column.Collation}");
                break;
            case JoinOn on:
                writer.Write("ON ");
                ExpressionPrinter.PrintCondition(writer, on.Predicate);
                break;
            case JoinUsing @using:
                writer.Write("USING ").Names(@using.Columns).Write(@using.Alias is null ? "" : $" AS {@using.Alias}");
                break;
            case TargetTable target:
                writer.Write(target.Only ? "ONLY " : "").Write(target.Name).Write(target.Alias is null ? "" : $" AS {target.Alias}");
                break;
        }
    }

    private static void PrintJson(SqlWriter writer, SqlNode node)
    {
        switch (node)
        {
            case JsonValue value:
                JsonPrinter.PrintValue(writer, value);
                break;
            case JsonReturning returning:
                JsonPrinter.PrintReturning(writer, returning);
                break;
            case JsonEntry entry:
                JsonPrinter.PrintEntry(writer, entry);
                break;
            case JsonBehavior behavior:
                JsonPathPrinter.PrintBehavior(writer, behavior, "");
                break;
            case JsonPassing passing:
                JsonPrinter.PrintValue(writer, passing.Value);
                writer.Write($" AS {passing.Name}");
                break;
            case JsonOutput output:
                JsonPathPrinter.PrintOutput(writer, output);
                break;
            case JsonTableColumn column:
                JsonPathPrinter.PrintColumn(writer, column);
                break;
        }
    }

    private static void PrintXml(SqlWriter writer, SqlNode node)
    {
        switch (node)
        {
            case XmlNamedValue value:
                ExpressionPrinter.Print(writer, value.Value);
                writer.Write(value.Name is null ? "" : $" AS {value.Name}");
                break;
            case XmlNamespace @namespace:
                writer.Write(@namespace.Name is null ? "DEFAULT " : "");
                ExpressionPrinter.PrintOperand(writer, @namespace.Uri);
                writer.Write(@namespace.Name is null ? "" : $" AS {@namespace.Name}");
                break;
            case XmlTableColumn column:
                XmlPrinter.PrintColumn(writer, column);
                break;
        }
    }

    private static void PrintOrderItem(SqlWriter writer, OrderItem item)
    {
        if (item is { Using: not null, Descending: true })
        {
            throw new InvalidOperationException("ORDER BY takes a direction or USING, not both.");
        }

        ExpressionPrinter.Print(writer, item.Expression);
        writer.Write(item.Using switch
        {
            null => item.Descending ? " DESC" : "",
            { Schema: null } plain => $" USING {plain.Symbol}",
            var qualified => $" USING {qualified}",
        });
        writer.Write(item.NullsFirst switch
        {
            true => " NULLS FIRST",
            false => " NULLS LAST",
            null => "",
        });
    }

    private static void PrintSubscript(SqlWriter writer, Subscript subscript)
    {
        writer.Write("[");
        if (subscript.Lower is not null)
        {
            ExpressionPrinter.PrintOperand(writer, subscript.Lower);
        }

        // The blanks keep a cast or a name after the colon from being read together with it.
        writer.Write(subscript.IsSlice ? " : " : "");
        if (subscript.Upper is not null)
        {
            ExpressionPrinter.PrintOperand(writer, subscript.Upper);
        }

        writer.Write("]");
    }

    private static void PrintFrame(SqlWriter writer, WindowFrame frame)
    {
        writer.Write(frame.Unit.ToString().ToUpperInvariant()).Write(frame.End is null ? " " : " BETWEEN ");
        PrintBound(writer, frame.Start);
        if (frame.End is not null)
        {
            writer.Write(" AND ");
            PrintBound(writer, frame.End);
        }

        writer.Write(frame.Exclusion switch
        {
            FrameExclusion.CurrentRow => " EXCLUDE CURRENT ROW",
            FrameExclusion.Group => " EXCLUDE GROUP",
            FrameExclusion.Ties => " EXCLUDE TIES",
            _ => "",
        });
    }

    private static void PrintBound(SqlWriter writer, FrameBound bound)
    {
        if (bound.Offset is not null)
        {
            ExpressionPrinter.PrintOperand(writer, bound.Offset);
            writer.Write(" ");
        }

        writer.Write(bound.Kind switch
        {
            FrameBoundKind.UnboundedPreceding => "UNBOUNDED PRECEDING",
            FrameBoundKind.Preceding => "PRECEDING",
            FrameBoundKind.CurrentRow => "CURRENT ROW",
            FrameBoundKind.Following => "FOLLOWING",
            _ => "UNBOUNDED FOLLOWING",
        });
    }

    private static void PrintLocking(SqlWriter writer, LockingClause locking)
    {
        writer.Write(locking.Strength switch
        {
            LockStrength.Update => "FOR UPDATE",
            LockStrength.NoKeyUpdate => "FOR NO KEY UPDATE",
            LockStrength.Share => "FOR SHARE",
            _ => "FOR KEY SHARE",
        });
        if (!locking.Relations.IsEmpty)
        {
            writer.Write(" OF ").List(locking.Relations, static (w, r) => w.Write(r));
        }

        writer.Write(locking.Wait switch
        {
            LockWait.NoWait => " NOWAIT",
            LockWait.SkipLocked => " SKIP LOCKED",
            _ => "",
        });
    }
}
