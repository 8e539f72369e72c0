using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Parsing;

/// <summary>Reads the constructors, aggregates and tests of SQL/JSON.</summary>
internal sealed class JsonParser(ParserSet parsers)
{
    private TokenCursor Cursor => parsers.Cursor;

    public SqlExpression? TryParse()
    {
        if (!Cursor.Peek().IsPunctuation("("))
        {
            return null;
        }

        return Cursor.Current.Text switch
        {
            "json_object" => ParseObject(),
            "json_array" => ParseArray(),
            "json_objectagg" => ParseObjectAggregate(),
            "json_arrayagg" => ParseArrayAggregate(),
            "json" => ParseJson(),
            "json_scalar" => ParseScalar(),
            "json_serialize" => ParseSerialize(),
            "json_exists" => parsers.JsonPaths.ParseQuery(JsonQueryKind.Exists),
            "json_value" => parsers.JsonPaths.ParseQuery(JsonQueryKind.Value),
            "json_query" => parsers.JsonPaths.ParseQuery(JsonQueryKind.Query),
            _ => null,
        };
    }

    public JsonValue ParseValue() => new(parsers.Expressions.Parse(), TryParseFormat());

    public JsonFormat? TryParseFormat()
    {
        if (!Cursor.TryTakeWords("format", "json"))
        {
            return null;
        }

        return new JsonFormat(Cursor.TryTakeWords("encoding") ? Cursor.TakeLabel("FORMAT JSON") : null);
    }

    public JsonReturning? TryParseReturning()
        => Cursor.TryTakeWords("returning") ? new JsonReturning(parsers.Types.Parse(), TryParseFormat()) : null;

    /// <summary>Reads WITH or WITHOUT UNIQUE KEYS; null if neither comes next.</summary>
    public bool? TakeUniqueKeys()
    {
        if (Cursor.AtWords("with", "unique") || Cursor.AtWords("without", "unique"))
        {
            var with = Cursor.Take().Text == "with";
            Cursor.Take();
            Cursor.TryTakeWords("keys");
            return with;
        }

        return null;
    }

    private JsonNulls TakeNulls()
    {
        if (Cursor.TryTakeWords("absent", "on", "null"))
        {
            return JsonNulls.Absent;
        }

        return Cursor.TryTakeWords("null", "on", "null") ? JsonNulls.Null : JsonNulls.Unspecified;
    }

    private bool AtOptions => Cursor.AtSymbol(")") || Cursor.AtWord("returning") || Cursor.AtWords("absent", "on") || Cursor.AtWords("null", "on");

    private string Open()
    {
        var construct = Cursor.Take().Text.ToUpperInvariant();
        Cursor.ExpectSymbol(construct, "(");
        return construct;
    }

    private JsonEntry ParseEntry() => ParseEntryAfter(parsers.Expressions.Parse());

    private JsonEntry ParseEntryAfter(SqlExpression key)
    {
        Cursor.ExpectSymbol("a JSON entry", ":");
        return new JsonEntry(key, ParseValue());
    }

    private SqlExpression ParseObject()
    {
        var name = new QualifiedName(new SqlIdentifier(Cursor.Current.Text));
        var construct = Open();
        SyntaxList<JsonEntry> entries = [];
        if (!AtOptions)
        {
            // Before 16 the word was no keyword, and the old function of that name printed bare.
            var first = parsers.Expressions.Parse();
            if (!Cursor.AtSymbol(":"))
            {
                SyntaxList<SqlExpression> arguments = Cursor.TryTakeSymbol(",") ? [first, .. parsers.Primaries.ParseList()] : [first];
                Cursor.ExpectSymbol(construct, ")");
                return SqlFactory.Call(name, arguments);
            }

            var firstEntry = ParseEntryAfter(first);
            entries = Cursor.TryTakeSymbol(",") ? [firstEntry, .. Cursor.TakeList(ParseEntry)] : [firstEntry];
        }

        var result = new JsonObjectConstructor(entries) { Nulls = TakeNulls(), UniqueKeys = TakeUniqueKeys(), Returning = TryParseReturning() };
        Cursor.ExpectSymbol(construct, ")");
        return result;
    }

    private JsonArrayConstructor ParseArray()
    {
        var construct = Open();
        var elements = AtOptions ? [] : Cursor.TakeList(ParseValue);
        var result = new JsonArrayConstructor(elements) { Nulls = TakeNulls(), Returning = TryParseReturning() };
        Cursor.ExpectSymbol(construct, ")");
        return result;
    }

    private JsonObjectAggregate ParseObjectAggregate()
    {
        var construct = Open();
        var result = new JsonObjectAggregate(ParseEntry())
        {
            Nulls = TakeNulls(),
            UniqueKeys = TakeUniqueKeys(),
            Returning = TryParseReturning(),
        };
        Cursor.ExpectSymbol(construct, ")");
        return result with { Filter = parsers.Calls.TryParseFilter(), Over = parsers.Windows.TryParseOver() };
    }

    private JsonArrayAggregate ParseArrayAggregate()
    {
        var construct = Open();
        var result = new JsonArrayAggregate(ParseValue())
        {
            OrderBy = parsers.Windows.TryParseOrderBy(),
            Nulls = TakeNulls(),
            Returning = TryParseReturning(),
        };
        Cursor.ExpectSymbol(construct, ")");
        return result with { Filter = parsers.Calls.TryParseFilter(), Over = parsers.Windows.TryParseOver() };
    }

    private JsonParse ParseJson()
    {
        var construct = Open();
        var result = new JsonParse(ParseValue(), TakeUniqueKeys());
        Cursor.ExpectSymbol(construct, ")");
        return result;
    }

    private JsonScalar ParseScalar()
    {
        var construct = Open();
        var result = new JsonScalar(parsers.Expressions.Parse());
        Cursor.ExpectSymbol(construct, ")");
        return result;
    }

    private JsonSerialize ParseSerialize()
    {
        var construct = Open();
        var result = new JsonSerialize(ParseValue(), TryParseReturning());
        Cursor.ExpectSymbol(construct, ")");
        return result;
    }
}
