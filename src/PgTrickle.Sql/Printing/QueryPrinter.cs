using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Printing;

internal static class QueryPrinter
{
    public static void Print(SqlWriter writer, Query query)
    {
        PrintWith(writer, query.With);
        PrintBody(writer, query.Body);
        if (!query.OrderBy.IsEmpty)
        {
            writer.Line().Write("ORDER BY ").List(query.OrderBy, static (w, o) => ClausePrinter.Print(w, o));
        }

        if (query.Offset is not null)
        {
            writer.Line().Write("OFFSET ");
            ExpressionPrinter.Print(writer, query.Offset);
        }

        PrintLimit(writer, query);
        foreach (var locking in query.Locking)
        {
            writer.Line();
            ClausePrinter.Print(writer, locking);
        }
    }

    public static void PrintInParentheses(SqlWriter writer, SqlStatement statement)
        => writer.ParenthesizedBlock(() => StatementPrinter.Print(writer, statement));

    public static void PrintWith(SqlWriter writer, WithClause? with)
    {
        if (with is not null)
        {
            ClausePrinter.Print(writer, with);
            writer.Line();
        }
    }

    public static void PrintBody(SqlWriter writer, QueryBody body)
    {
        switch (body)
        {
            case SelectBody select:
                PrintSelect(writer, select);
                break;
            case ValuesBody values:
                writer.Write("VALUES").LineList(values.Rows, static (w, r) => ClausePrinter.Print(w, r));
                break;
            case SetOperation operation:
                PrintSetOperation(writer, operation);
                break;
            case NestedQuery nested:
                PrintInParentheses(writer, nested.Query);
                break;
            default:
                throw new InvalidOperationException($"A {body.GetType().Name} can't be printed.");
        }
    }

    private static void PrintLimit(SqlWriter writer, Query query)
    {
        if (query.Limit is null)
        {
            if (query.WithTies)
            {
                throw new InvalidOperationException("WITH TIES needs a limit.");
            }

            return;
        }

        writer.Line();
        if (query.WithTies)
        {
            writer.Write("FETCH FIRST (");
            ExpressionPrinter.Print(writer, query.Limit);
            writer.Write(") ROWS WITH TIES");
            return;
        }

        writer.Write("LIMIT ");
        ExpressionPrinter.Print(writer, query.Limit);
    }

    private static void PrintSelect(SqlWriter writer, SelectBody select)
    {
        writer.Write("SELECT");
        if (select.Distinct is not null)
        {
            writer.Write(" ");
            ClausePrinter.Print(writer, select.Distinct);
        }

        if (!select.Targets.IsEmpty)
        {
            writer.LineList(select.Targets, static (w, t) => ClausePrinter.Print(w, t));
        }

        if (!select.From.IsEmpty)
        {
            writer.Line().Write("FROM").LineList(select.From, FromPrinter.Print);
        }

        PrintWhere(writer, "WHERE ", select.Where);
        if (select.GroupBy is not null)
        {
            writer.Line();
            ClausePrinter.Print(writer, select.GroupBy);
        }

        PrintWhere(writer, "HAVING ", select.Having);
        if (!select.Windows.IsEmpty)
        {
            writer.Line().Write("WINDOW").LineList(select.Windows, static (w, d) => ClausePrinter.Print(w, d));
        }
    }

    public static void PrintWhere(SqlWriter writer, string keyword, SqlExpression? condition)
    {
        if (condition is null)
        {
            return;
        }

        writer.Line().Write(keyword);
        ExpressionPrinter.PrintCondition(writer, condition);
    }

    private static void PrintSetOperation(SqlWriter writer, SetOperation operation)
    {
        // INTERSECT binds tighter than the others, all associate to the left.
        PrintSide(writer, operation.Left, operation.Left is SetOperation left && Precedence(left) < Precedence(operation));
        writer.Line().Write(operation.Kind.ToString().ToUpperInvariant()).Write(operation.All ? " ALL" : "").Line();
        PrintSide(writer, operation.Right, operation.Right is SetOperation);
    }

    private static int Precedence(SetOperation operation) => operation.Kind == SetOperationKind.Intersect ? 1 : 0;

    private static void PrintSide(SqlWriter writer, QueryBody side, bool parentheses)
    {
        if (parentheses)
        {
            writer.ParenthesizedBlock(() => PrintBody(writer, side));
        }
        else
        {
            PrintBody(writer, side);
        }
    }
}
