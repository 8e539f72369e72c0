using PgTrickle.Dvm.Catalog;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>Result types of window functions.</summary>
internal static class WindowTypes
{
    /// <summary>The type of a call's value, or null if unknown.</summary>
    public static TypeInfo? ResultOf(FunctionCall call, Func<SqlExpression, TypeInfo?> typeOf)
        => call.Name.Schema is not null ? null : call.Name.Name.Value switch
        {
            "row_number" or "rank" or "dense_rank" => WellKnownTypes.BigInteger,
            "ntile" => WellKnownTypes.Integer,
            "percent_rank" or "cume_dist" => WellKnownTypes.DoublePrecision,
            "first_value" or "last_value" or "nth_value" => typeOf(call.Arguments[0].Value),

            // A default may be of another type, and decide the result's.
            "lag" or "lead" when call.Arguments.Count < 3 => typeOf(call.Arguments[0].Value),
            "lag" or "lead" => null,
            _ => AggregateTypes.ResultOf(call, typeOf),
        };
}
