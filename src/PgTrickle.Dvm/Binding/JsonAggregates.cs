using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Binding;

/// <summary>
/// <c>JSON_ARRAYAGG</c> and <c>JSON_OBJECTAGG</c> as the plain aggregates that PostgreSQL makes of them (transformJsonArrayAgg and transformJsonObjectAgg of its parser), so that every rule
/// for aggregates and windows applies to them.
/// </summary>
internal static class JsonAggregates
{
    /// <summary>The plain call, cast to what it returns; the expression itself if it is none of the two.</summary>
    public static SqlExpression Plain(SqlExpression expression, BindingContext context) => expression switch
    {
        JsonArrayAggregate { Value.Format: null } a => Returned(
            Call(Prefix(a.Returning) + "_agg" + (a.Nulls == JsonNulls.Null ? "" : "_strict"), a.Value.Expression) with { OrderBy = a.OrderBy, Filter = a.Filter, Over = a.Over },
            a.Returning,
            context),
        JsonObjectAggregate { Entry.Value.Format: null } o => Returned(
            Call(Prefix(o.Returning) + "_object_agg" + (o.UniqueKeys == true ? "_unique" : "") + (o.Nulls == JsonNulls.Absent ? "_strict" : ""), o.Entry.Key, o.Entry.Value.Expression) with
            {
                Filter = o.Filter,
                Over = o.Over,
            },
            o.Returning,
            context),
        JsonArrayAggregate or JsonObjectAggregate => throw context.NotImplemented("FORMAT JSON in an aggregate", "text that is taken for JSON is evaluated as a whole"),
        _ => expression,
    };

    private static string Prefix(JsonReturning? returning) => Is(returning, "jsonb") ? "jsonb" : "json";

    private static SqlExpression Returned(FunctionCall call, JsonReturning? returning, BindingContext context) => returning switch
    {
        null => call,
        _ when Is(returning, "json") || Is(returning, "jsonb") => call,
        { Format: null } when Is(returning, "text") => Cast(call, returning.Type),
        _ => throw context.NotImplemented($"{call.Name}() that returns {returning.Type}", "JSON in other types than json, jsonb and text is evaluated as a whole"),
    };

    private static bool Is(JsonReturning? returning, string type)
        => returning?.Type is { Modifiers.IsEmpty: true, ArrayDimensions: 0, Name: { Schema: null or { Value: "pg_catalog" } } name } && name.Name.Value == type;
}
