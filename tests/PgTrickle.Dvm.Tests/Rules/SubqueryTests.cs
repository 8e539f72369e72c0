using PgTrickle.Dvm.Tests.Oracle;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Dvm.Tests.Rules;

/// <summary>Sub-selects in every place, under random changes: the stream table equals its query after each refresh, optimised and naive.</summary>
public sealed class SubqueryTests(ITestOutputHelper output)
{
    public static TheoryData<string> Conditions => new()
    {
        // EXISTS: by key, by other conditions, by none; of nothing; of groups; over joins.
        "SELECT id, name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.qty > 1)",
        "SELECT k, v FROM log l WHERE NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = l.k)",
        "SELECT id, name FROM customers c WHERE tier IS NOT NULL AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.qty > 1)",
        "SELECT o.id, c.tier FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.region > 'a' AND o.id IN (SELECT l.k FROM log l WHERE l.n > 1)",
        "SELECT k, v FROM log l WHERE EXISTS (SELECT FROM products p WHERE p.price > l.n)",
        "SELECT o.id FROM orders o WHERE EXISTS (SELECT FROM orders p WHERE p.customer_id = o.customer_id AND p.product_id <> o.product_id) AND NOT EXISTS (SELECT FROM orders p WHERE p.customer_id = o.customer_id AND p.qty > o.qty)",
        "SELECT k, n FROM log WHERE EXISTS (SELECT FROM regions WHERE zone > 5)",
        "SELECT k, n FROM log WHERE NOT EXISTS (SELECT FROM regions WHERE zone > 2)",
        "SELECT id FROM customers c WHERE EXISTS (SELECT o.product_id FROM orders o WHERE o.customer_id = c.id GROUP BY o.product_id HAVING count(*) > 1)",
        "SELECT c.id, o.id AS oid FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE EXISTS (SELECT FROM products p JOIN regions r ON r.zone = p.id WHERE p.id = o.product_id AND r.code <> c.region)",
        "SELECT id FROM products p WHERE EXISTS (SELECT FROM log l WHERE l.k = p.id AND p.category = 'a')",
        "SELECT id FROM products p WHERE NOT EXISTS (SELECT FROM log l WHERE l.k = p.id AND p.category = 'a')",
        "SELECT customer_id, count(*) AS n FROM orders o WHERE EXISTS (SELECT FROM products p WHERE p.id = o.product_id AND p.category > 'a') GROUP BY customer_id",

        // Two deep, and correlated through two levels.
        "SELECT id FROM customers c WHERE EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id AND NOT EXISTS (SELECT FROM products p WHERE p.id = o.product_id AND p.category = 'gold'))",
        "SELECT id FROM customers c WHERE EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id AND EXISTS (SELECT FROM regions r WHERE r.zone = o.qty AND r.code = c.region))",
        "SELECT id FROM customers c WHERE NOT EXISTS (SELECT FROM products p WHERE NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id AND o.product_id = p.id))",

        // Aggregates over what is computed from the outer row alone.
        "SELECT k, v FROM log l WHERE l.k <> ANY (SELECT EXTRACT(day FROM '2026-03-01'::date) FROM LATERAL generate_series(1, l.n) g(x))",
        "SELECT k, v, l.k = ALL (SELECT 2 FROM generate_series(1, l.n) g) AS c FROM log l",

        // IN and NOT IN, with NULLs on both sides, of one column and several.
        "SELECT id FROM customers WHERE id IN (SELECT customer_id FROM orders)",
        "SELECT k, v FROM log WHERE k IN (SELECT qty FROM orders WHERE note = 'a')",
        "SELECT k, v FROM log WHERE k NOT IN (SELECT zone FROM regions WHERE title <> 'b')",
        "SELECT id FROM customers WHERE id NOT IN (SELECT zone FROM regions)",
        "SELECT k, v FROM log WHERE k NOT IN (SELECT id FROM customers WHERE id > 3)",
        "SELECT id FROM customers WHERE id NOT IN (SELECT product_id FROM orders WHERE customer_id IS NOT NULL)",
        "SELECT id FROM orders WHERE (customer_id, product_id) IN (SELECT k, k FROM log)",
        "SELECT id FROM orders WHERE (customer_id, qty) NOT IN (SELECT k, zone FROM log, regions WHERE n > 1)",
        "SELECT id FROM customers c WHERE tier NOT IN (SELECT r.title FROM regions r WHERE r.code = c.region)",
        "SELECT id FROM orders o WHERE product_id IN (SELECT o.qty + r.zone FROM regions r)",
        "SELECT v FROM log WHERE n NOT IN (SELECT price FROM products WHERE category = 'a')",
        "SELECT id FROM customers WHERE id IN (SELECT customer_id FROM orders GROUP BY customer_id HAVING sum(amount) > 20)",
        "SELECT id FROM customers WHERE id IN (SELECT k FROM log UNION SELECT zone FROM regions)",

        // ANY and ALL with any operator, over nothing and over NULLs.
        "SELECT k, v FROM log WHERE k > ALL (SELECT zone FROM regions WHERE title = 'a')",
        "SELECT k, v FROM log WHERE NOT (k > ALL (SELECT zone FROM regions WHERE title = 'a'))",
        "SELECT k, v FROM log WHERE k < ANY (SELECT qty FROM orders o WHERE o.note = v)",
        "SELECT k, v FROM log WHERE NOT (k >= ANY (SELECT zone FROM regions))",
        "SELECT id FROM products p WHERE id <> ALL (SELECT product_id FROM orders o WHERE o.qty = p.parent)",
        "SELECT id FROM orders o WHERE (customer_id, qty) <> ALL (SELECT k, zone FROM log, regions)",
        "SELECT id FROM customers WHERE name LIKE ANY (SELECT v FROM log)",
    };

    public static TheoryData<string> Values => new()
    {
        "SELECT id, EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id) AS e FROM customers c",
        "SELECT k, k IN (SELECT zone FROM regions) AS i, k NOT IN (SELECT qty FROM orders WHERE note = 'a') AS n FROM log",
        "SELECT id, id IN (SELECT customer_id FROM orders WHERE amount > 5) AS i FROM customers",
        "SELECT id FROM customers c WHERE tier = 'gold' OR EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id AND o.amount > 50)",
        "SELECT id FROM customers c WHERE NOT (tier = 'gold' AND EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id))",
        "SELECT id FROM orders o WHERE customer_id IN (SELECT k FROM log) IS NOT TRUE",
        "SELECT id, CASE WHEN id = ANY (SELECT k FROM log) THEN 'log' WHEN id > ALL (SELECT zone FROM regions) THEN 'top' ELSE 'none' END AS w FROM customers",
        "SELECT k, (k, k) IN (SELECT qty, customer_id FROM orders) AS both FROM log",
        "SELECT id, COALESCE(EXISTS (SELECT FROM log l WHERE l.n > o.rate), false) AS e FROM orders o",
        "SELECT tier, count(*) AS n FROM customers c GROUP BY tier HAVING tier IN (SELECT title FROM regions)",
        "SELECT EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id) AS e, count(*) AS n FROM customers c GROUP BY 1",
        "SELECT region, count(*) FILTER (WHERE EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id)) AS n FROM customers c GROUP BY region",
        "SELECT c.id, o.id AS oid FROM customers c LEFT JOIN orders o ON o.customer_id = c.id AND o.product_id IN (SELECT p.id FROM products p WHERE p.category <> 'b')",
        "SELECT c.id, o.id AS oid FROM customers c JOIN orders o ON o.customer_id = c.id AND NOT EXISTS (SELECT FROM log l WHERE l.k = o.qty AND l.v = c.tier)",
        "SELECT 1 AS one, EXISTS (SELECT FROM log WHERE k = 3) AS e",
    };

    public static TheoryData<string> Scalars => new()
    {
        // Aggregates over related rows, over nothing, by key and otherwise; the classic count.
        "SELECT id, (SELECT count(*) FROM orders o WHERE o.customer_id = c.id) AS n FROM customers c",
        "SELECT id, (SELECT max(amount) FROM orders o WHERE o.customer_id = c.id AND o.qty > 0) AS top FROM customers c",
        "SELECT id FROM orders o WHERE amount > (SELECT avg(p.amount) FROM orders p WHERE p.product_id = o.product_id)",
        "SELECT k, v, (SELECT sum(qty) FROM orders o WHERE o.customer_id = l.k AND o.note = l.v) AS s FROM log l",
        "SELECT k, (SELECT count(*) FROM products p WHERE p.price < l.n) AS cheaper FROM log l",
        "SELECT id, (SELECT bool_and(o.qty > 1) FROM orders o WHERE o.customer_id = c.id) AS b, (SELECT count(DISTINCT o.product_id) + 1 FROM orders o WHERE o.customer_id = c.id) AS d FROM customers c",
        "SELECT id, (SELECT sum(o.amount) * c.credit FROM orders o WHERE o.customer_id = c.id HAVING count(*) > 1) AS s FROM customers c",
        "SELECT id FROM customers c WHERE (SELECT count(*) FROM orders o WHERE o.customer_id = c.id) = 0",

        // The same for some rows only: read anew for those, not kept for all.
        "SELECT id, (SELECT count(*) FROM orders o WHERE o.customer_id = c.id) AS n, (SELECT max(amount) FROM orders o WHERE o.customer_id = c.id AND o.qty > 0) AS top FROM customers c WHERE c.tier = 'gold' OR c.id < 6",
        "SELECT k, v, (SELECT sum(qty) + l.k FROM orders o WHERE o.customer_id = l.k AND o.note = l.v) AS s FROM log l WHERE l.n > 1",
        "SELECT id FROM orders o WHERE amount > (SELECT avg(p.amount) FROM orders p WHERE p.customer_id = o.customer_id AND p.qty > 1) AND qty < 7",
        "SELECT k, (SELECT count(*) * l.n FROM products p WHERE p.price = l.n) AS same, (SELECT count(*) FROM products p WHERE p.id = l.k AND p.price < l.n) AS less FROM log l WHERE l.v > 'a'",

        // Of no related rows, of a key, of what need not be one.
        "SELECT id, (SELECT max(amount) FROM orders) AS top FROM customers",
        "SELECT id FROM orders WHERE amount = (SELECT max(amount) FROM orders) OR qty > (SELECT count(*) FROM log WHERE v = 'a')",
        "SELECT id, (SELECT name FROM customers c WHERE c.id = o.customer_id) AS name FROM orders o",
        "SELECT id, COALESCE((SELECT name FROM customers c WHERE c.id = o.customer_id), 'none') || '!' AS name FROM orders o",
        "SELECT id, (SELECT r.title FROM regions r WHERE r.code = c.region AND r.zone > 3) AS t FROM customers c",
        "SELECT k, (SELECT category FROM products WHERE id = 3) AS c FROM log",
        "SELECT id, (SELECT string_agg(o.note, ',' ORDER BY o.ts DESC, o.id) FROM orders o WHERE o.customer_id = c.id) AS notes FROM customers c",
        "SELECT id, (SELECT o.note FROM orders o WHERE o.customer_id = c.id ORDER BY o.ts DESC, o.id LIMIT 1) AS last FROM customers c",
        "SELECT id, (SELECT round(sum(o.weight)::numeric, 6) FROM orders o WHERE o.customer_id = c.id AND o.weight < 10 AND o.weight > -10) AS w FROM customers c",
        "SELECT (SELECT count(*) FROM log) AS l, (SELECT max(id) FROM orders) AS o",

        // In groups, in arguments of aggregates, in HAVING, in keys, in each other.
        "SELECT tier, count(*) AS n, (SELECT count(*) FROM regions r WHERE r.title = c.tier) AS r FROM customers c GROUP BY tier",
        "SELECT customer_id, sum(amount) AS s FROM orders GROUP BY customer_id HAVING sum(amount) > (SELECT avg(credit) FROM customers)",
        "SELECT customer_id, sum(amount) AS s FROM orders o GROUP BY customer_id HAVING count(*) > (SELECT count(*) FROM log l WHERE l.k = o.customer_id)",
        "SELECT region, sum((SELECT count(*) FROM orders o WHERE o.customer_id = c.id)) AS n FROM customers c GROUP BY region",
        "SELECT (SELECT count(*) FROM orders o WHERE o.customer_id = c.id) AS n, count(*) AS c FROM customers c GROUP BY 1",
        "SELECT id, (SELECT count(*) FROM orders o WHERE o.customer_id = c.id AND o.amount > (SELECT avg(p.amount) FROM orders p WHERE p.product_id = o.product_id)) AS n FROM customers c",
        "SELECT id, (SELECT count(*) FROM orders o WHERE o.customer_id = c.id AND EXISTS (SELECT FROM log l WHERE l.k = o.qty AND l.v = c.tier)) AS n FROM customers c",
        "SELECT id, (SELECT max((SELECT min(l.v) FROM log l WHERE l.k = o.qty)) FROM orders o WHERE o.customer_id = c.id) AS m FROM customers c",
        "SELECT DISTINCT (SELECT count(*) FROM orders o WHERE o.customer_id = c.id) AS n FROM customers c",
        "SELECT DISTINCT ON (n) n, id FROM (SELECT (SELECT count(*) FROM orders o WHERE o.customer_id = c.id) AS n, id FROM customers c) x ORDER BY n, id",
        "SELECT k, CASE WHEN k > 2 THEN (SELECT count(*) FROM orders o WHERE o.qty = l.k) ELSE -1 END AS n FROM log l",
        "SELECT id, (SELECT count(*) FROM orders o WHERE o.customer_id = c.id AND o.day >= CURRENT_DATE) AS n FROM customers c",
        "SELECT c.id, t.n FROM customers c LEFT JOIN (SELECT k, (SELECT count(*) FROM orders o WHERE o.qty = l.k) AS n FROM log l) t ON t.k = c.id",
        "SELECT x.id FROM (SELECT id, (SELECT count(*) FROM orders o WHERE o.customer_id = c.id) AS n FROM customers c UNION ALL SELECT id, 0 FROM products) x WHERE x.n > 1",
    };

    public static TheoryData<string> Rows => new()
    {
        "SELECT id, ARRAY(SELECT o.id FROM orders o WHERE o.customer_id = c.id ORDER BY o.amount DESC, o.id) AS ids FROM customers c",
        "SELECT id, ARRAY(SELECT o.note FROM orders o WHERE o.customer_id = c.id ORDER BY o.ts, o.id LIMIT 2) AS notes FROM customers c",
        "SELECT k, ARRAY(SELECT r.zone FROM regions r WHERE r.title = l.v ORDER BY 1) AS zones FROM log l",
        "SELECT c.id, x.what, x.value FROM customers c, LATERAL (VALUES ('name', c.name), ('tier', c.tier)) AS x(what, value)",
        "SELECT x.a, x.b FROM (VALUES (1, (SELECT count(*) FROM log)), (2, (SELECT max(id) FROM customers))) AS x(a, b)",
        "SELECT to_jsonb(r) AS j FROM regions r",
        "SELECT c.id, to_jsonb(r) AS j, r IS NULL AS none FROM customers c LEFT JOIN regions r ON r.code = c.region",
        "SELECT c.region, count(r) AS n, jsonb_agg(r.* ORDER BY r.code) AS j FROM customers c LEFT JOIN regions r ON r.code = c.region GROUP BY c.region",
        "SELECT c.id, (SELECT to_jsonb(r) FROM regions r WHERE r.code = c.region) AS j FROM customers c",
    };

    public static TheoryData<string> Laterals => new()
    {
        "SELECT c.id, x.s FROM customers c, LATERAL (SELECT sum(o.amount) AS s FROM orders o WHERE o.customer_id = c.id) x",
        "SELECT c.id, x.oid, x.twice FROM customers c, LATERAL (SELECT o.id AS oid, o.qty * c.id AS twice FROM orders o WHERE o.customer_id = c.id) x",
        "SELECT c.id, x.oid FROM customers c LEFT JOIN LATERAL (SELECT o.id AS oid FROM orders o WHERE o.customer_id = c.id AND o.amount > c.credit) x ON true",
        "SELECT c.id, x.oid, x.t FROM customers c LEFT JOIN LATERAL (SELECT o.id AS oid, o.qty + c.id AS t FROM orders o WHERE o.customer_id = c.id) x ON x.t > 3",
        "SELECT c.id, x.product_id, x.n FROM customers c LEFT JOIN LATERAL (SELECT o.product_id, count(*) AS n FROM orders o WHERE o.customer_id = c.id GROUP BY o.product_id) x ON true",
        "SELECT c.id, x.product_id, x.n FROM customers c LEFT JOIN LATERAL (SELECT o.product_id, count(*) AS n FROM orders o WHERE o.customer_id < c.id GROUP BY o.product_id HAVING count(*) > 1) x ON x.n < 5",
        "SELECT l.k, x.v FROM log l, LATERAL (SELECT DISTINCT m.v FROM log m WHERE m.k > l.k) x",
        "SELECT l.k, x.v FROM log l, LATERAL (SELECT m.v FROM log m WHERE m.k = l.k UNION ALL SELECT r.title FROM regions r WHERE r.zone = l.k) x",
        "SELECT c.id, x.n, y.m FROM customers c, LATERAL (SELECT count(*) AS n FROM orders o WHERE o.customer_id = c.id) x, LATERAL (SELECT count(*) AS m FROM log l WHERE l.k = x.n) y",
        "SELECT c.id, x.n FROM customers c JOIN LATERAL (SELECT count(*) AS n FROM orders o LEFT JOIN products p ON p.id = o.product_id AND p.category = c.tier WHERE o.customer_id = c.id) x ON x.n > 0",
        "SELECT c.id, x.oid, x.ts FROM customers c, LATERAL (SELECT o.id AS oid, o.ts FROM orders o WHERE o.customer_id = c.id ORDER BY o.ts DESC, o.id LIMIT 2) x",
        "SELECT c.id, x.oid FROM customers c LEFT JOIN LATERAL (SELECT o.id AS oid FROM orders o WHERE o.amount > c.credit ORDER BY o.amount, o.id LIMIT 1) x ON true",
        "SELECT c.id, x.oid, x.r FROM customers c LEFT JOIN LATERAL (SELECT o.id AS oid, rank() OVER (ORDER BY o.amount) AS r FROM orders o WHERE o.customer_id = c.id) x ON x.r < 3",
        "SELECT c.id, x.note FROM customers c, LATERAL (SELECT DISTINCT ON (o.product_id) o.note FROM orders o WHERE o.customer_id = c.id ORDER BY o.product_id, o.ts, o.id) x",
        "SELECT x.id, count(*) AS n, max(x.oid) AS last FROM (SELECT c.id, y.oid FROM customers c LEFT JOIN LATERAL (SELECT o.id AS oid FROM orders o WHERE o.customer_id = c.id) y ON true) x GROUP BY x.id",
    };

    public static TheoryData<string> Functions => new()
    {
        "SELECT id, generate_series(1, id % 3) AS g FROM customers",
        "SELECT k, generate_series(1, k) AS a, regexp_split_to_table(v, '') AS b, k + generate_series(1, 2) AS c FROM log",
        "SELECT c.id, g.i FROM customers c, generate_series(1, c.id) AS g(i) WHERE g.i <> 2",
        "SELECT c.id, g.i, g.ord FROM customers c LEFT JOIN LATERAL regexp_split_to_table(c.tier, 'o') WITH ORDINALITY AS g(i, ord) ON true",
        "SELECT o.id, x.a, x.b, x.o FROM orders o, ROWS FROM (generate_series(1, o.qty), string_to_table(o.note, 'o')) WITH ORDINALITY AS x(a, b, o)",
        "SELECT o.id, j.key, j.value FROM orders o, jsonb_each(o.doc) AS j(key, value) WHERE jsonb_typeof(o.doc) = 'object'",
        "SELECT o.id, u.a, u.b FROM orders o LEFT JOIN LATERAL unnest(string_to_array(o.note, 'o'), ARRAY[o.qty, o.customer_id]) AS u(a, b) ON true",
        "SELECT unnest(string_to_array(note, 'o')) AS part, count(*) AS n, sum(amount) AS s FROM orders GROUP BY 1",
        "SELECT customer_id, unnest(array_agg(id ORDER BY id)) AS id FROM orders GROUP BY customer_id",
        "SELECT customer_id, generate_series(1, count(*)) AS i FROM orders GROUP BY customer_id",
        "SELECT DISTINCT regexp_split_to_table(v, '') AS c FROM log",
        "SELECT g.d, c.id FROM generate_series(1, 4) AS g(d) LEFT JOIN customers c ON c.id = g.d",
        "SELECT x.a, count(*) AS n FROM orders o, unnest(string_to_array(o.note, 'o')) AS x(a) WHERE o.amount > 2 GROUP BY x.a",
        "SELECT id FROM customers c WHERE EXISTS (SELECT FROM generate_series(1, c.id) AS g(i) JOIN log l ON l.k = g.i)",
        "SELECT l.k, x.x FROM log l, XMLTABLE('/r/e' PASSING xmlparse(document '<r><e>' || l.k || '</e><e>2</e></r>') COLUMNS x int PATH '.') AS x WHERE l.k IS NOT NULL",
    };

    /// <summary>Aggregates that belong to the query around the sub-select in which they stand, at one level and at two, in every place where they may.</summary>
    private static readonly string[] OuterAggregates =
    [
        "SELECT customer_id, (SELECT count(*) FROM log l WHERE l.k = count(o.qty)) AS n FROM orders o GROUP BY customer_id",
        "SELECT (SELECT max(l.v) FROM log l WHERE l.k < count(o.qty)) AS m FROM orders o",
        "SELECT product_id, (SELECT sum(o.amount)) AS s, (SELECT sum(o.amount) + count(*) FROM log) AS t FROM orders o GROUP BY product_id",
        "SELECT customer_id FROM orders o GROUP BY customer_id HAVING EXISTS (SELECT FROM log l WHERE l.k > max(o.qty)) OR count(*) IN (SELECT zone FROM regions WHERE zone < sum(o.qty))",
        "SELECT tier, (SELECT p.category FROM products p WHERE p.id = max(c.id)) AS c, count(*) AS n FROM customers c GROUP BY tier",
        "SELECT customer_id, (SELECT count(*) FROM products p WHERE p.id < (SELECT count(*) FROM regions r WHERE r.zone < count(o.amount) AND r.zone <> p.parent)) AS n FROM orders o GROUP BY customer_id",
        "SELECT tier, region, GROUPING(tier) AS g, (SELECT count(*) FROM log l WHERE l.k <= count(c.name) FILTER (WHERE c.id > 2)) AS n FROM customers c GROUP BY ROLLUP (tier, region)",
        "SELECT customer_id, (SELECT sum(l.k) FROM log l GROUP BY l.v HAVING sum(l.k) > sum(o.qty) ORDER BY sum(l.k) - sum(o.qty), l.v LIMIT 1) AS n FROM orders o GROUP BY customer_id",
    ];

    [PostgresVersions]
    [Theory]
    public Task Aggregates_in_sub_selects_are_those_of_the_query_around(PostgresVersion version) => RuleCheck.RunAsync(version, "", OuterAggregates, output);

    [PostgresMemberData(nameof(Scalars))]
    [Theory]
    public Task Scalar_sub_selects_follow_both_sides(PostgresVersion version, string query) => CheckAsync(version, query);

    [PostgresMemberData(nameof(Rows))]
    [Theory]
    public Task Arrays_and_rows_as_values_follow_their_sources(PostgresVersion version, string query) => CheckAsync(version, query);

    [PostgresMemberData(nameof(Laterals))]
    [Theory]
    public Task Lateral_sub_selects_follow_both_sides(PostgresVersion version, string query) => CheckAsync(version, query);

    [PostgresMemberData(nameof(Functions))]
    [Theory]
    public Task Rows_that_functions_make_follow_their_arguments(PostgresVersion version, string query) => CheckAsync(version, query);

    [PostgresMemberData(nameof(Conditions))]
    [Theory]
    public Task Conditions_on_sub_selects_follow_both_sides(PostgresVersion version, string query) => CheckAsync(version, query);

    [PostgresMemberData(nameof(Values))]
    [Theory]
    public Task Marks_follow_both_sides(PostgresVersion version, string query) => CheckAsync(version, query);

    private Task<CompiledPlan> CheckAsync(PostgresVersion version, string query) => RuleCheck.RunAsync(version, query, output);
}
