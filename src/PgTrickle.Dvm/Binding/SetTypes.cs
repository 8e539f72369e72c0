using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>Types of the values that the built-in set-returning functions yield.</summary>
internal static class SetTypes
{
    private static readonly TypeInfo Text = new(TypeFacts.Text, new QualifiedName("pg_catalog", "text"));

    /// <summary>The type of an expression's values, or null if unknown.</summary>
    public static TypeInfo? Of(SqlExpression expression, Func<ColumnReference, BoundColumn?> columns)
    {
        if (expression is not FunctionCall { Name.Schema: null } call)
        {
            return ExpressionType.Of(expression, columns).Type;
        }

        var arguments = call.Arguments.Select(a => ExpressionType.Of(a.Value, columns).Type).ToList();
        return call.Name.Name.Value switch
        {
            "generate_series" when arguments.Count > 1 && arguments.TrueForAll(t => t == arguments[0]) => arguments[0],
            "generate_series" when arguments.Count == 3 && arguments[0] == arguments[1] && arguments[0]?.BaseOid is TypeFacts.Timestamp or TypeFacts.Timestamptz => arguments[0],
            "generate_subscripts" => WellKnownTypes.Integer,
            "regexp_split_to_table" or "string_to_table" or "json_object_keys" or "jsonb_object_keys" or "json_array_elements_text" or "jsonb_array_elements_text" => Text,
            "unnest" when arguments is [{ } array] => Element(array),
            _ => null,
        };
    }

    /// <summary>An array type is named after its elements' type, with an underscore before it.</summary>
    private static TypeInfo? Element(TypeInfo array) => array.Name.Name.Value switch
    {
        "_bool" => WellKnownTypes.Boolean,
        "_int4" => WellKnownTypes.Integer,
        "_int8" => WellKnownTypes.BigInteger,
        "_text" => Text,
        "_numeric" => WellKnownTypes.Numeric,
        "_date" => WellKnownTypes.Read(TypeName.Named("date")),
        "_timestamptz" => WellKnownTypes.TimestampWithTimeZone,
        _ => null,
    };
}
