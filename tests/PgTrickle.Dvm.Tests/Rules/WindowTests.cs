using PgTrickle.Dvm.Tests.Oracle;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Dvm.Tests.Rules;

/// <summary>Window functions on real servers under random changes (trap 23). Orders are total wherever the result depends on them.</summary>
public sealed class WindowTests(ITestOutputHelper output)
{
    public static TheoryData<string> AtTheTop => new()
    {
        // Ties: ranks see peers, row_number needs a total order; NULLs as partition and order.
        "SELECT id, customer_id, rank() OVER (PARTITION BY customer_id ORDER BY qty DESC NULLS LAST) AS r, dense_rank() OVER (PARTITION BY customer_id ORDER BY qty DESC NULLS LAST) AS d FROM orders",
        "SELECT id, row_number() OVER (PARTITION BY customer_id ORDER BY amount, id) AS n, percent_rank() OVER (PARTITION BY customer_id ORDER BY amount) AS p, cume_dist() OVER (PARTITION BY customer_id ORDER BY amount) AS c, ntile(3) OVER (PARTITION BY customer_id ORDER BY amount, id) AS t FROM orders",

        // The default frame ends with the peers of the row; other frames, with every exclusion.
        "SELECT id, sum(amount) OVER (PARTITION BY customer_id ORDER BY day) AS running FROM orders",
        "SELECT id, sum(amount) OVER (PARTITION BY product_id ORDER BY day, id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS near, count(*) OVER (PARTITION BY product_id ORDER BY day RANGE BETWEEN '1 day' PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW) AS others, max(id) OVER (PARTITION BY product_id ORDER BY day GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES) AS m, min(id) OVER (PARTITION BY product_id ORDER BY day GROUPS 1 PRECEDING EXCLUDE GROUP) AS g FROM orders",
        "SELECT id, lag(amount) OVER w AS before, lead(note, 2, 'none') OVER w AS after, first_value(id) OVER w AS first, last_value(id) OVER w AS last, nth_value(id, 2) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS second FROM orders WINDOW w AS (PARTITION BY customer_id ORDER BY ts, id)",

        // Several windows, one over nothing, one over all; over expressions; inside expressions; FILTER; not yielding the partition.
        "SELECT id, count(*) OVER (PARTITION BY customer_id) AS c, sum(amount) OVER (PARTITION BY product_id) AS p, count(*) OVER () AS n FROM orders",
        "SELECT id, amount / NULLIF(sum(amount) OVER (PARTITION BY COALESCE(customer_id, 0) % 3), 0) AS share, upper(note) || count(*) FILTER (WHERE qty > 2) OVER (PARTITION BY note) AS label FROM orders",
        "SELECT row_number() OVER (ORDER BY id) AS n, name FROM customers",

        // Keyless duplicates; partitions by numerics that are equal without being identical.
        "SELECT k, v, count(*) OVER (PARTITION BY k) AS n, rank() OVER (PARTITION BY v ORDER BY k) AS r FROM log",
        "SELECT v, n, count(*) OVER (PARTITION BY n) AS c FROM log",

        // Over aggregates and joins; the best of each.
        "SELECT customer_id, sum(amount) AS total, rank() OVER (ORDER BY sum(amount) DESC) AS place, sum(sum(amount)) OVER () AS all_of_it FROM orders GROUP BY customer_id",
        "SELECT c.region, o.id, rank() OVER (PARTITION BY c.region ORDER BY o.amount DESC, o.id) AS r FROM orders o JOIN customers c ON c.id = o.customer_id",
        "SELECT customer_id, id, amount FROM (SELECT customer_id, id, amount, row_number() OVER (PARTITION BY customer_id ORDER BY amount DESC, id) AS place FROM orders) x WHERE place <= 2",
        "SELECT id, place FROM (SELECT id, rank() OVER (ORDER BY amount) AS place FROM orders) x WHERE place <= 3",
        "SELECT DISTINCT customer_id, count(*) OVER (PARTITION BY customer_id) AS n FROM orders",
        "SELECT DISTINCT ON (customer_id) customer_id, id, sum(amount) OVER (PARTITION BY customer_id) AS total FROM orders ORDER BY customer_id, id DESC",
    };

    public static TheoryData<string> BelowTheTop => new()
    {
        "SELECT c.name, x.id, x.place FROM customers c JOIN (SELECT customer_id, id, row_number() OVER (PARTITION BY customer_id ORDER BY amount DESC, id) AS place FROM orders) x ON x.customer_id = c.id AND x.place <= 2",
        "SELECT x.r, count(*) AS n, sum(x.amount) AS total FROM (SELECT amount, rank() OVER (PARTITION BY product_id ORDER BY amount) AS r FROM orders) x GROUP BY x.r",
        "SELECT x.customer_id, x.running FROM (SELECT customer_id, id, sum(amount) OVER (PARTITION BY customer_id ORDER BY day) AS running, count(*) OVER () AS n FROM orders) x WHERE x.n % 2 = 0",
        "SELECT c.id, x.n FROM customers c LEFT JOIN (SELECT k, count(*) OVER (PARTITION BY v) AS n FROM log) x ON x.k = c.id",
        "SELECT a.place, a.id, b.id AS next FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM products) a LEFT JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM products) b ON b.place = a.place + 1",
        "SELECT c.id, x.last, x.first FROM customers c JOIN (SELECT qty, last_value(qty) OVER (PARTITION BY customer_id ORDER BY qty DESC) AS last, first_value(qty) OVER (PARTITION BY note ORDER BY qty) AS first FROM orders) x ON x.qty = c.id",
        "SELECT k, n FROM (SELECT k, count(*) OVER (PARTITION BY v) AS n FROM log) x UNION ALL SELECT id, rank() OVER (ORDER BY name) FROM customers",
    };

    /// <summary>Ties that the query leaves open: which row is first does not show, that there is one does.</summary>
    public static TheoryData<string> WithTies => new()
    {
        "SELECT c.tier, count(*) AS n, sum(x.place) AS s FROM customers c JOIN (SELECT qty, row_number() OVER (PARTITION BY qty ORDER BY day) AS place FROM orders) x ON x.qty = c.id % 5 GROUP BY c.tier",
        "SELECT x.v, x.n FROM (SELECT v, row_number() OVER (PARTITION BY v) AS n, first_value(k) OVER (PARTITION BY v ORDER BY n) AS f FROM log) x JOIN customers c ON c.id = x.n",
        "SELECT x.qty, x.f FROM (SELECT qty, sum(0 * weight) OVER (PARTITION BY qty) AS f FROM orders WHERE weight < 1e10) x JOIN customers c ON c.id = x.qty",
    };

    [PostgresMemberData(nameof(AtTheTop))]
    [Theory]
    public Task Trap_23_windows_at_the_top_follow_their_sources(PostgresVersion version, string query) => RuleCheck.RunAsync(version, query, output);

    [PostgresMemberData(nameof(BelowTheTop))]
    [Theory]
    public Task Trap_23_windows_below_the_top_follow_their_sources(PostgresVersion version, string query) => RuleCheck.RunAsync(version, query, output);

    [PostgresMemberData(nameof(WithTies))]
    [Theory]
    public Task Trap_23_ties_below_the_top_fall_the_same_way_each_time(PostgresVersion version, string query) => RuleCheck.RunAsync(version, query, output);

    /// <summary>Stored rows of a partition are found by an index, on the columns or on their hash, unless the rows' own key begins with the partition.</summary>
    [InlineData("SELECT orders.id, count(*) OVER (PARTITION BY orders.qty) AS n FROM public.orders", "__pgt_key_1")]
    [InlineData("SELECT orders.id, orders.customer_id, count(*) OVER (PARTITION BY orders.customer_id) AS n FROM public.orders", "pg_catalog.hash_record_extended(ROW(customer_id), 0)")]
    [InlineData("SELECT orders.id, count(*) OVER (PARTITION BY orders.id) AS n FROM public.orders", "")]
    [InlineData("SELECT orders.id, count(*) OVER () AS n FROM public.orders", "")]
    [Theory]
    public void Stored_rows_of_a_partition_are_found_by_an_index(string query, string keys)
        => Assert.Equal(keys, string.Join(", ", Plans.SampleCatalog.Compile(query).Shape.LookupKeys));
}
