using System.Collections.Frozen;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Printing;

internal static class SpecialFunctionPrinter
{
    private static readonly FrozenSet<string> Fields = FrozenSet.Create(StringComparer.Ordinal,
        "century", "day", "decade", "dow", "doy", "epoch", "hour", "isodow", "isoyear", "julian", "microseconds", "millennium", "milliseconds", "minute",
        "month", "quarter", "second", "timezone", "timezone_hour", "timezone_minute", "week", "year");

    public static void Print(SqlWriter writer, SpecialFunction function)
    {
        switch (function)
        {
            case AtTimeZone at:
                PrintAtTimeZone(writer, at);
                break;
            case ExtractExpression extract:
                PrintExtract(writer, extract);
                break;
            case SubstringExpression substring:
                PrintSubstring(writer, substring);
                break;
            case SimilarSubstring similar:
                PrintSimilar(writer, similar);
                break;
            case OverlayExpression overlay:
                Parts(writer, "OVERLAY(", overlay.Operand, " PLACING ", overlay.Replacement, " FROM ", overlay.From, " FOR ", overlay.For);
                writer.Write(")");
                break;
            case PositionExpression position:
                writer.Write("POSITION(");
                ExpressionPrinter.PrintOperand(writer, position.Substring);
                writer.Write(" IN ");
                ExpressionPrinter.PrintOperand(writer, position.Operand);
                writer.Write(")");
                break;
            case TrimExpression trim:
                PrintTrim(writer, trim);
                break;
            case NormalizeExpression normalize:
                Parts(writer, "NORMALIZE(", normalize.Operand);
                writer.Write(normalize.Form is { } form ? $", {Keyword(form)})" : ")");
                break;
            case IsNormalized normalized:
                ExpressionPrinter.PrintOperand(writer, normalized.Operand);
                writer.Write(normalized.Form is { } ofForm ? $" IS {Keyword(ofForm)} NORMALIZED" : " IS NORMALIZED");
                break;
            case OverlapsExpression overlaps:
                ExpressionPrinter.Print(writer, overlaps.Left);
                writer.Write(" OVERLAPS ");
                ExpressionPrinter.Print(writer, overlaps.Right);
                break;
            case CollationFor collation:
                Parts(writer, "COLLATION FOR (", collation.Operand);
                writer.Write(")");
                break;
            default:
                throw new InvalidOperationException($"A {function.GetType().Name} can't be printed.");
        }
    }

    private static string Keyword(UnicodeForm form) => form.ToString().ToUpperInvariant();

    private static void PrintExtract(SqlWriter writer, ExtractExpression extract)
    {
        writer.Write("EXTRACT(");

        // Bare keywords, even unreserved ones, are no fields; a string may always stand here.
        if (Fields.Contains(extract.Field.Value))
        {
            writer.Write(extract.Field.Value);
        }
        else
        {
            LiteralPrinter.Print(writer, SqlFactory.String(extract.Field.Value));
        }

        writer.Write(" FROM ");
        ExpressionPrinter.Print(writer, extract.Source);
        writer.Write(")");
    }

    private static void PrintAtTimeZone(SqlWriter writer, AtTimeZone at)
    {
        ExpressionPrinter.PrintOperand(writer, at.Operand);
        if (at.Zone is null)
        {
            writer.Write(" AT LOCAL");
            return;
        }

        writer.Write(" AT TIME ZONE ");
        ExpressionPrinter.PrintOperand(writer, at.Zone);
    }

    private static void PrintSubstring(SqlWriter writer, SubstringExpression substring)
    {
        if (substring.From is null && substring.For is null)
        {
            throw new InvalidOperationException("SUBSTRING needs a start or a length.");
        }

        Parts(writer, "SUBSTRING(", substring.Operand, " FROM ", substring.From, " FOR ", substring.For);
        writer.Write(")");
    }

    /// <summary>SIMILAR is an operator elsewhere and would take the last operand of what stands before it.</summary>
    private static void PrintSimilar(SqlWriter writer, SimilarSubstring similar)
    {
        writer.Write("SUBSTRING(");
        ExpressionPrinter.PrintOperand(writer, similar.Operand);
        writer.Write(" SIMILAR ");
        ExpressionPrinter.PrintOperand(writer, similar.Pattern);
        writer.Write(" ESCAPE ");
        ExpressionPrinter.PrintOperand(writer, similar.Escape);
        writer.Write(")");
    }

    private static void PrintTrim(SqlWriter writer, TrimExpression trim)
    {
        writer.Write($"TRIM({trim.Side.ToString().ToUpperInvariant()} ");
        if (trim.Characters is not null)
        {
            ExpressionPrinter.Print(writer, trim.Characters);
            writer.Write(" ");
        }

        writer.Write("FROM ");
        ExpressionPrinter.Print(writer, trim.Operand);
        writer.Write(")");
    }

    /// <summary>Writes each text followed by the expression after it; leaves out pairs whose expression is null.</summary>
    private static void Parts(SqlWriter writer, params ReadOnlySpan<object?> parts)
    {
        for (var i = 0; i < parts.Length; i += 2)
        {
            if (parts[i + 1] is SqlExpression expression)
            {
                writer.Write((string)parts[i]!);
                ExpressionPrinter.Print(writer, expression);
            }
        }
    }
}
