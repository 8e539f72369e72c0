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

    [PostgresVersions]
    [Theory]
    public Task Rows_of_views_and_sub_selects_are_values(PostgresVersion version) => RuleCheck.RunAsync(version, Views, Whole, output);
}
