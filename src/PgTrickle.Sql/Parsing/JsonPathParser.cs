using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Parsing;

/// <summary>Reads what applies a JSON path: the query functions and JSON_TABLE.</summary>
internal sealed class JsonPathParser(ParserSet parsers)
{
    private const string Table = "JSON_TABLE";

    private TokenCursor Cursor => parsers.Cursor;

    public JsonQueryFunction ParseQuery(JsonQueryKind kind)
    {
        var construct = Cursor.Take().Text.ToUpperInvariant();
        Cursor.ExpectSymbol(construct, "(");
        var context = parsers.Json.ParseValue();
        Cursor.ExpectSymbol(construct, ",");
        var path = parsers.Expressions.Parse();
        var passing = ParsePassing(construct);
        var returning = parsers.Json.TryParseReturning();
        var query = new JsonQueryFunction(kind, context, path, ParseOutput()) { Passing = passing, Returning = returning };
        Cursor.ExpectSymbol(construct, ")");
        return query;
    }

    /// <summary>Reads JSON_TABLE without its alias.</summary>
    public JsonTable ParseTable()
    {
        Cursor.ExpectWords(Table, "json_table");
        Cursor.ExpectSymbol(Table, "(");
        var context = parsers.Json.ParseValue();
        Cursor.ExpectSymbol(Table, ",");
        var path = parsers.Expressions.Parse();
        var pathName = Cursor.TryTakeWords("as") ? Cursor.TakeLabel(Table) : null;
        var passing = ParsePassing(Table);
        var table = new JsonTable(context, path, ParseColumns()) { PathName = pathName, Passing = passing, OnError = TryParseOnError() };
        Cursor.ExpectSymbol(Table, ")");
        return table;
    }

    private SyntaxList<JsonPassing> ParsePassing(string construct)
    {
        if (!Cursor.TryTakeWords("passing"))
        {
            return [];
        }

        return Cursor.TakeList(() =>
        {
            var value = parsers.Json.ParseValue();
            Cursor.ExpectWords(construct, "as");
            return new JsonPassing(value, Cursor.TakeLabel(construct));
        });
    }

    private SyntaxList<JsonTableColumn> ParseColumns()
    {
        using var level = Cursor.Enter();
        Cursor.ExpectWords(Table, "columns");
        Cursor.ExpectSymbol(Table, "(");
        var columns = Cursor.TakeList(ParseColumn);
        Cursor.ExpectSymbol(Table, ")");
        return columns;
    }

    private JsonTableColumn ParseColumn()
    {
        if (Cursor.AtWord("nested") && (Cursor.Peek().IsWord("path") || Cursor.Peek().Kind == Lexing.SqlTokenKind.String))
        {
            Cursor.Take();
            Cursor.TryTakeWords("path");
            var nestedPath = parsers.Expressions.Parse();
            var pathName = Cursor.TryTakeWords("as") ? Cursor.TakeLabel(Table) : null;
            return new JsonNestedColumns(nestedPath, pathName, ParseColumns());
        }

        var name = Cursor.TakeColumnName(Table);
        if (Cursor.TryTakeWords("for", "ordinality"))
        {
            return new JsonOrdinalityColumn(name);
        }

        var type = parsers.Types.Parse();
        if (Cursor.TryTakeWords("exists"))
        {
            return new JsonExistsColumn(name, type, TryParsePath(), TryParseOnError());
        }

        var format = parsers.Json.TryParseFormat();
        var path = TryParsePath();
        return new JsonValueColumn(name, type, ParseOutput()) { Format = format, Path = path };
    }

    private SqlExpression? TryParsePath() => Cursor.TryTakeWords("path") ? parsers.Expressions.Parse() : null;

    private JsonOutput ParseOutput()
    {
        var output = new JsonOutput { Wrapper = TakeWrapper(), Quotes = TakeQuotes() };
        while (TryParseBehavior() is { } behavior)
        {
            Cursor.ExpectWords("a JSON behaviour", "on");
            if (Cursor.TryTakeWords("empty"))
            {
                output = output with { OnEmpty = behavior };
            }
            else
            {
                Cursor.ExpectWords("a JSON behaviour", "error");
                output = output with { OnError = behavior };
            }
        }

        return output;
    }

    private JsonBehavior? TryParseOnError()
    {
        if (TryParseBehavior() is not { } behavior)
        {
            return null;
        }

        Cursor.ExpectWords("a JSON behaviour", "on", "error");
        return behavior;
    }

    private JsonWrapper TakeWrapper()
    {
        JsonWrapper wrapper;
        if (Cursor.TryTakeWords("without"))
        {
            wrapper = JsonWrapper.Without;
        }
        else if (Cursor.TryTakeWords("with", "conditional"))
        {
            wrapper = JsonWrapper.Conditional;
        }
        else if (Cursor.TryTakeWords("with"))
        {
            Cursor.TryTakeWords("unconditional");
            wrapper = JsonWrapper.Unconditional;
        }
        else
        {
            return JsonWrapper.Unspecified;
        }

        Cursor.TryTakeWords("array");
        Cursor.ExpectWords("WRAPPER", "wrapper");
        return wrapper;
    }

    private JsonQuotes TakeQuotes()
    {
        if (!Cursor.AtWords("keep", "quotes") && !Cursor.AtWords("omit", "quotes"))
        {
            return JsonQuotes.Unspecified;
        }

        var quotes = Cursor.Take().Text == "keep" ? JsonQuotes.Keep : JsonQuotes.Omit;
        Cursor.Take();
        Cursor.TryTakeWords("on", "scalar", "string");
        return quotes;
    }

    private JsonBehavior? TryParseBehavior()
    {
        if (Cursor.TryTakeWords("default"))
        {
            return new JsonBehavior(JsonBehaviorKind.Default, parsers.Expressions.Parse());
        }

        if (Cursor.TryTakeWords("empty", "array"))
        {
            return new JsonBehavior(JsonBehaviorKind.EmptyArray);
        }

        if (Cursor.TryTakeWords("empty", "object"))
        {
            return new JsonBehavior(JsonBehaviorKind.EmptyObject);
        }

        JsonBehaviorKind? kind = Cursor.Current switch
        {
            var t when t.IsWord("error") => JsonBehaviorKind.Error,
            var t when t.IsWord("null") => JsonBehaviorKind.Null,
            var t when t.IsWord("true") => JsonBehaviorKind.True,
            var t when t.IsWord("false") => JsonBehaviorKind.False,
            var t when t.IsWord("unknown") => JsonBehaviorKind.Unknown,
            var t when t.IsWord("empty") => JsonBehaviorKind.Empty,
            _ => null,
        };
        if (kind is not { } known)
        {
            return null;
        }

        Cursor.Take();
        return new JsonBehavior(known);
    }
}
