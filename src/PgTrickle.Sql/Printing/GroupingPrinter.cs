using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Printing;

internal static class GroupingPrinter
{
    public static void Print(SqlWriter writer, SqlNode node)
    {
        switch (node)
        {
            case GroupByClause clause:
                writer.Write(clause.Distinct ? "GROUP BY DISTINCT " : "GROUP BY ").List(clause.Elements, PrintElement);
                break;
            case GroupingElement element:
                PrintElement(writer, element);
                break;
        }
    }

    private static void PrintElement(SqlWriter writer, GroupingElement element)
    {
        switch (element)
        {
            case GroupingExpressions { Expressions.Count: 1 } single:
                ExpressionPrinter.Print(writer, single.Expressions[0]);
                break;
            case GroupingExpressions several:
                writer.Write("(").List(several.Expressions, ExpressionPrinter.Print).Write(")");
                break;
            case GroupingSets sets:
                writer.Write(sets.Kind switch
                {
                    GroupingSetsKind.Rollup => "ROLLUP(",
                    GroupingSetsKind.Cube => "CUBE(",
                    _ => "GROUPING SETS (",
                });
                writer.List(sets.Elements, PrintElement).Write(")");
                break;
        }
    }
}
