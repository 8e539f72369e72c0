using PgTrickle.Dvm.Catalog;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>Result types of the built-in aggregates that are maintained incrementally.</summary>
internal static class AggregateTypes
{
    /// <summary>The type of a call's value, or null if unknown.</summary>
    public static TypeInfo? ResultOf(FunctionCall call, Func<SqlExpression, TypeInfo?> typeOf)
    {
        if (call.Name.Schema is not null)
        {
            return null;
        }

        var argument = call.Arguments.Count == 1 ? typeOf(call.Arguments[0].Value) : null;
        return call.Name.Name.Value switch
        {
            "count" => WellKnownTypes.BigInteger,
            "sum" => Sum(argument),
            "min" or "max" => argument,
            "avg" => Average(argument),
            _ => null,
        };
    }

    private static TypeInfo? Average(TypeInfo? argument) => argument?.BaseOid switch
    {
        TypeFacts.Int2 or TypeFacts.Int4 or TypeFacts.Int8 or TypeFacts.Numeric => WellKnownTypes.Numeric,
        TypeFacts.Float4 or TypeFacts.Float8 => WellKnownTypes.DoublePrecision,
        _ => null,
    };

    /// <summary>The scale of a numeric type's values if all have the same; null of other types.</summary>
    public static int? Scale(TypeInfo type) => type.BaseOid == TypeFacts.Numeric ? TypeFacts.NumericScale(type.Modifier) : null;

    /// <summary>The type in which a sum of values of this type is kept, or null if it is not exact.</summary>
    public static TypeInfo? Sum(TypeInfo? argument) => argument?.BaseOid switch
    {
        TypeFacts.Int2 or TypeFacts.Int4 => WellKnownTypes.BigInteger,
        TypeFacts.Int8 => WellKnownTypes.NumericOfScale(0),
        TypeFacts.Numeric => TypeFacts.NumericScale(argument.Modifier) is { } scale ? WellKnownTypes.NumericOfScale(scale) : WellKnownTypes.Numeric,
        _ => null,
    };
}
