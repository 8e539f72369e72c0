using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Printing;

internal static class LiteralPrinter
{
    public static void Print(SqlWriter writer, Literal literal) => writer.Write(literal.Kind switch
    {
        LiteralKind.Null => "NULL",
        LiteralKind.Boolean or LiteralKind.Number => literal.Text,
        LiteralKind.String => Quote(literal.Text),
        LiteralKind.BitString => $"B'{literal.Text}'",
        LiteralKind.HexString => $"X'{literal.Text}'",
        _ => throw new InvalidOperationException($"A literal of kind {literal.Kind} can't be printed."),
    });

    /// <summary>A string constant that reads the same whatever <c>standard_conforming_strings</c> says.</summary>
    private static string Quote(string value)
    {
        var quoted = $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";
        return value.Contains('\\', StringComparison.Ordinal) ? "E" + quoted.Replace("\\", "\\\\", StringComparison.Ordinal) : quoted;
    }
}
