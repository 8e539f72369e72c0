using System.Collections.Frozen;
using System.Globalization;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Catalog;

/// <summary>Built-in types that the compiler itself names or reads out of casts.</summary>
public static class WellKnownTypes
{
    private const int NumericHeader = 4;

    private static readonly FrozenDictionary<string, TypeInfo> Spellings = new Dictionary<string, TypeInfo>
    {
        ["boolean"] = Make(TypeFacts.Bool, "bool"),
        ["smallint"] = Make(TypeFacts.Int2, "int2"),
        ["integer"] = Make(TypeFacts.Int4, "int4"),
        ["bigint"] = Make(TypeFacts.Int8, "int8"),
        ["real"] = Make(TypeFacts.Float4, "float4"),
        ["double precision"] = Make(TypeFacts.Float8, "float8"),
        ["text"] = Make(TypeFacts.Text, "text"),
        ["date"] = Make(TypeFacts.Date, "date"),
        ["timestamp without time zone"] = Make(TypeFacts.Timestamp, "timestamp"),
        ["timestamp"] = Make(TypeFacts.Timestamp, "timestamp"),
        ["timestamp with time zone"] = Make(TypeFacts.Timestamptz, "timestamptz"),
        ["numeric"] = Make(TypeFacts.Numeric, "numeric"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>bool.</summary>
    public static TypeInfo Boolean { get; } = Spellings["boolean"];

    /// <summary>int4.</summary>
    public static TypeInfo Integer { get; } = Spellings["integer"];

    /// <summary>int8.</summary>
    public static TypeInfo BigInteger { get; } = Spellings["bigint"];

    /// <summary>text.</summary>
    public static TypeInfo Text { get; } = Spellings["text"];

    /// <summary>float8.</summary>
    public static TypeInfo DoublePrecision { get; } = Spellings["double precision"];

    /// <summary>numeric of any scale.</summary>
    public static TypeInfo Numeric { get; } = Spellings["numeric"];

    /// <summary>timestamptz.</summary>
    public static TypeInfo TimestampWithTimeZone { get; } = Spellings["timestamp with time zone"];

    /// <summary>numeric all of whose values have one scale; the unconstrained type if that scale can't be declared.</summary>
    public static TypeInfo NumericOfScale(int scale)
        => scale is < 0 or > 1000 ? Numeric : Numeric with { Modifier = ((1000 << 16) | scale) + NumericHeader };

    /// <summary>The type that a cast names, or null if it isn't one of the few that matter here.</summary>
    public static TypeInfo? Read(TypeName type)
    {
        ArgumentNullException.ThrowIfNull(type);
        var schema = type.Name.Schema?.Value;
        if (type.ArrayDimensions > 0 || schema is not (null or "pg_catalog"))
        {
            return null;
        }

        var words = type.Qualification is null ? type.Name.Name.Value : $"{type.Name.Name.Value} {type.Qualification}";
        if (!Spellings.TryGetValue(words, out var found))
        {
            return null;
        }

        return found.Oid == TypeFacts.Numeric && !type.Modifiers.IsEmpty ? Scaled(type.Modifiers) : found;
    }

    private static TypeInfo Scaled(SyntaxList<SqlExpression> modifiers)
    {
        if (modifiers.Count < 2)
        {
            return NumericOfScale(0);
        }

        return modifiers[1] is Literal { Kind: LiteralKind.Number } scale && int.TryParse(scale.Text, CultureInfo.InvariantCulture, out var digits)
            ? NumericOfScale(digits)
            : Numeric;
    }

    private static TypeInfo Make(uint oid, string name) => new(oid, new QualifiedName("pg_catalog", name));
}
