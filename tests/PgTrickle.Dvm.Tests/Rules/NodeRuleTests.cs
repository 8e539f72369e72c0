using PgTrickle.Dvm.Tests.Oracle;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Dvm.Tests.Rules;

/// <summary>Parts with state that are tables of the plan's own, on real servers under random changes.</summary>
public sealed class NodeRuleTests(ITestOutputHelper output)
{
    public static TheoryData<string> Queries => new()
    {
        // Rows between the old and the new value of one row: with all four comparisons, from either side, over nothing (NULL), and joined further.
        "SELECT o.id FROM orders o WHERE o.amount > (SELECT avg(p.amount) FROM orders p WHERE p.customer_id = 3) AND NOT EXISTS (SELECT FROM log l WHERE l.k = o.qty)",
        "SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id WHERE (SELECT sum(qty) FROM products p JOIN orders q ON q.product_id = p.id WHERE q.id < 4) >= o.qty AND o.qty <= (SELECT max(qty) - 1 FROM orders)",
        "SELECT qty, count(*) AS n FROM orders GROUP BY qty HAVING count(*) < (SELECT count(*) / 4 FROM orders) OR qty IS NULL",
        "SELECT qty, sum(amount) AS s FROM orders GROUP BY qty HAVING sum(amount) * 3 >= (SELECT sum(amount) FROM orders WHERE customer_id = 1)",

        // Aggregates that every row asks for: by several columns and over both sides, in each other, of a group's rows, of rows that ask for several.
        "SELECT l.k, l.v, (SELECT count(*) + l.k FROM orders o WHERE o.note = l.v AND o.customer_id = l.k) AS n, (SELECT max(o.amount) - sum(o.qty) FROM orders o WHERE o.customer_id = l.k AND l.k = o.product_id) AS m FROM log l",
        "SELECT tier, count(*) AS n, sum(credit) AS s FROM customers c WHERE credit > (SELECT avg(credit) FROM customers WHERE credit > 0) AND NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id AND o.qty > 2) GROUP BY tier",
        "SELECT l.v, count(*) AS n, max(l.k) AS m FROM log l JOIN regions r ON r.zone = l.k WHERE l.v IS NOT NULL AND (SELECT max(qty) FROM orders WHERE amount > 5) >= l.k GROUP BY l.v",
        "SELECT id, (SELECT count(*) FROM orders o WHERE o.customer_id = c.id AND o.amount > (SELECT avg(p.amount) FROM orders p WHERE p.product_id = o.product_id)) AS n FROM customers c",
        "SELECT c.tier, count(*) AS n, (SELECT sum(r.zone) FROM regions r WHERE r.title = c.tier AND r.code > 'a') AS z FROM customers c GROUP BY c.tier",

        // One part, read twice; partitions by columns of a node; images of keys that are equal without being identical.
        "WITH x AS (SELECT customer_id, sum(qty) AS s FROM orders GROUP BY customer_id) SELECT a.customer_id, b.customer_id AS other FROM x a JOIN x b ON a.s = b.s",
        "SELECT x.n, string_agg(x.v, ',' ORDER BY x.v) AS vs FROM (SELECT v, count(*) AS n FROM log GROUP BY v) x GROUP BY x.n",
        "SELECT c.id, x.n::text AS n, x.m FROM customers c LEFT JOIN (SELECT k, n, count(*) AS m FROM log WHERE n IS NOT NULL GROUP BY k, n HAVING count(DISTINCT n::text) = 1) x ON x.k = c.id",
    };

    [PostgresMemberData(nameof(Queries))]
    [Theory]
    public async Task Nodes_and_what_reads_them_follow_their_sources(PostgresVersion version, string query)
        => Assert.NotEmpty(((DifferentialPlan)await RuleCheck.RunAsync(version, query, output)).Nodes);

    /// <summary>A statement of a variant for each node that the mask touches, in order, the stream table's, and one that empties each table of changes.</summary>
    [Fact]
    public void A_variant_maintains_the_nodes_that_its_sources_touch()
    {
        var plan = Plans.SampleCatalog.Compile(
            "SELECT c.name, x.n FROM (public.customers c JOIN (SELECT orders.customer_id, count(*) AS n FROM public.orders GROUP BY orders.customer_id) x ON ((x.customer_id = c.id)))");
        var names = new PlanNames("st", ["b1", "b2"]);
        Assert.Equal(["customers", "orders"], plan.Sources.Select(static s => s.Relation.Name.Name.Value).Order());
        var orders = 1L << plan.Sources.Single(static s => s.Relation.Name.Name.Value == "orders").Ordinal;
        var touched = plan.Delta(names, orders);
        Assert.Equal(3, touched.Count);
        Assert.Contains("MERGE INTO st_n1", touched[0], StringComparison.Ordinal);
        Assert.Contains("MERGE INTO st AS", touched[1], StringComparison.Ordinal);
        Assert.Equal("DELETE FROM st_d1", touched[2]);
        Assert.DoesNotContain("st_d1", Assert.Single(plan.Delta(names, 3 & ~orders)), StringComparison.Ordinal);
        Assert.Equal(["INSERT INTO st_n1", "ANALYZE st_n1", "INSERT INTO st"], plan.Fill(names).Select(static s => s.Contains("st_n1 (", StringComparison.Ordinal) ? "INSERT INTO st_n1"
            : s.StartsWith("ANALYZE", StringComparison.Ordinal) ? s : "INSERT INTO st"));
    }
}
