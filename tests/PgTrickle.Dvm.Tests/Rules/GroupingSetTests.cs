using PgTrickle.Dvm.Tests.Oracle;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Dvm.Tests.Rules;

/// <summary>GROUPING SETS, ROLLUP, CUBE and GROUPING() on real servers under random changes (trap 9).</summary>
public sealed class GroupingSetTests(ITestOutputHelper output)
{
    public static TheoryData<string> Sets => new()
    {
        "SELECT customer_id, product_id, count(*) AS n, sum(amount) AS total FROM orders GROUP BY ROLLUP (customer_id, product_id)",
        "SELECT customer_id, qty, count(*) AS n, GROUPING(customer_id, qty) AS g FROM orders GROUP BY CUBE (customer_id, qty)",
        "SELECT tier, region, count(credit) AS n, sum(credit) AS s, max(credit) AS m FROM customers GROUP BY GROUPING SETS ((tier, region), (tier), (region))",
        "SELECT note, sum(qty) AS s, avg(amount) AS a, string_agg(id::text, ',' ORDER BY id) AS ids FROM orders GROUP BY GROUPING SETS ((note), ())",

        // The same set twice; sets of a product; DISTINCT; composite elements; nested sets; expressions; ordinals.
        "SELECT k, count(*) AS n FROM log GROUP BY GROUPING SETS ((k), (k), (), ())",
        "SELECT k, v, count(*) AS n FROM log GROUP BY k, ROLLUP (v)",
        "SELECT customer_id, product_id, qty, count(*) AS n FROM orders GROUP BY DISTINCT ROLLUP (customer_id, (product_id, qty)), CUBE (customer_id)",
        "SELECT customer_id, product_id, qty, min(amount) AS m FROM orders GROUP BY GROUPING SETS (ROLLUP (customer_id, product_id), (qty), GROUPING SETS ((qty, customer_id), ()))",
        "SELECT qty % 3 AS m, upper(note) AS u, count(*) AS n, COALESCE(sum(qty), 0) AS s FROM orders GROUP BY ROLLUP (1, 2)",

        // Aggregates see the column, not the key; HAVING; keys that are not yielded; no plain set at all.
        "SELECT qty, sum(qty) AS s, count(*) FILTER (WHERE qty IS NULL) AS nulls, GROUPING(qty) AS g FROM orders GROUP BY ROLLUP (qty)",
        "SELECT tier, count(*) AS n FROM customers GROUP BY ROLLUP (tier) HAVING count(*) > 2 OR GROUPING(tier) = 1",
        "SELECT count(*) AS n FROM orders GROUP BY CUBE (customer_id, product_id)",
        "SELECT count(*) AS n, sum(k) AS s FROM log GROUP BY ()",
        "SELECT n, count(*) AS c FROM log GROUP BY ROLLUP (n)",
        "SELECT CASE WHEN GROUPING(c.region) = 1 THEN 'all' ELSE c.region END AS r, p.category, sum(o.amount) AS s FROM orders o JOIN customers c ON c.id = o.customer_id JOIN products p ON p.id = o.product_id GROUP BY CUBE (c.region, p.category)",

        // Below the top, under windows and slices.
        "SELECT x.n, count(*) AS c FROM (SELECT tier, count(*) AS n FROM customers GROUP BY ROLLUP (tier)) x GROUP BY x.n",
        "SELECT c.id, x.n FROM customers c LEFT JOIN (SELECT qty, count(*) AS n FROM orders GROUP BY GROUPING SETS ((qty), ())) x ON x.qty = c.id",
        "SELECT tier, region, rank() OVER (PARTITION BY GROUPING(tier, region) ORDER BY count(*) DESC) AS r FROM customers GROUP BY CUBE (tier, region)",
        "SELECT qty, count(*) AS n FROM orders GROUP BY ROLLUP (qty) ORDER BY count(*) DESC, qty NULLS LAST, GROUPING(qty) LIMIT 3",
    };

    [PostgresMemberData(nameof(Sets))]
    [Theory]
    public Task Trap_9_grouping_sets_follow_their_sources(PostgresVersion version, string query) => RuleCheck.RunAsync(version, query, output);

    /// <summary>A key that is NULL and a set that leaves the key out are different rows; the set of all rows stays when there are none.</summary>
    [PostgresVersions]
    [Theory]
    public async Task Trap_9_the_row_of_all_rows_stays_over_nothing(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync("CREATE TABLE a (g int, v int); INSERT INTO a VALUES (NULL, 1), (NULL, 2), (7, 3)");
        var table = await OracleTable.CreateAsync(connection, "st", "SELECT g, sum(v) AS s, count(*) AS n, GROUPING(g) AS x FROM a GROUP BY ROLLUP (g)");
        Assert.Equal(3L, await connection.ScalarAsync<long>("SELECT count(*) FROM st"));
        await connection.ExecuteAsync("DELETE FROM a");
        await table.RefreshAsync();
        Assert.Equal("1,3", table.LastCounts);
        Assert.Equal(1L, await connection.ScalarAsync<long>("SELECT count(*) FROM st WHERE g IS NULL AND s IS NULL AND n = 0 AND x = 1"));
        await connection.ExecuteAsync("INSERT INTO a VALUES (NULL, 5)");
        await table.RefreshAsync();
        Assert.Equal("2,1", table.LastCounts);
    }

    [Fact]
    public void More_sets_than_the_setting_allows_are_evaluated_as_a_whole()
    {
        const string Query = "SELECT orders.qty AS n, count(*) AS c FROM public.orders GROUP BY CUBE(orders.qty, orders.customer_id)";
        Assert.Equal(PlanMode.Full, Plans.SampleCatalog.Compile(Query, new CompileOptions { MaxGroupingSets = 3 }).Mode);
        Assert.Equal(PlanMode.Differential, Plans.SampleCatalog.Compile(Query, new CompileOptions { MaxGroupingSets = 4 }).Mode);
    }
}
