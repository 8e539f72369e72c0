using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Printing;

internal static class StatementPrinter
{
    public static void Print(SqlWriter writer, SqlStatement statement)
    {
        if (statement is Query query)
        {
            QueryPrinter.Print(writer, query);
            return;
        }

        if (statement is DataDefinition definition)
        {
            DefinitionPrinter.Print(writer, definition);
            return;
        }

        if (statement is not DataModification modification)
        {
            throw new InvalidOperationException($"A {statement.GetType().Name} can't be printed.");
        }

        QueryPrinter.PrintWith(writer, modification.With);
        PrintModification(writer, modification);
        if (!modification.Returning.IsEmpty)
        {
            writer.Line().Write("RETURNING").LineList(modification.Returning, static (w, t) => ClausePrinter.Print(w, t));
        }
    }

    public static void PrintPart(SqlWriter writer, SqlNode node)
    {
        switch (node)
        {
            case Assignment assignment:
                writer.Write(assignment.Column).Write(" = ");
                ExpressionPrinter.Print(writer, assignment.Value);
                break;
            case MergeWhen branch:
                PrintBranch(writer, branch);
                break;
            case MergeAction action:
                PrintAction(writer, action);
                break;
            case AlterTableAction action:
                DefinitionPrinter.PrintAction(writer, action);
                break;
        }
    }

    private static void PrintModification(SqlWriter writer, DataModification modification)
    {
        switch (modification)
        {
            case InsertStatement insert:
                writer.Write("INSERT INTO ");
                ClausePrinter.Print(writer, insert.Target);
                PrintColumns(writer, insert.Columns);
                writer.Write(insert.OverridingSystemValue ? " OVERRIDING SYSTEM VALUE" : "").Line();
                QueryPrinter.Print(writer, insert.Source);
                break;
            case UpdateStatement update:
                writer.Write("UPDATE ");
                ClausePrinter.Print(writer, update.Target);
                writer.Line().Write("SET").LineList(update.Assignments, static (w, a) => PrintPart(w, a));
                PrintFrom(writer, "FROM", update.From);
                QueryPrinter.PrintWhere(writer, "WHERE ", update.Where);
                break;
            case DeleteStatement delete:
                writer.Write("DELETE FROM ");
                ClausePrinter.Print(writer, delete.Target);
                PrintFrom(writer, "USING", delete.Using);
                QueryPrinter.PrintWhere(writer, "WHERE ", delete.Where);
                break;
            case MergeStatement merge:
                PrintMerge(writer, merge);
                break;
            default:
                throw new InvalidOperationException($"A {modification.GetType().Name} can't be printed.");
        }
    }

    private static void PrintFrom(SqlWriter writer, string keyword, SyntaxList<FromItem> items)
    {
        if (!items.IsEmpty)
        {
            writer.Line().Write(keyword).LineList(items, FromPrinter.Print);
        }
    }

    private static void PrintColumns(SqlWriter writer, SyntaxList<SqlIdentifier> columns)
    {
        if (!columns.IsEmpty)
        {
            writer.Write(" ").Names(columns);
        }
    }

    private static void PrintMerge(SqlWriter writer, MergeStatement merge)
    {
        writer.Write("MERGE INTO ");
        ClausePrinter.Print(writer, merge.Target);
        writer.Line().Write("USING ");
        FromPrinter.PrintItem(writer, merge.Source);
        writer.Line().Write("ON ");
        ExpressionPrinter.PrintCondition(writer, merge.On);
        foreach (var branch in merge.Branches)
        {
            writer.Line();
            PrintBranch(writer, branch);
        }
    }

    private static void PrintBranch(SqlWriter writer, MergeWhen branch)
    {
        writer.Write(branch.Matched ? "WHEN MATCHED" : "WHEN NOT MATCHED");
        if (branch.Condition is not null)
        {
            // AND stands between the words and the condition, hence an OR inside needs its parentheses.
            writer.Write(" AND ");
            ExpressionPrinter.PrintOperand(writer, branch.Condition);
        }

        writer.Write(" THEN").Block(() => PrintAction(writer, branch.Action));
    }

    private static void PrintAction(SqlWriter writer, MergeAction action)
    {
        switch (action)
        {
            case MergeUpdate update:
                writer.Write("UPDATE SET ").List(update.Assignments, static (w, a) => PrintPart(w, a));
                break;
            case MergeDelete:
                writer.Write("DELETE");
                break;
            case MergeInsert insert:
                writer.Write("INSERT");
                PrintColumns(writer, insert.Columns);
                writer.Write(insert.OverridingSystemValue ? " OVERRIDING SYSTEM VALUE" : "");
                writer.Write(" VALUES (").List(insert.Values, ExpressionPrinter.Print).Write(")");
                break;
            case MergeDoNothing:
                writer.Write("DO NOTHING");
                break;
            default:
                throw new InvalidOperationException($"A {action.GetType().Name} can't be printed.");
        }
    }
}
