using PgTrickle.Sql.Lexing;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Parsing;

internal sealed class TypeParser(ParserSet parsers)
{
    private const string Construct = "a type";

    private static readonly string[] IntervalFields = ["year", "month", "day", "hour", "minute", "second"];

    private TokenCursor Cursor => parsers.Cursor;

    public TypeName Parse()
    {
        var type = ParseWithoutDimensions();
        var dimensions = 0;
        while (Cursor.TryTakeSymbol("["))
        {
            if (Cursor.Current.Kind == SqlTokenKind.Number)
            {
                Cursor.Take();
            }

            Cursor.ExpectSymbol(Construct, "]");
            dimensions++;
        }

        return dimensions == 0 ? type : type with { ArrayDimensions = dimensions };
    }

    private TypeName ParseWithoutDimensions()
    {
        var words = TakeStandardName();
        if (words is null)
        {
            var name = Cursor.TakeFunctionName(Construct);
            var qualified = Cursor.TryTakeSymbol(".") ? new QualifiedName(name, Cursor.TakeLabel(Construct)) : new QualifiedName(name);
            return TypeName.Named(qualified) with { Modifiers = TakeModifiers() };
        }

        if (words == "interval")
        {
            var fields = TakeIntervalFields();
            return TypeName.Standard(words, fields) with { Modifiers = TakeModifiers() };
        }

        var modifiers = TakeModifiers();
        return TypeName.Standard(words, words is "time" or "timestamp" ? TakeZone() : null) with { Modifiers = modifiers };
    }

    private string? TakeStandardName()
    {
        if (Cursor.Current.Kind != SqlTokenKind.Word)
        {
            return null;
        }

        var word = Cursor.Current.Text;
        string[] candidates = word switch
        {
            "double" => ["double precision"],
            "national" => ["national character varying", "national character"],
            "character" => ["character varying", "character"],
            "bit" => ["bit varying", "bit"],
            _ => [word],
        };
        foreach (var candidate in candidates)
        {
            if (TypeName.IsStandardName(candidate) && !Cursor.Peek().IsPunctuation(".") && Cursor.TryTakeWords(candidate.Split(' ')))
            {
                return candidate;
            }
        }

        return null;
    }

    private string? TakeZone()
    {
        if (Cursor.TryTakeWords("with", "time", "zone"))
        {
            return "with time zone";
        }

        return Cursor.TryTakeWords("without", "time", "zone") ? "without time zone" : null;
    }

    private string? TakeIntervalFields()
    {
        if (!Cursor.AtAnyWord(IntervalFields))
        {
            return null;
        }

        var fields = Cursor.Take().Text;
        if (Cursor.AtWord("to") && Array.Exists(IntervalFields, f => Cursor.Peek().IsWord(f)))
        {
            Cursor.Take();
            fields += $" to {Cursor.Take().Text}";
        }

        return fields;
    }

    private SyntaxList<SqlExpression> TakeModifiers()
    {
        if (!Cursor.TryTakeSymbol("("))
        {
            return [];
        }

        var modifiers = Cursor.TakeList(parsers.Expressions.Parse);
        Cursor.ExpectSymbol(Construct, ")");
        return modifiers;
    }
}
