using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Printing;

/// <summary>How SQL text is laid out.</summary>
public enum SqlLayout
{
    /// <summary>On one line: for execution.</summary>
    Compact,

    /// <summary>A clause a line, indented: for people.</summary>
    Indented,
}

/// <summary>
/// Prints trees as SQL. Operands are put in parentheses wherever precedence could matter, so the text doesn't depend on the precedence table
/// of a PostgreSQL version; parsing the text again gives an equal tree.
/// </summary>
public static class SqlPrinter
{
    /// <summary>The SQL text of <paramref name="node"/>; always ends without a line break.</summary>
    /// <exception cref="InvalidOperationException">The tree means something that SQL can't say; the message tells what.</exception>
    public static string Print(SqlNode node, SqlLayout layout = SqlLayout.Compact)
    {
        ArgumentNullException.ThrowIfNull(node);
        var writer = new SqlWriter(layout);
        PrintNode(writer, node);
        return writer.ToString();
    }

    private static void PrintNode(SqlWriter writer, SqlNode node)
    {
        switch (node)
        {
            case SqlExpression expression:
                ExpressionPrinter.Print(writer, expression);
                break;
            case SqlStatement statement:
                StatementPrinter.Print(writer, statement);
                break;
            case QueryBody body:
                QueryPrinter.PrintBody(writer, body);
                break;
            case FromItem item:
                FromPrinter.Print(writer, item);
                break;
            case TypeName type:
                TypePrinter.Print(writer, type);
                break;
            default:
                ClausePrinter.Print(writer, node);
                break;
        }
    }
}
