using Npgsql;
using PgTrickle.Postgres.Ports;
using PgTrickle.Postgres.Tests.Lifecycle;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Refresh;

/// <summary>Tables in which a plan keeps what parts of the query yield: they follow the sources, are nobody else's, and come and go with their stream table.</summary>
public sealed class NodeTests
{
    private const string Source = """
        CREATE TABLE orders (id int PRIMARY KEY, customer int, region text, amount int, price numeric(10,2));
        INSERT INTO orders SELECT n, n % 13, 'r' || n % 5, n % 7, n FROM generate_series(1, 200) AS n;
        CREATE TABLE customers (customer int PRIMARY KEY, name text);
        INSERT INTO customers SELECT n, 'c' || n FROM generate_series(0, 10) AS n;
        """;

    private const string Nested = "SELECT n, count(*) AS groups FROM (SELECT customer, count(*) AS n FROM orders GROUP BY customer) AS x GROUP BY n";

    private static readonly Dictionary<string, string> Queries = new()
    {
        ["aggregate_of_aggregate"] = Nested,
        ["join_with_groups"] = "SELECT c.name, x.total, x.most FROM customers c LEFT JOIN (SELECT customer, sum(price) AS total, max(amount) AS most FROM orders GROUP BY customer) AS x USING (customer)",
        ["above_the_mean"] = "SELECT id, price FROM orders WHERE price > (SELECT avg(price) FROM orders)",
        ["sums_above"] = "SELECT region, sum(price) AS total FROM orders GROUP BY region HAVING sum(price) > (SELECT sum(price) / 5 FROM orders)",
        ["best_group"] = """
            WITH revenue AS (SELECT customer, sum(price) AS total FROM orders GROUP BY customer)
            SELECT c.name, r.total FROM customers c JOIN revenue r USING (customer) WHERE r.total = (SELECT max(total) FROM revenue)
            """,
        ["window_over_groups"] = "SELECT region, sum(amount) AS total, rank() OVER (ORDER BY sum(amount)) AS place FROM orders GROUP BY region",
        ["node_of_node"] = """
            SELECT max(s) AS most FROM (
                SELECT r, sum(n) AS s FROM (SELECT region AS r, customer, count(*) AS n FROM orders GROUP BY region, customer) AS x WHERE n > 1 GROUP BY r) AS y
            """,
        ["texts"] = "SELECT c.name, x.names FROM customers c JOIN (SELECT customer, string_agg(region, ',' ORDER BY id) AS names FROM orders GROUP BY customer) AS x USING (customer)",
        ["first_rows"] = "SELECT c.name, o.id FROM customers c JOIN (SELECT customer, id FROM orders ORDER BY price DESC, id LIMIT 5) AS o USING (customer)",
        ["without_customer"] = "SELECT customer FROM orders EXCEPT SELECT customer FROM customers",
    };

    [Theory, PostgresVersions]
    public async Task Results_of_parts_follow_the_sources_and_so_does_what_reads_them(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        foreach (var (name, query) in Queries)
        {
            await harness.CreateAsync(name, query);
            Assert.True(await CountNodesAsync(harness, name) > 0, $"{name} has no node.");
        }

        // The grouping is there once, though the query names it twice; the maximum of it is the other.
        Assert.Equal(2, await CountNodesAsync(harness, "best_group"));
        foreach (var change in (string[])[
            "UPDATE orders SET amount = amount + 1, price = price * 2 WHERE id % 40 = 0",
            "DELETE FROM orders WHERE price = (SELECT max(price) FROM orders) OR customer = 3",
            "INSERT INTO orders VALUES (500, 3, 'r9', 100, 100000), (501, NULL, NULL, NULL, NULL); DELETE FROM customers WHERE customer = 5; INSERT INTO customers VALUES (11, 'new')",
            "UPDATE orders SET customer = 11 WHERE customer = 4; UPDATE customers SET name = name || '.' WHERE customer < 4",
            "UPDATE orders SET price = 1 WHERE id = 500",
            "DELETE FROM orders",
            "INSERT INTO orders SELECT n, n % 13, 'r' || n % 5, n % 7, n FROM generate_series(1, 20) AS n"])
        {
            await harness.ExecuteAsync(change);
            foreach (var name in Queries.Keys)
            {
                Assert.Contains((await harness.RefreshAsync(name)).Action, new[] { RefreshAction.Differential, RefreshAction.NoData });
            }

            await harness.CompareAsync();
            Assert.Equal(0, await UnreadAsync(harness));
        }

        // Variants of several statements are kept by the session like others.
        Assert.Equal(2, await harness.Database.Database.Superuser.ScalarAsync<long>(
            "SELECT count(*) FROM unnest(ARRAY['MERGE INTO pgtrickle_run.' || $1 || '_n1', 'DELETE FROM pgtrickle_run.' || $1 || '_d1;']) AS t(part) JOIN pg_proc p ON p.proname = $1 AND strpos(p.prosrc, t.part) > 0",
            await RunNameAsync(harness, "aggregate_of_aggregate")));

        await harness.ExecuteAsync("TRUNCATE orders; INSERT INTO orders VALUES (1, 1, 'r1', 1, 1)");
        foreach (var name in Queries.Keys)
        {
            Assert.Equal(RefreshAction.Full, (await harness.RefreshAsync(name)).Action);
        }

        await harness.CompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task What_a_refresh_reports_is_what_it_did_to_the_stream_table(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT count(*) AS groups FROM (SELECT customer, count(*) AS n FROM orders GROUP BY customer) AS x WHERE n > 15");
        await harness.ExecuteAsync("UPDATE orders SET amount = 0, customer = customer + 100");
        Assert.Equal(new MemberOutcome(harness.Id("st"), RefreshAction.Differential, 0, 0, 400), await harness.RefreshAsync("st"));
        await harness.ExecuteAsync("DELETE FROM orders WHERE customer = 101");
        Assert.Equal(new MemberOutcome(harness.Id("st"), RefreshAction.Differential, 1, 1, 16), await harness.RefreshAsync("st"));
        await harness.CompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task A_refresh_that_fails_or_is_rolled_back_leaves_the_nodes_as_they_were(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT 100 / n AS share, count(*) AS groups FROM (SELECT customer, sum(amount) AS n FROM orders GROUP BY customer) AS x GROUP BY 1");
        await harness.CreateAsync("sum_of_all", "SELECT id FROM orders WHERE price > (SELECT sum(price) / 400 FROM orders)");
        await harness.ExecuteAsync("UPDATE orders SET amount = 0 WHERE customer = 1");
        await Assert.ThrowsAsync<RefreshFailedException>(() => harness.RefreshAsync("st"));
        await harness.RefreshPausedAsync(connection => connection.ExecuteAsync("ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ"), "sum_of_all").ContinueWith(static t => t.Exception);
        await harness.ExecuteAsync("UPDATE orders SET amount = 9 WHERE customer = 1 AND id > 100; UPDATE orders SET price = price + 1");
        await harness.RefreshAndCompareAsync();

        // What can't be subtracted again is answered by evaluating everything, nodes first.
        await harness.ExecuteAsync("UPDATE orders SET price = 'NaN' WHERE id = 7");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("UPDATE orders SET price = 7 WHERE id = 7");
        await harness.RefreshAndCompareAsync();
        Assert.Equal("FULL", await harness.HistoryAsync<string>("sum_of_all", "action"));
        await harness.ExecuteAsync("UPDATE orders SET price = 8 WHERE id = 7");
        await harness.RefreshAndCompareAsync();
        Assert.Equal("DIFFERENTIAL", await harness.HistoryAsync<string>("sum_of_all", "action"));
    }

    [Theory, PostgresVersions]
    public async Task A_node_that_somebody_else_changed_is_made_anew(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", Nested);
        var superuser = harness.Database.Database.Superuser;
        var rows = $"pgtrickle_run.{await RunNameAsync(harness, "st")}_n1";
        var changes = $"pgtrickle_run.{await RunNameAsync(harness, "st")}_d1";
        var id = 0;
        foreach (var change in (string[])[
            $"TRUNCATE {rows}", $"DROP TABLE {rows}", $"VACUUM FULL {rows}", $"ALTER TABLE {rows} RENAME COLUMN c2 TO other", $"ALTER TABLE {rows} OWNER TO CURRENT_USER",
            $"DROP TABLE {changes}", $"DELETE FROM {rows}; ALTER TABLE {rows} ENABLE TRIGGER pgtrickle_guard"])
        {
            await harness.ExecuteAsync($"UPDATE orders SET customer = 100 WHERE id = {++id}");
            Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("st")).Action);
            await superuser.ExecuteAsync($"ALTER TABLE {rows} DISABLE TRIGGER pgtrickle_guard");
            await superuser.ExecuteAsync(change);
            await harness.ExecuteAsync($"UPDATE orders SET customer = 100 WHERE id = {++id}");
            Assert.Equal(RefreshAction.Reinitialize, (await harness.RefreshAsync("st")).Action);
            await harness.CompareAsync();
            Assert.Equal(1, await CountNodesAsync(harness, "st"));
        }
    }

    [Theory, PostgresVersions]
    public async Task Nobody_else_reads_or_writes_a_node_or_takes_its_name(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        var stranger = await harness.Database.CreateRoleAsync("stranger");
        await harness.ExecuteAsync("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC");
        await harness.DefineAsync("st", Nested);
        var run = await RunNameAsync(harness, "st");
        await harness.Database.As(stranger).ExecuteAsync($"CREATE TABLE pgtrickle_run.{run}_n1 (c1 int); CREATE VIEW pgtrickle_run.{run}_d1 AS SELECT 1 AS c1");
        await harness.Engine.InitializeAsync(harness.Id("st"), fill: true, CancellationToken.None);
        await harness.ExecuteAsync("UPDATE orders SET customer = 1 WHERE id = 2");
        await harness.RefreshAndCompareAsync();
        foreach (var table in (string[])[$"pgtrickle_run.{run}_n1", $"pgtrickle_run.{run}_d1"])
        {
            var refusal = await Assert.ThrowsAsync<PostgresException>(() => harness.Database.As(stranger).ExecuteAsync($"SELECT FROM {table}"));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
            await Refusal.OfAsync(harness.Database.User, "42809", $"DELETE FROM {table}");
            await Refusal.OfAsync(harness.Database.User, "42809", $"TRUNCATE {table}");
        }
    }

    [Theory, PostgresVersions]
    public async Task Nodes_come_and_go_with_the_query_the_mode_and_the_stream_table(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", Nested);
        await harness.RedefineAsync("st", "SELECT n, count(*) AS groups FROM (SELECT customer, region, count(*) AS n FROM orders GROUP BY customer, region) AS x GROUP BY n");
        await harness.RefreshAndCompareAsync();
        Assert.Equal(1, await CountNodesAsync(harness, "st"));
        await harness.Database.User.ExecuteAsync("SELECT pgtrickle.alter_stream_table('st', refresh_mode => 'FULL')");
        await harness.RefreshAndCompareAsync();
        Assert.Equal(0, await CountNodesAsync(harness, "st"));
        await harness.Database.User.ExecuteAsync("SELECT pgtrickle.alter_stream_table('st', refresh_mode => 'AUTO')");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("UPDATE orders SET customer = 2 WHERE id = 3");
        Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("st")).Action);
        await harness.CompareAsync();
        Assert.Equal(1, await CountNodesAsync(harness, "st"));
        await harness.Database.User.ExecuteAsync("SELECT pgtrickle.alter_stream_table('st', refresh_mode => 'auto')");
        Assert.Equal(RefreshAction.NoData, (await harness.RefreshAsync("st")).Action);
        await harness.ExecuteAsync("UPDATE orders SET customer = 1 WHERE id = 3");
        Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("st")).Action);
        await harness.CompareAsync();

        await harness.CreateAsync("other", Nested);
        await harness.Database.User.ExecuteAsync("SELECT pgtrickle.drop_stream_table('st')");
        await harness.Database.User.ExecuteAsync("DROP TABLE other");
        await harness.Database.Control.ExecuteAsync("SELECT pgtrickle._forget_dropped()");
        Assert.Equal(0, await harness.Database.Database.Superuser.ScalarAsync<long>(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'pgtrickle_run'::regnamespace AND relkind IN ('r', 'v')"));
    }

    [Theory, PostgresVersions]
    public async Task Nodes_are_of_one_stream_table_so_that_two_are_refreshed_at_once(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await using var second = await harness.AddNodeAsync();
        await harness.CreateAsync("one", Nested);
        await harness.CreateAsync("two", Nested);
        await harness.ExecuteAsync("UPDATE orders SET customer = 1 WHERE id < 50");
        await harness.RefreshPausedAsync(
            async _ => Assert.Equal(RefreshAction.Differential, (await second.Engine.RefreshAsync(new([harness.Id("two")], RefreshInitiator.Manual), CancellationToken.None)).Members[0].Action),
            "one");
        await harness.CompareAsync();
    }

    private static Task<string?> RunNameAsync(RefreshHarness harness, string name)
        => harness.Database.Control.ScalarAsync<string>("SELECT run_name FROM pgtrickle.stream_tables WHERE pgt_id = $1", harness.Id(name));

    private static async Task<long> CountNodesAsync(RefreshHarness harness, string name) => await harness.Database.Database.Superuser.ScalarAsync<long>(
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'pgtrickle_run'::regnamespace AND relkind = 'r' AND relname ~ ('^' || $1 || '_n[0-9]+$')", await RunNameAsync(harness, name));

    /// <summary>Rows that a refresh has left in tables for the changes of nodes.</summary>
    private static async Task<long> UnreadAsync(RefreshHarness harness)
    {
        var tables = (await harness.Database.Database.Superuser.QueryAsync(
            "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'pgtrickle_run'::regnamespace AND relkind = 'r' AND relname ~ '_d[0-9]+$'")).Column<string>();
        return await harness.Database.Database.Superuser.ScalarAsync<long>($"SELECT sum(n)::bigint FROM ({string.Join(" UNION ALL ", tables.Select(static t => $"SELECT count(*) AS n FROM {t}"))}) AS x");
    }
}
