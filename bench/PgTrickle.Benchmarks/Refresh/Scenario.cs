using System.Globalization;

namespace PgTrickle.Benchmarks.Refresh;

/// <summary>A query, and what somebody who knows it would write by hand to maintain its result.</summary>
/// <param name="Name">For the table.</param>
/// <param name="Query">The defining query.</param>
/// <param name="Key">The columns of the unique index of the table kept by hand.</param>
/// <param name="Merge">
/// The statement that applies the changes of <c>{orders}</c> since snapshot $1 to <c>{target}</c>: both stand for names.
/// </param>
internal sealed record Scenario(string Name, string Query, string Key, string Merge)
{
    /// <summary>The changes of orders between the two refreshes, as the hand-written statements read them.</summary>
    private const string Changes = "SELECT * FROM {orders} WHERE __pgt_xid >= pg_snapshot_xmin($1) AND NOT pg_visible_in_snapshot(__pgt_xid, $1)";

    public static IReadOnlyList<Scenario> All { get; } =
    [
        new(
            "filter",
            "SELECT id, customer_id, amount, placed_at FROM orders WHERE status = 'open'",
            "id",
            $$"""
            WITH c AS ({{Changes}}),
            d AS MATERIALIZED (
                SELECT id, customer_id, amount, placed_at, sum(__pgt_w) AS w FROM c WHERE status = 'open'
                GROUP BY id, customer_id, amount, placed_at HAVING sum(__pgt_w) <> 0),
            k AS (SELECT DISTINCT ON (id) * FROM d ORDER BY id, w DESC)
            MERGE INTO {target} t USING k ON t.id = k.id
            WHEN MATCHED AND k.w < 0 THEN DELETE
            WHEN MATCHED THEN UPDATE SET customer_id = k.customer_id, amount = k.amount, placed_at = k.placed_at
            WHEN NOT MATCHED AND k.w > 0 THEN INSERT (id, customer_id, amount, placed_at) VALUES (k.id, k.customer_id, k.amount, k.placed_at)
            """),
        new(
            "aggregate, 100k groups",
            "SELECT customer_id, count(*) AS orders, sum(amount) AS total FROM orders GROUP BY customer_id",
            "customer_id",
            $$"""
            WITH c AS ({{Changes}}),
            d AS MATERIALIZED (
                SELECT customer_id, sum(__pgt_w) AS orders, sum(amount * __pgt_w) AS total FROM c GROUP BY customer_id)
            MERGE INTO {target} t USING d ON t.customer_id = d.customer_id
            WHEN MATCHED AND t.orders + d.orders = 0 THEN DELETE
            WHEN MATCHED AND (d.orders <> 0 OR d.total <> 0) THEN UPDATE SET orders = t.orders + d.orders, total = t.total + d.total
            WHEN NOT MATCHED THEN INSERT (customer_id, orders, total) VALUES (d.customer_id, d.orders, d.total)
            """),
        new(
            "join of two tables",
            "SELECT o.id, o.amount, o.status, c.name, c.region FROM orders o JOIN customers c ON c.id = o.customer_id",
            "id",
            $$"""
            WITH c AS ({{Changes}}),
            d AS MATERIALIZED (
                SELECT c.id, c.amount, c.status, p.name, p.region, sum(c.__pgt_w) AS w FROM c JOIN customers p ON p.id = c.customer_id
                GROUP BY c.id, c.amount, c.status, p.name, p.region HAVING sum(c.__pgt_w) <> 0),
            k AS (SELECT DISTINCT ON (id) * FROM d ORDER BY id, w DESC)
            MERGE INTO {target} t USING k ON t.id = k.id
            WHEN MATCHED AND k.w < 0 THEN DELETE
            WHEN MATCHED THEN UPDATE SET amount = k.amount, status = k.status, name = k.name, region = k.region
            WHEN NOT MATCHED AND k.w > 0 THEN INSERT (id, amount, status, name, region) VALUES (k.id, k.amount, k.status, k.name, k.region)
            """),
        new(
            "join and aggregate",
            "SELECT c.region, o.status, count(*) AS orders, sum(o.amount) AS total FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY c.region, o.status",
            "region, status",
            $$"""
            WITH c AS ({{Changes}}),
            d AS MATERIALIZED (
                SELECT p.region, c.status, sum(c.__pgt_w) AS orders, sum(c.amount * c.__pgt_w) AS total FROM c JOIN customers p ON p.id = c.customer_id
                GROUP BY p.region, c.status)
            MERGE INTO {target} t USING d ON t.region = d.region AND t.status = d.status
            WHEN MATCHED AND t.orders + d.orders = 0 THEN DELETE
            WHEN MATCHED AND (d.orders <> 0 OR d.total <> 0) THEN UPDATE SET orders = t.orders + d.orders, total = t.total + d.total
            WHEN NOT MATCHED THEN INSERT (region, status, orders, total) VALUES (d.region, d.status, d.orders, d.total)
            """),
        new(
            "chain of eight tables",
            $"SELECT o.id, o.amount, {Names("c.name")} FROM orders o JOIN customers c ON c.id = o.customer_id {Joins}",
            "id",
            $$"""
            WITH c AS ({{Changes}}),
            d AS MATERIALIZED (
                SELECT c.id, c.amount, {{Names("p.name")}}, sum(c.__pgt_w) AS w
                FROM c JOIN customers p ON p.id = c.customer_id {{Joins.Replace("= c.", "= p.", StringComparison.Ordinal)}}
                GROUP BY c.id, c.amount, p.name, {{Columns("l{0}.name")}} HAVING sum(c.__pgt_w) <> 0),
            k AS (SELECT DISTINCT ON (id) * FROM d ORDER BY id, w DESC)
            MERGE INTO {target} t USING k ON t.id = k.id
            WHEN MATCHED AND k.w < 0 THEN DELETE
            WHEN MATCHED THEN UPDATE SET amount = k.amount, name = k.name, {{Columns("name_{0} = k.name_{0}")}}
            WHEN NOT MATCHED AND k.w > 0 THEN INSERT (id, amount, name, {{Columns("name_{0}")}}) VALUES (k.id, k.amount, k.name, {{Columns("k.name_{0}")}})
            """),
    ];

    /// <summary>Tables of the chain behind orders and customers, each of which names a row of the next.</summary>
    public const int Levels = 6;

    private static string Joins => string.Join(' ', Enumerable.Range(1, Levels).Select(static n => n == 1
        ? "JOIN level_1 l1 ON l1.id = c.level_1"
        : $"JOIN level_{n} l{n} ON l{n}.id = l{n - 1}.level_{n}"));

    private static string Names(string customer) => $"{customer} AS name, {Columns("l{0}.name AS name_{0}")}";

    private static string Columns(string format) =>
        string.Join(", ", Enumerable.Range(1, Levels).Select(n => format.Replace("{0}", n.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)));
}
