using PgTrickle.Dvm.Tests.Oracle;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Dvm.Tests.Rules;

/// <summary>Every rule on real servers under random changes: the stream table equals its query after each refresh, optimised and naive.</summary>
public sealed class RuleTests(ITestOutputHelper output)
{
    public static TheoryData<string> Linear => new()
    {
        "SELECT id, name, tier FROM customers WHERE tier IS NULL OR tier <> 'a'",
        "SELECT name, tier FROM customers",
        "SELECT v, n, j FROM log WHERE k > 2",
        "SELECT id, 10 / (qty - 2) AS q, rate * 2 AS r, weight, doc FROM orders WHERE qty <> 2",
        "SELECT k, v FROM log UNION ALL SELECT id, name FROM customers",
        "SELECT k AS x FROM log UNION ALL SELECT price FROM products",
        "SELECT 1 AS one",
        "SELECT x.id, x.n || '!' AS n FROM (SELECT id, name || tier AS n FROM customers WHERE id > 1) x WHERE x.n IS NOT NULL",
        "WITH c AS (SELECT id, region FROM customers), d AS (SELECT * FROM c WHERE id < 6) SELECT d.id, c.region FROM c JOIN d USING (id)",
    };

    public static TheoryData<string> Joins => new()
    {
        "SELECT o.id, c.name, o.amount FROM orders o JOIN customers c ON c.id = o.customer_id",
        "SELECT c.name, p.category, o.rate FROM orders o JOIN customers c ON c.id = o.customer_id JOIN products p ON p.id = o.product_id WHERE o.amount > 1",
        "SELECT a.v, b.v AS w FROM log a JOIN log b ON a.k = b.k",
        "SELECT o.id, c.name, p.category, r.title, q.category AS up FROM orders o, customers c, products p, regions r, products q WHERE o.customer_id = c.id AND p.id = o.product_id AND r.code = c.region AND q.id = p.parent",
        "SELECT c.id, r.title FROM customers c CROSS JOIN regions r",
        "SELECT c.id, p.id AS pid FROM customers c JOIN products p ON c.credit > p.price",

        // Traps 3, 5 and 7: one table three times; columns that are merged; ranges, and NULLs that are equal.
        "SELECT a.k, b.n, c.v FROM log a JOIN log b ON b.k = a.k JOIN log c ON c.v = b.v",
        "SELECT * FROM (SELECT id, name FROM customers) c NATURAL JOIN (SELECT id, category FROM products) p",
        "SELECT o.id, l.v FROM orders o JOIN log l ON l.k BETWEEN o.qty AND o.qty + 1",
        "SELECT c.id, l.k FROM customers c JOIN log l ON l.v IS NOT DISTINCT FROM c.tier",
    };

    public static TheoryData<string> OuterJoins => new()
    {
        "SELECT c.id, o.id AS oid, o.amount FROM customers c LEFT JOIN orders o ON o.customer_id = c.id",
        "SELECT l.v, o.note FROM log l LEFT JOIN orders o ON o.qty = l.k AND o.amount > 2",
        "SELECT l.v, o.note FROM log l LEFT JOIN orders o ON o.qty = l.k AND l.n > 1",
        "SELECT l.v, o.note FROM log l LEFT JOIN orders o ON o.qty > l.k AND o.note = l.v",
        "SELECT c.id, p.category FROM products p RIGHT JOIN customers c ON p.id = c.id",
        "SELECT c.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.id IS NULL",
        "SELECT c.id, x.label FROM customers c LEFT JOIN (SELECT id, coalesce(category, 'none') || '!' AS label FROM products) x ON x.id = c.id",
        "SELECT c.id AS cid, l.k FROM customers c FULL JOIN log l ON l.k = c.id",
        "SELECT COALESCE(c.id, p.id) AS id, c.name, p.category FROM customers c FULL JOIN products p USING (id)",
        "SELECT c.id, o.id AS oid, p.category, r.title FROM customers c LEFT JOIN orders o ON o.customer_id = c.id LEFT JOIN products p ON p.id = o.product_id LEFT JOIN regions r ON r.code = c.region",
        "SELECT c.id, l.k FROM customers c LEFT JOIN log l ON l.v IS NOT DISTINCT FROM c.tier AND l.k BETWEEN c.id - 1 AND c.id",
        "SELECT * FROM (SELECT id, name FROM customers) c NATURAL FULL JOIN (SELECT id, category FROM products) p",
        "SELECT c.id, x.id AS oid, x.category FROM customers c LEFT JOIN (orders o JOIN products p ON p.id = o.product_id) AS x(id, a, b, cc, d, e, f, g, h, i, j, pid, category, l, m) ON x.a = c.id",
    };

    public static TheoryData<string> Aggregates => new()
    {
        "SELECT customer_id, count(*) AS n, sum(amount) AS total FROM orders GROUP BY customer_id",
        "SELECT product_id, sum(amount) AS total, avg(amount) AS mean, count(qty) AS q FROM orders GROUP BY product_id",
        "SELECT customer_id, sum(qty) AS s, avg(qty) AS a, sum(id::bigint) AS b FROM orders GROUP BY customer_id",
        "SELECT customer_id, sum(rate) AS s, avg(rate) AS a FROM orders GROUP BY customer_id",
        "SELECT customer_id, min(amount) AS lo, max(amount) AS hi, min(note) AS first, count(*) AS n FROM orders GROUP BY customer_id",
        "SELECT count(*) AS n, sum(amount) AS total, max(day) AS last, avg(rate) AS mean FROM orders",
        "SELECT count(*) AS n FROM log",
        "SELECT customer_id, sum(weight) AS w, avg(weight) AS a FROM orders WHERE weight < 1e10 AND weight <> 0.1 GROUP BY customer_id",
        "SELECT customer_id, string_agg(note, ',' ORDER BY id) AS notes, count(DISTINCT qty) AS q, array_agg(id ORDER BY id) AS ids FROM orders GROUP BY customer_id",
        "SELECT customer_id, count(DISTINCT qty) AS q, sum(DISTINCT qty) FILTER (WHERE amount > 3) AS s, count(*) AS n, count(note) AS c, avg(amount) AS a, sum(qty) AS t, min(note) AS lo, max(DISTINCT day) AS hi FROM orders GROUP BY customer_id",
        "SELECT count(DISTINCT customer_id) AS c, count(DISTINCT customer_id) FILTER (WHERE qty > 2) AS f, sum(id) AS s, count(qty) AS n, avg(qty) AS a FROM orders WHERE qty IS DISTINCT FROM 1",
        "SELECT tier, count(DISTINCT id) AS n, avg(DISTINCT credit) AS a FROM customers GROUP BY tier",
        "SELECT region, count(DISTINCT tier) + 1 AS n FROM customers GROUP BY region HAVING count(DISTINCT tier) > 1 AND sum(id) > 3",
        "SELECT c.name, x.n FROM customers c JOIN (SELECT customer_id, count(DISTINCT product_id) AS n FROM orders GROUP BY customer_id) x ON x.customer_id = c.id",
        "SELECT customer_id, count(*) FILTER (WHERE amount > 5) AS big, sum(amount) FILTER (WHERE qty > 1) AS s FROM orders GROUP BY customer_id",
        "SELECT product_id, customer_id, count(*) + 1 AS n1, COALESCE(sum(qty), 0) AS s FROM orders GROUP BY product_id, customer_id",
        "SELECT date_trunc('day', ts) AS d, note, count(*) AS n FROM orders GROUP BY 1, 2",
        "SELECT customer_id, sum(amount) AS total FROM orders GROUP BY customer_id HAVING sum(amount) > 10 AND count(*) < 5",
        "SELECT sum(CASE WHEN qty > 2 THEN amount ELSE 0 END) AS s, count(*) AS c FROM orders HAVING count(*) > 3",
        "SELECT c.name, c.tier, count(o.id) AS n, COALESCE(sum(o.amount), 0) AS total FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.id, c.name, c.tier",
        "SELECT c.id, c.name, c.tier, count(o.id) AS n, COALESCE(sum(o.amount), 0) AS total FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.id",
        "SELECT p.category, sum(o.amount * o.qty) AS revenue, max(o.rate) AS hi FROM orders o JOIN products p ON p.id = o.product_id GROUP BY p.category",
        "SELECT r.zone, count(*) AS n, min(o.ts) AS since FROM orders o JOIN customers c ON c.id = o.customer_id LEFT JOIN regions r ON r.code = c.region GROUP BY r.zone",
        "SELECT n, count(*) AS c FROM log GROUP BY n",
        "SELECT count(*) AS c FROM orders GROUP BY customer_id",
        "SELECT v, sum(k) AS s, bool_or(k > 3) AS b FROM log GROUP BY v",
        "SELECT x.n, count(*) AS customers FROM (SELECT customer_id, count(*) AS n FROM orders GROUP BY customer_id) x GROUP BY x.n",
        "SELECT c.name, t.total FROM customers c LEFT JOIN (SELECT customer_id, sum(amount) AS total FROM orders GROUP BY customer_id) t ON t.customer_id = c.id",
        "SELECT c.name, t.n FROM customers c CROSS JOIN (SELECT count(*) AS n FROM orders WHERE qty > 2) t",
    };

    public static TheoryData<string> Distincts => new()
    {
        "SELECT DISTINCT region, tier FROM customers",
        "SELECT DISTINCT id, name FROM customers",
        "SELECT DISTINCT c.name, o.product_id FROM customers c JOIN orders o ON o.customer_id = c.id",
        "SELECT DISTINCT n FROM log",
        "SELECT k FROM log UNION SELECT id FROM customers UNION SELECT qty FROM orders",
        "SELECT DISTINCT ON (id) id, note, amount FROM orders WHERE note IN ('a', 'b', 'gold')",
        "SELECT DISTINCT ON (customer_id) customer_id, id AS oid, note, ts FROM orders ORDER BY customer_id, ts DESC, id",
        "SELECT DISTINCT ON (customer_id, product_id) id, customer_id, product_id, amount FROM orders ORDER BY product_id, customer_id DESC NULLS LAST, amount, id DESC",
        "SELECT DISTINCT ON (c.region) c.region, o.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id ORDER BY c.region, o.ts DESC NULLS LAST, o.id, c.id",

        // Trap 18: below the top, with and without an order, which may say less than the keys do.
        "SELECT c.name, x.id, x.note FROM customers c JOIN (SELECT DISTINCT ON (customer_id) customer_id, id, note FROM orders ORDER BY customer_id, ts DESC, id) x ON x.customer_id = c.id",
        "SELECT x.qty, count(x.note) * 0 AS zero, count(*) AS n FROM (SELECT DISTINCT ON (qty, customer_id) note, qty FROM orders) x GROUP BY x.qty",
        "SELECT x.qty, count(*) AS n FROM (SELECT DISTINCT ON (qty, customer_id) id, qty FROM orders ORDER BY customer_id DESC) x JOIN customers c ON c.id = x.qty GROUP BY x.qty",
        "SELECT d.region, count(*) AS n FROM (SELECT DISTINCT region, tier FROM customers) d GROUP BY d.region",
    };

    [PostgresMemberData(nameof(Linear))]
    [Theory]
    public Task Filters_projections_and_unions_follow_their_sources(PostgresVersion version, string query) => CheckAsync(version, query);

    [PostgresMemberData(nameof(Joins))]
    [Theory]
    public Task Inner_joins_follow_their_sources(PostgresVersion version, string query) => CheckAsync(version, query);

    [PostgresMemberData(nameof(OuterJoins))]
    [Theory]
    public Task Outer_joins_follow_their_sources(PostgresVersion version, string query) => CheckAsync(version, query);

    [PostgresMemberData(nameof(Aggregates))]
    [Theory]
    public Task Aggregates_follow_their_sources(PostgresVersion version, string query) => CheckAsync(version, query);

    [PostgresMemberData(nameof(Distincts))]
    [Theory]
    public Task Distinct_rows_follow_their_sources(PostgresVersion version, string query) => CheckAsync(version, query);

    private Task CheckAsync(PostgresVersion version, string query) => RuleCheck.RunAsync(version, query, output);
}
