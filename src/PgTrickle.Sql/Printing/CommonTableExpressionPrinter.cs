using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Printing;

internal static class CommonTableExpressionPrinter
{
    public static void Print(SqlWriter writer, SqlNode node)
    {
        switch (node)
        {
            case WithClause with:
                writer.Write(with.Recursive ? "WITH RECURSIVE" : "WITH").LineList(with.Tables, PrintTable);
                break;
            case CommonTableExpression table:
                PrintTable(writer, table);
                break;
            case CycleClause cycle:
                PrintCycle(writer, cycle);
                break;
        }
    }

    private static void PrintTable(SqlWriter writer, CommonTableExpression table)
    {
        writer.Write(table.Name);
        if (!table.Columns.IsEmpty)
        {
            writer.Names(table.Columns);
        }

        writer.Write(table.Materialized switch
        {
            true => " AS MATERIALIZED ",
            false => " AS NOT MATERIALIZED ",
            null => " AS ",
        });
        QueryPrinter.PrintInParentheses(writer, table.Statement);
        if (table.Search is { } search)
        {
            writer.Write(search.BreadthFirst ? " SEARCH BREADTH FIRST BY " : " SEARCH DEPTH FIRST BY ");
            writer.List(search.Columns, static (w, c) => w.Write(c)).Write($" SET {search.SequenceColumn}");
        }

        if (table.Cycle is not null)
        {
            writer.Write(" ");
            PrintCycle(writer, table.Cycle);
        }
    }

    private static void PrintCycle(SqlWriter writer, CycleClause cycle)
    {
        if (cycle.MarkValue is null != cycle.MarkDefault is null)
        {
            throw new InvalidOperationException("CYCLE has both mark values or none.");
        }

        writer.Write("CYCLE ").List(cycle.Columns, static (w, c) => w.Write(c)).Write($" SET {cycle.MarkColumn}");
        if (cycle is { MarkValue: { } value, MarkDefault: { } other })
        {
            writer.Write(" TO ");
            PrintConstant(writer, value);
            writer.Write(" DEFAULT ");
            PrintConstant(writer, other);
        }

        writer.Write($" USING {cycle.PathColumn}");
    }

    /// <summary>The grammar takes constants only, and a typed one only as <c>type 'text'</c> (which PostgreSQL itself doesn't print).</summary>
    private static void PrintConstant(SqlWriter writer, SqlExpression expression)
    {
        switch (expression)
        {
            case Literal literal:
                LiteralPrinter.Print(writer, literal);
                break;
            case Cast { Operand: Literal { Kind: LiteralKind.String } literal, Type.ArrayDimensions: 0 } constant:
                TypePrinter.Print(writer, constant.Type);
                writer.Write(" ");
                LiteralPrinter.Print(writer, literal);
                break;
            default:
                throw new InvalidOperationException("The marks of CYCLE are constants.");
        }
    }
}
