using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Printing;

internal static class JsonPrinter
{
    public static void Print(SqlWriter writer, JsonExpression expression)
    {
        switch (expression)
        {
            case JsonObjectConstructor constructor:
                writer.Write("JSON_OBJECT(").List(constructor.Entries, static (w, e) => ClausePrinter.Print(w, e));
                PrintOptions(writer, constructor.Nulls, constructor.UniqueKeys, constructor.Returning, first: constructor.Entries.IsEmpty);
                break;
            case JsonArrayConstructor constructor:
                writer.Write("JSON_ARRAY(").List(constructor.Elements, static (w, e) => ClausePrinter.Print(w, e));
                PrintOptions(writer, constructor.Nulls, null, constructor.Returning, first: constructor.Elements.IsEmpty);
                break;
            case JsonObjectAggregate aggregate:
                writer.Write("JSON_OBJECTAGG(");
                ClausePrinter.Print(writer, aggregate.Entry);
                PrintOptions(writer, aggregate.Nulls, aggregate.UniqueKeys, aggregate.Returning, first: false);
                FunctionPrinter.PrintFilterAndOver(writer, aggregate.Filter, aggregate.Over);
                break;
            case JsonArrayAggregate aggregate:
                PrintArrayAggregate(writer, aggregate);
                break;
            case IsJson test:
                ExpressionPrinter.PrintOperand(writer, test.Operand);
                writer.Write(" IS JSON");
                writer.Write(test.ItemType == JsonItemType.Any ? "" : $" {test.ItemType.ToString().ToUpperInvariant()}");
                writer.Write(test.UniqueKeys ? " WITH UNIQUE KEYS" : "");
                break;
            case JsonParse parse:
                writer.Write("JSON(");
                ClausePrinter.Print(writer, parse.Value);
                writer.Write(UniqueKeys(parse.UniqueKeys)).Write(")");
                break;
            case JsonScalar scalar:
                writer.Write("JSON_SCALAR(");
                ExpressionPrinter.Print(writer, scalar.Operand);
                writer.Write(")");
                break;
            case JsonSerialize serialize:
                writer.Write("JSON_SERIALIZE(");
                ClausePrinter.Print(writer, serialize.Value);
                PrintOptions(writer, JsonNulls.Unspecified, null, serialize.Returning, first: false);
                break;
            case JsonQueryFunction query:
                JsonPathPrinter.PrintQuery(writer, query);
                break;
            default:
                throw new InvalidOperationException($"A {expression.GetType().Name} can't be printed.");
        }
    }

    public static void PrintEntry(SqlWriter writer, JsonEntry entry)
    {
        ExpressionPrinter.PrintOperand(writer, entry.Key);
        writer.Write(" : ");
        PrintValue(writer, entry.Value);
    }

    public static void PrintValue(SqlWriter writer, JsonValue value)
    {
        ExpressionPrinter.Print(writer, value.Expression);
        PrintFormat(writer, value.Format);
    }

    public static void PrintReturning(SqlWriter writer, JsonReturning returning)
    {
        writer.Write("RETURNING ");
        TypePrinter.Print(writer, returning.Type);
        PrintFormat(writer, returning.Format);
    }

    public static void PrintFormat(SqlWriter writer, JsonFormat? format)
    {
        if (format is not null)
        {
            writer.Write(format.Encoding is null ? " FORMAT JSON" : $" FORMAT JSON ENCODING {format.Encoding}");
        }
    }

    private static void PrintArrayAggregate(SqlWriter writer, JsonArrayAggregate aggregate)
    {
        writer.Write("JSON_ARRAYAGG(");
        PrintValue(writer, aggregate.Value);
        if (!aggregate.OrderBy.IsEmpty)
        {
            writer.Write(" ORDER BY ").List(aggregate.OrderBy, static (w, o) => ClausePrinter.Print(w, o));
        }

        PrintOptions(writer, aggregate.Nulls, null, aggregate.Returning, first: false);
        FunctionPrinter.PrintFilterAndOver(writer, aggregate.Filter, aggregate.Over);
    }

    private static void PrintOptions(SqlWriter writer, JsonNulls nulls, bool? uniqueKeys, JsonReturning? returning, bool first)
    {
        writer.Write(nulls switch
        {
            JsonNulls.Null => " NULL ON NULL",
            JsonNulls.Absent => " ABSENT ON NULL",
            _ => "",
        });
        writer.Write(UniqueKeys(uniqueKeys));
        if (returning is not null)
        {
            writer.Write(first && nulls == JsonNulls.Unspecified && uniqueKeys is null ? "" : " ");
            PrintReturning(writer, returning);
        }

        writer.Write(")");
    }

    private static string UniqueKeys(bool? unique) => unique switch
    {
        true => " WITH UNIQUE KEYS",
        false => " WITHOUT UNIQUE KEYS",
        null => "",
    };
}
