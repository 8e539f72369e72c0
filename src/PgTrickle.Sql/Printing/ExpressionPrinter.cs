using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Printing;

internal static class ExpressionPrinter
{
    /// <summary>Prints where the grammar takes any expression: between commas, parentheses or clause keywords.</summary>
    public static void Print(SqlWriter writer, SqlExpression expression)
    {
        switch (expression)
        {
            case Literal literal:
                LiteralPrinter.Print(writer, literal);
                break;
            case JsonExpression json:
                JsonPrinter.Print(writer, json);
                break;
            case XmlExpression xml:
                XmlPrinter.Print(writer, xml);
                break;
            case SpecialFunction special:
                SpecialFunctionPrinter.Print(writer, special);
                break;
            case FunctionCall or ConditionalFunction or GroupingFunction or SqlValueFunction:
                FunctionPrinter.Print(writer, expression);
                break;
            case SubqueryExpression or SubqueryComparison or InSubquery or ArrayComparison:
                PrintComparisonWithSet(writer, expression);
                break;
            case ColumnReference or WholeRowReference or AllColumns or Parameter:
                PrintReference(writer, expression);
                break;
            case ArrayConstructor or RowConstructor or FieldSelection or FieldExpansion or SubscriptExpression:
                PrintComposite(writer, expression);
                break;
            default:
                PrintOperator(writer, expression);
                break;
        }
    }

    /// <summary>Prints where only an expression that needs no precedence may stand; others get parentheses.</summary>
    public static void PrintOperand(SqlWriter writer, SqlExpression expression)
    {
        if (IsSelfContained(expression))
        {
            Print(writer, expression);
            return;
        }

        writer.Write("(");
        Print(writer, expression);
        writer.Write(")");
    }

    /// <summary>Prints a condition; in indented layout each operand of a conjunction or disjunction on its line.</summary>
    public static void PrintCondition(SqlWriter writer, SqlExpression condition)
    {
        if (!writer.IsIndented || condition is not LogicalExpression logical)
        {
            Print(writer, condition);
            return;
        }

        for (var i = 0; i < logical.Operands.Count; i++)
        {
            if (i > 0)
            {
                writer.Line().Write(Keyword(logical.Kind)).Write(" ");
            }

            PrintLogicalOperand(writer, logical.Operands[i]);
        }
    }

    private static string Keyword(LogicalKind kind) => kind == LogicalKind.And ? "AND" : "OR";

    private static bool IsSelfContained(SqlExpression expression) => expression switch
    {
        Cast or Literal or ColumnReference or WholeRowReference or Parameter or FieldSelection or SubscriptExpression => true,
        ArrayConstructor or RowConstructor or CaseExpression or SubqueryExpression => true,
        FunctionCall or ConditionalFunction or GroupingFunction or SqlValueFunction or XmlExpression => true,
        JsonExpression => expression is not IsJson,
        SpecialFunction => expression is not (AtTimeZone or IsNormalized or OverlapsExpression),
        _ => false,
    };

    private static void PrintReference(SqlWriter writer, SqlExpression expression)
    {
        switch (expression)
        {
            case ColumnReference { Relation: { } relation } column:
                writer.Write(relation).Write(".").Write(column.Name);
                break;
            case ColumnReference column:
                writer.Write(column.Name);
                break;
            case WholeRowReference row:
                writer.Write(row.Relation).Write(".*");
                break;
            case AllColumns:
                writer.Write("*");
                break;
            case Parameter parameter:
                writer.Write($"${parameter.Number}");
                break;
        }
    }

    private static void PrintComposite(SqlWriter writer, SqlExpression expression)
    {
        switch (expression)
        {
            case ArrayConstructor array:
                writer.Write("ARRAY[").List(array.Elements, Print).Write("]");
                break;
            case RowConstructor row:
                // One or no element in bare parentheses would be no row.
                writer.Write(row.Explicit || row.Elements.Count < 2 ? "ROW(" : "(").List(row.Elements, Print).Write(")");
                break;
            case FieldSelection selection:
                writer.Write("(");
                Print(writer, selection.Operand);
                writer.Write(").").Write(selection.Field);
                break;
            case FieldExpansion expansion:
                writer.Write("(");
                Print(writer, expansion.Operand);
                writer.Write(").*");
                break;
            case SubscriptExpression subscript:
                PrintSubscripts(writer, subscript);
                break;
        }
    }

    private static void PrintSubscripts(SqlWriter writer, SubscriptExpression expression)
    {
        // The grammar takes subscripts after names, parameters and parentheses only.
        if (expression.Operand is ColumnReference or Parameter)
        {
            Print(writer, expression.Operand);
        }
        else
        {
            writer.Write("(");
            Print(writer, expression.Operand);
            writer.Write(")");
        }

        foreach (var subscript in expression.Subscripts)
        {
            ClausePrinter.Print(writer, subscript);
        }
    }

    private static void PrintOperator(SqlWriter writer, SqlExpression expression)
    {
        switch (expression)
        {
            case Cast cast:
                PrintOperand(writer, cast.Operand);
                writer.Write("::");
                TypePrinter.Print(writer, cast.Type);
                break;
            case Collate collate:
                PrintOperand(writer, collate.Operand);
                writer.Write(" COLLATE ").Write(collate.Collation);
                break;
            case UnaryExpression unary:
                writer.Write(unary.Operator.ToString()).Write(" ");
                PrintOperand(writer, unary.Operand);
                break;
            case BinaryExpression binary:
                PrintOperand(writer, binary.Left);
                writer.Write($" {binary.Operator} ");
                PrintOperand(writer, binary.Right);
                break;
            case LogicalExpression logical:
                PrintLogical(writer, logical);
                break;
            case NotExpression not:
                writer.Write("NOT ");
                PrintOperand(writer, not.Operand);
                break;
            case IsExpression test:
                PrintOperand(writer, test.Operand);
                writer.Write(test.Negated ? " IS NOT " : " IS ").Write(test.Kind.ToString().ToUpperInvariant());
                break;
            case DistinctFrom distinct:
                PrintOperand(writer, distinct.Left);
                writer.Write(distinct.Negated ? " IS NOT DISTINCT FROM " : " IS DISTINCT FROM ");
                PrintOperand(writer, distinct.Right);
                break;
            case CaseExpression @case:
                PrintCase(writer, @case);
                break;
            default:
                throw new InvalidOperationException($"A {expression.GetType().Name} can't be printed.");
        }
    }

    private static void PrintLogical(SqlWriter writer, LogicalExpression logical)
    {
        if (logical.Operands.Count < 2)
        {
            throw new InvalidOperationException($"{Keyword(logical.Kind)} needs at least two operands.");
        }

        for (var i = 0; i < logical.Operands.Count; i++)
        {
            if (i > 0)
            {
                writer.Write(" ").Write(Keyword(logical.Kind)).Write(" ");
            }

            PrintLogicalOperand(writer, logical.Operands[i]);
        }
    }

    /// <summary>Everything but AND, OR and NOT binds tighter than those in every version.</summary>
    private static void PrintLogicalOperand(SqlWriter writer, SqlExpression operand)
    {
        if (operand is LogicalExpression or NotExpression)
        {
            PrintOperand(writer, operand);
        }
        else
        {
            Print(writer, operand);
        }
    }

    private static void PrintCase(SqlWriter writer, CaseExpression expression)
    {
        writer.Write("CASE ");
        if (expression.Operand is not null)
        {
            Print(writer, expression.Operand);
            writer.Write(" ");
        }

        foreach (var branch in expression.Branches)
        {
            ClausePrinter.Print(writer, branch);
            writer.Write(" ");
        }

        if (expression.Else is not null)
        {
            writer.Write("ELSE ");
            Print(writer, expression.Else);
            writer.Write(" ");
        }

        writer.Write("END");
    }

    private static void PrintComparisonWithSet(SqlWriter writer, SqlExpression expression)
    {
        switch (expression)
        {
            case SubqueryExpression subquery:
                writer.Write(subquery.Kind switch
                {
                    SubqueryKind.Exists => "EXISTS ",
                    SubqueryKind.Array => "ARRAY",
                    _ => "",
                });
                QueryPrinter.PrintInParentheses(writer, subquery.Query);
                break;
            case InSubquery membership:
                PrintOperand(writer, membership.Operand);
                writer.Write(" IN ");
                QueryPrinter.PrintInParentheses(writer, membership.Query);
                break;
            case SubqueryComparison comparison:
                PrintOperand(writer, comparison.Left);
                writer.Write($" {comparison.Operator} ").Write(Keyword(comparison.Quantifier)).Write(" ");
                QueryPrinter.PrintInParentheses(writer, comparison.Query);
                break;
            case ArrayComparison { Array: SubqueryExpression { Kind: SubqueryKind.Scalar } }:
                throw new InvalidOperationException("A subquery that yields an array needs a cast when it is compared by ANY or ALL; bare it would mean its rows.");
            case ArrayComparison comparison:
                PrintOperand(writer, comparison.Left);
                writer.Write($" {comparison.Operator} ").Write(Keyword(comparison.Quantifier)).Write(" (");
                Print(writer, comparison.Array);
                writer.Write(")");
                break;
        }
    }

    private static string Keyword(Quantifier quantifier) => quantifier == Quantifier.Any ? "ANY" : "ALL";
}
