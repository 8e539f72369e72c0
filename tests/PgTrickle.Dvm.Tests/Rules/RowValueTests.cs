using Npgsql;
using PgTrickle.Dvm.Tests.Oracle;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Dvm.Tests.Rules;

/// <summary>Rows as values under random changes: of views, sub-selects and WITH queries, by themselves and gathered.</summary>
public sealed class RowValueTests(ITestOutputHelper output)
{
    private const string Views = """
        CREATE VIEW gold AS SELECT id, name AS "Name", credit * 2 AS twice FROM customers WHERE tier = 'gold';
        CREATE VIEW named (code, n) AS SELECT region, count(*) FROM customers GROUP BY region;
        """;

    private static readonly string[] Whole =
    [
        // Of views: the view's own type and names; NULL as a whole where it is padded.
        "SELECT to_jsonb(g) AS j FROM gold g",
        "SELECT o.id, row_to_json(g)::text AS j, g IS NULL AS none, g IS NOT NULL AS some FROM orders o LEFT JOIN gold g ON g.id = o.customer_id",
        "SELECT count(n) AS c, jsonb_agg(n ORDER BY n.code) AS j FROM named n",
        "SELECT r.code, (SELECT to_jsonb(n) FROM named n WHERE n.code = r.code) AS j FROM regions r",

        // Of sub-selects and WITH queries: fields are called what the query calls them.
        "SELECT row_to_json(x)::text AS j FROM (SELECT id AS \"The id\", amount * 2 AS twice, note FROM orders WHERE qty > 0) x",
        "SELECT c.id, to_jsonb(x) AS j, x IS NULL AS none FROM customers c LEFT JOIN (SELECT customer_id, max(amount) AS top, count(*) FROM orders GROUP BY customer_id) x ON x.customer_id = c.id",
        "SELECT c.id, (SELECT jsonb_agg(x ORDER BY x.id) FROM (SELECT o.id, o.amount, o.note FROM orders o WHERE o.customer_id = c.id) x) AS orders FROM customers c",
        "WITH x(k, n) AS (SELECT k, count(*) FROM log GROUP BY k) SELECT to_jsonb(x) AS j FROM x",
        "SELECT to_jsonb(x) AS j, count(*) AS n FROM (SELECT k % 3 AS k, v FROM log) x GROUP BY x",
        "SELECT c.id, to_jsonb(l) AS j FROM customers c, LATERAL (SELECT c.name, count(*) AS n FROM orders o WHERE o.customer_id = c.id) l",
        "SELECT c.region, jsonb_agg(x ORDER BY x.id) AS j, count(x) AS n FROM customers c LEFT JOIN (SELECT id, qty AS q FROM orders WHERE qty > 1) x ON x.id = c.id GROUP BY c.region",
        "SELECT to_jsonb(x) AS j FROM (SELECT id, name FROM customers UNION ALL SELECT id, category FROM products) x",
        "SELECT to_jsonb(v) AS j FROM (VALUES (1, 'a'), (2, NULL)) v(a, b)",
    ];

    private static readonly string[] Compared =
    [
        // With the row of an aggregate, of a key, of what need not be one; over nothing that is NULL.
        "SELECT id, (qty, amount) = (SELECT max(o.qty), max(o.amount) FROM orders o WHERE o.customer_id = x.customer_id) AS top FROM orders x",
        "SELECT id FROM orders WHERE (qty, amount) >= (SELECT avg(qty), min(amount) FROM orders)",
        "SELECT id FROM orders x WHERE (amount, id) = (SELECT max(o.amount), min(o.id) FROM orders o WHERE o.product_id = x.product_id)",
        "SELECT id, ROW(tier, id) <> (SELECT r.title, r.zone FROM regions r WHERE r.code = c.region) AS other FROM customers c",
        "SELECT id FROM customers c WHERE (name, id) = (SELECT o.note, o.product_id FROM orders o WHERE o.customer_id = c.id ORDER BY o.ts DESC, o.id LIMIT 1)",
        "SELECT k, v FROM log l WHERE NOT (k, v) = (SELECT p.id, p.category FROM products p WHERE p.id = l.k + 1) OR k = 2",
        "SELECT c.id, x.id AS o FROM customers c LEFT JOIN orders x ON x.customer_id = c.id AND (x.amount, x.id) < (SELECT o.amount, o.id FROM orders o WHERE o.id = 7)",
        "SELECT id FROM customers c WHERE (id, ARRAY[id]) = (SELECT o.product_id, array_agg(o.customer_id) FROM orders o WHERE o.customer_id = c.id GROUP BY o.product_id ORDER BY o.product_id LIMIT 1)",
        "SELECT customer_id, count(*) AS n FROM orders GROUP BY customer_id HAVING (count(*), max(qty)) = (SELECT 1, max(k) FROM log)",
    ];

    [PostgresVersions]
    [Theory]
    public Task Rows_are_compared_with_those_of_sub_selects(PostgresVersion version) => RuleCheck.RunAsync(version, "", Compared, output);

    [PostgresVersions]
    [Theory]
    public async Task A_second_row_to_compare_with_is_an_error(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync("CREATE TABLE a (id int PRIMARY KEY, k int); CREATE TABLE b (k int, v int); INSERT INTO a VALUES (1, 1), (2, 2); INSERT INTO b VALUES (1, 1), (2, 3)");
        var table = await OracleTable.CreateAsync(connection, "st", "SELECT id FROM a WHERE (k, id) = (SELECT b.k, b.v FROM b WHERE b.k = a.k)");
        await connection.ExecuteAsync("INSERT INTO b VALUES (1, 4)");
        Assert.Equal(PostgresErrorCodes.CardinalityViolation, (await Assert.ThrowsAsync<PostgresException>(() => table.RefreshAsync())).SqlState);
        await connection.ExecuteAsync("DELETE FROM b WHERE v = 1; UPDATE b SET v = 2 WHERE k = 2");
        await table.RefreshAsync();
        Assert.Equal("Merge", table.LastAction);
        Assert.Equal("1,1", table.LastCounts);
    }

    [PostgresVersions]
    [Theory]
    public Task Rows_of_views_and_sub_selects_are_values(PostgresVersion version) => RuleCheck.RunAsync(version, Views, Whole, output);
}
