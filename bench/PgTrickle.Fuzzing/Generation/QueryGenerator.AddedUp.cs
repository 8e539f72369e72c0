namespace PgTrickle.Fuzzing.Generation;

/// <summary>Groupings that are added up, over rows that are chosen by what others are.</summary>
internal sealed partial class QueryGenerator
{
    /// <summary>
    /// Distinct values beside counts, sums and extremes; rows compared with an aggregate over everything, and rows of a key, chosen by a condition, that have partners or none. All from one mould: a query that
    /// has all of it by chance is rare.
    /// </summary>
    private string AddedUp(List<Kind> kinds, int depth)
    {
        var row = $"x{++_names}";
        var other = $"x{++_names}";
        string Column() => $"{row}.{One("g", "m", "id", "g % 2")}";
        var distinct = One("m", "m", "g", "d", "b", "ts", "m", "t", "n", "id");
        string Distinct() => $"{(distinct is "m" or "g" or "id" ? One("count", "sum", "avg", "min") : "count")}(DISTINCT {row}.{distinct})";
        string Plain() => One("count(*)", $"count({row}.t)", $"sum({Column()})", $"avg({Column()})", $"min({Column()})", $"max({Column()})", $"sum({row}.m)", $"count({row}.m)");
        string Call() => (Chance(2) ? Distinct() : Plain()) + (Chance(3) ? $" FILTER (WHERE {row}.{One("b", "g > 1", "m IS NULL", "m > 2")})" : "");
        var conditions = new List<string>();
        if (Chance(2))
        {
            conditions.Add(One($"{row}.b", $"{row}.g > 0", $"{row}.t IS NOT NULL", $"{row}.m IS NULL"));
        }

        if (Chance(2))
        {
            var (column, aggregate) = Chance(2) ? ("m", $"avg({other}.m)") : ("g", $"{One("max", "min")}({other}.m)");
            conditions.Add($"{row}.{column} {One(">", ">=", "<", "<=")} (SELECT {aggregate} FROM fuzz.a {other}{One("", $" WHERE {other}.b", $" WHERE {other}.m > 1")})");
        }

        if (Chance(2))
        {
            var partner = $"x{++_names}";
            conditions.Add($"{One("", "NOT ")}EXISTS (SELECT FROM fuzz.b {partner} WHERE {partner}.a_id = {row}.id{One("", $" AND {partner}.k > 1", $" AND {partner}.v IS NOT NULL")})");
        }

        if (depth > 0 && Chance(4))
        {
            conditions.Add($"{row}.id IN (SELECT {other}.a_id FROM fuzz.b {other} WHERE {other}.k < {Number(1, 5)})");
        }

        var key = Some(0, 2, () => One("g", "m", "t", "d")).OfType<string>().Distinct().ToList();
        kinds.AddRange(Some(1, 4, () => Kind.Int));
        var outputs = kinds.Select(k => new Value(Chance(6) && key.Contains("g") ? $"{row}.g" : $"({Call()})::int", k));
        var where = conditions.Count == 0 ? "" : $" WHERE {string.Join(" AND ", conditions)}";
        var groups = key.Count == 0 ? "" : $" GROUP BY {string.Join(", ", key.Select(k => $"{row}.{k}"))}";
        var having = key.Count > 0 && Chance(5) ? $" HAVING {Distinct()} IS NOT NULL AND count(*) > 1" : "";
        return $"SELECT {Outputs(outputs)} FROM fuzz.a {row}{where}{groups}{having}";
    }
}
