using System.Text.RegularExpressions;

namespace PgTrickle.Fuzzing.Generation;

/// <summary>What a query's text is made of, in SQL's own terms, for the report on what was reached.</summary>
internal static class QueryFeatures
{
    private static readonly (string Name, string Pattern)[] Patterns =
    [
        ("inner join", @"(?<!LEFT |RIGHT |FULL |CROSS |NATURAL )\bJOIN\b"), ("LEFT JOIN", @"\bLEFT JOIN"), ("RIGHT JOIN", @"\bRIGHT JOIN"), ("FULL JOIN", @"\bFULL JOIN"),
        ("CROSS JOIN", @"\bCROSS JOIN"), ("NATURAL JOIN", @"\bNATURAL"), ("USING", @"\bUSING \("), ("LATERAL", @"\bLATERAL"), ("VALUES", @"\(VALUES"),
        ("sub-select in FROM", @"(FROM|JOIN) \(+SELECT"), ("view", @"fuzz\.v[a-d] "), ("SELECT DISTINCT", @"SELECT DISTINCT (?!ON)"), ("DISTINCT ON", @"DISTINCT ON"),
        ("UNION", @"\) UNION \("), ("UNION ALL", @"\) UNION ALL \("), ("INTERSECT", @"\) INTERSECT \("), ("INTERSECT ALL", @"\) INTERSECT ALL"), ("EXCEPT", @"\) EXCEPT \("),
        ("EXCEPT ALL", @"\) EXCEPT ALL"), ("GROUP BY", @"GROUP BY"), ("HAVING", @"HAVING"), ("grouping sets", @"ROLLUP|CUBE|GROUPING SETS"), ("FILTER", @"FILTER \(WHERE"),
        ("DISTINCT aggregate", @"\w\(DISTINCT"), ("ordered aggregate", @"_agg\([^()]*(\([^()]*\)[^()]*)* ORDER BY"), ("WITHIN GROUP", @"WITHIN GROUP"), ("window", @"\bOVER \("), ("window over aggregates", @"\((count|max|sum)\([^()]*(\([^()]*\)[^()]*)*\)\) OVER \("),
        ("ROWS frame", @"ROWS BETWEEN"), ("GROUPS frame", @"GROUPS BETWEEN"), ("RANGE frame", @"RANGE BETWEEN"), ("EXCLUDE", @"EXCLUDE"), ("LIMIT", @" LIMIT "),
        ("OFFSET", @" OFFSET "), ("WITH TIES", @"WITH TIES"), ("WITH", @"WITH (RECURSIVE )?[wr]\d+"), ("MATERIALIZED", @"AS MATERIALIZED"), ("WITH RECURSIVE", @"WITH RECURSIVE"),
        ("SEARCH", @"SEARCH (DEPTH|BREADTH)"), ("CYCLE", @"CYCLE c[12]"), ("EXISTS", @"(?<!NOT )EXISTS \("), ("NOT EXISTS", @"NOT EXISTS \("), ("IN (SELECT)", @"(?<!NOT )IN \((SELECT|\()"),
        ("NOT IN (SELECT)", @"NOT IN \((SELECT|\()"), ("rows IN (SELECT)", @", [^()]*\) (NOT )?IN \((SELECT|\()"), ("ANY (SELECT)", @"ANY \("), ("ALL (SELECT)", @"[=<>] ALL \("),
        ("scalar sub-select", @"\(SELECT (min|max|count|sum|COALESCE)\(|LIMIT 1\)"), ("ARRAY (SELECT)", @"ARRAY\(SELECT"), ("set-returning function in FROM", @"(FROM|JOIN|LATERAL) (generate_series|unnest|jsonb_each)"),
        ("set-returning function in SELECT", @"SELECT [^()]*(\([^()]*\)[^()]*)*(generate_series|unnest)\([^()]*(\([^()]*\)[^()]*)*\) AS"), ("ROWS FROM", @"ROWS FROM"),
        ("WITH ORDINALITY", @"WITH ORDINALITY"), ("XMLTABLE", @"XMLTABLE"), ("JSON_TABLE", @"JSON_TABLE"), ("clock", @"now\(\)|CURRENT_DATE"), ("CASE", @"\bCASE "),
        ("GROUPING()", @"\bGROUPING\("), ("ROW()", @"\bROW\("), ("row compared with a sub-select", @"\([^()]*, [^()]*\) (=|<>|<|>=) \(SELECT"), ("rows ANY or ALL (SELECT)", @"\([^()]*, [^()]*\) (=|<>|<|>=) (ANY|ALL) \("),
        ("whole row", @"\bx\d+(::text| IS (NOT )?NULL)|to_jsonb\(x\d+\)|count\((DISTINCT )?x\d+\)"), ("odd types", @"fuzz\.o "), ("xml", @"x\d+\.x\b|::xml"), ("point", @"\.pt\b"), ("foreign keys that cascade", @"fuzz\.r "), ("order of a sub-select", @"_agg\(y(\.c1)?\) FROM"), ("composite type", @"fuzz\.pair|\.pr\b"), ("partitioned table", @"fuzz\.p "), ("inherited table", @"(?<!ONLY )fuzz\.i1? "), ("ONLY", @"ONLY fuzz\.i1? "), ("user-defined function", @"fuzz\.(twice|tag|most|halves|upto)\("),
        ("user-defined operator", @"fuzz\.<\+>"), ("user-defined aggregate", @"fuzz\.(total|listed|collected|middle)\("), ("user-defined window function", @"fuzz\.total\([^()]*(\([^()]*\)[^()]*)*\) OVER"),
        ("hypothetical-set aggregate", @"rank\([12][^()]*\) WITHIN|cume_dist\(2\)"), ("RANGE by distance", @"RANGE BETWEEN [^()]*(\d|')[^()]* (PRECEDING|FOLLOWING)"),
        ("EXCLUDE in RANGE or GROUPS", @"(RANGE|GROUPS) BETWEEN [^()]* EXCLUDE"), ("WINDOW clause", @" WINDOW n"), ("SQL/JSON function", @"JSON_VALUE|JSON_ARRAYAGG"), ("multirange", @"range_agg"),
        ("json", @"\.j\b"), ("nondeterministic collation", @"\.fo\b"),
    ];

    private static readonly (string Name, Regex Pattern)[] Compiled = [.. Patterns.Select(static p => (p.Name, new Regex(p.Pattern, RegexOptions.CultureInvariant)))];

    /// <summary>Every feature that a query may have.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Patterns.Select(static p => p.Name), "correlated", "may fail", "left open", "sub-select about both sides of a join", "clock about both sides of a join", "function of the clock", "way through a recursion", "clock in a recursion"];

    /// <summary>Those that a server of a major version knows.</summary>
    public static IEnumerable<string> KnownTo(int version) => All.Where(f => f switch
    {
        "JSON_TABLE" => version >= 17,
        "SQL/JSON function" => version >= 16,
        _ => true,
    });

    public static IEnumerable<string> Of(string text) => Compiled.Where(p => p.Pattern.IsMatch(text)).Select(static p => p.Name);
}
