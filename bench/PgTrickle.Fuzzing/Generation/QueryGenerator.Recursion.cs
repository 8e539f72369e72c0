namespace PgTrickle.Fuzzing.Generation;

/// <summary>WITH RECURSIVE.</summary>
internal sealed partial class QueryGenerator
{
    /// <summary>Reachability and paths over the edges; guarded, so that cycles end.</summary>
    private void Recursive()
    {
        var name = Name("r");
        List<Kind> kinds = [Kind.Int, Kind.Int];
        var read = "";
        switch (_random.Next(10))
        {
            case 0:
                Recursive(name, $"(c1, c2) AS (SELECT src, dst FROM fuzz.e{One("", " WHERE src < 4", " WHERE w IS NOT NULL")} UNION SELECT {One("", "DISTINCT ")}{name}.c1, e.dst FROM {name} JOIN fuzz.e ON e.src = {name}.c2)");
                break;
            case 1:
                Recursive(name, $"(c1, c2) AS (SELECT dst, 1 FROM fuzz.e WHERE src = {Number(1, 6)} UNION ALL SELECT e.dst, {name}.c2 + 1 FROM {name} JOIN fuzz.e ON e.src = {name}.c1 WHERE {name}.c2 < 3)");
                break;
            case 2:
                var mark = One("is_cycle", "c3", "c3 TO true DEFAULT false");
                Recursive(name, $"(c1, c2) AS (SELECT e.src, e.dst FROM fuzz.e WHERE e.src = {Number(1, 3)} UNION {One("", "ALL ", "ALL ")}SELECT e.src, e.dst FROM {name} JOIN (SELECT {One("DISTINCT src, dst FROM fuzz.e", "src, dst FROM fuzz.e WHERE w = 1")}) e ON e.src = {name}.c2) {Search("c2", "c1")}CYCLE {One("c1, c2", "c1, c2", "c2")} SET {mark} USING path");
                kinds.AddRange(mark[0] == 'c' ? [Kind.Bool] : []);
                read = One("", "cardinality(path) AS c3, path::text AS c4", "(count(*) OVER (ORDER BY path))::int AS c3, to_jsonb(path)::text AS c4");
                break;
            case 3:
                Recursive(name, $"(c1, c2) AS (SELECT dst, 1 FROM fuzz.e WHERE src = {Number(1, 6)} UNION {One("", "ALL ")}SELECT e.dst, {name}.c2 + 1 FROM {name} JOIN fuzz.e ON e.src = {name}.c1 WHERE {name}.c2 < 3) SEARCH {One("DEPTH", "BREADTH")} FIRST BY c1 SET place");
                read = One("", "(rank() OVER (ORDER BY place))::int AS c3, place::text AS c4");
                break;
            case 4:
                Recursive(name, $"(c1, c2, c3) AS (SELECT p.k, 1, p.v FROM fuzz.p WHERE p.at IS NOT NULL UNION {One("", "ALL ")}SELECT e.dst, {name}.c2 + 1, {name}.c3 FROM {name}, fuzz.e WHERE e.src = {name}.c1 AND {name}.c2 < 3) SEARCH {One("DEPTH", "BREADTH")} FIRST BY c1, c3 SET place");
                kinds.Add(Kind.Text);
                read = One("", "(rank() OVER (PARTITION BY c2 ORDER BY place))::int AS c3, place::text AS c4");
                break;
            case 5:
                var step = One("", "LEFT JOIN fuzz.a x ON x.id = b.k ", "JOIN fuzz.va x ON x.id = b.a_id ", "CROSS JOIN LATERAL (SELECT max(w) AS g FROM fuzz.e WHERE e.src = b.k) x ");
                var value = step.Length == 0 ? "b.k" : "x.g";
                Recursive(name, $"(c1, c2, c3) AS (SELECT b.k, 1, b.s::int FROM fuzz.b WHERE b.id < {Number(3, 9)} UNION {One("", "ALL ")}SELECT b.k, {name}.c2 + 1, {value} FROM {name} JOIN fuzz.b ON b.a_id = {name}.c1 {step}WHERE {name}.c2 < {Number(2, 3)}{One("", " AND EXISTS (SELECT FROM fuzz.e WHERE e.dst = b.k)", " AND b.v IS DISTINCT FROM 'a'")})");
                kinds.Add(Kind.Int);
                break;
            case 6:
                Note("clock in a recursion");
                Recursive(name, $"(c1, c2) AS (SELECT a.id, 1 FROM fuzz.a WHERE a.ts {One("<", ">=")} now() UNION {One("", "ALL ")}SELECT b.k, {name}.c2 + 1 FROM {name} JOIN fuzz.b ON b.a_id = {name}.c1 {One("", "JOIN fuzz.a x ON x.id = b.k AND x.ts < now() ", "LEFT JOIN fuzz.a x ON x.id = b.id AND now() > x.ts ")}WHERE {name}.c2 < 3)");
                break;
            case 7:
                var groups = One("SELECT src, max(dst) AS dst FROM fuzz.e GROUP BY src", "SELECT src, dst FROM fuzz.e ORDER BY src, dst LIMIT 4", "SELECT src, lead(dst) OVER (PARTITION BY src ORDER BY dst, w) AS dst FROM fuzz.e");
                Recursive(name, $"(c1, c2) AS (SELECT a.g, count(*)::int FROM fuzz.a GROUP BY a.g UNION {One("", "ALL ")}SELECT x.dst, {name}.c2 + 1 FROM {name} JOIN ({groups}) x ON x.src = {name}.c1 WHERE {name}.c2 < 4)");
                break;
            case 8:
                Recursive(name, $"(c1, c2) AS (SELECT e.dst, 1 FROM fuzz.e WHERE src < 3 UNION ALL SELECT {One($"DISTINCT e.dst, {name}.c2 + 1", $"e.dst, {name}.c2 + (rank() OVER (ORDER BY e.dst))::int")} FROM {name} JOIN fuzz.e ON e.src = {name}.c1 WHERE {name}.c2 < 3)");
                break;
            default:
                Recursive(name, $"(c1, c2) AS (SELECT b.k, b.a_id FROM fuzz.b WHERE b.k IS NOT NULL UNION SELECT e.dst, a.g FROM {name} JOIN fuzz.e ON e.src = {name}.c1 LEFT JOIN fuzz.a ON a.id = {name}.c2)");
                break;
        }

        _common.Add((name, kinds));
        if (read.Length > 0)
        {
            Note("way through a recursion");
            var ways = Name("w");
            _with.Add($"{ways} AS (SELECT c1, c2, {read} FROM {name})");
            _common.Add((ways, [Kind.Int, Kind.Int, Kind.Int, Kind.Text]));
        }
    }

    private void Recursive(string name, string query) => _with.Add(name + query);

    private string Search(string first, string second) => One("", "", $"SEARCH {One("DEPTH", "BREADTH")} FIRST BY {One(first, $"{first}, {second}")} SET place ");
}
