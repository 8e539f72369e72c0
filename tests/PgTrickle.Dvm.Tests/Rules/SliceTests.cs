using PgTrickle.Dvm.Tests.Oracle;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Dvm.Tests.Rules;

/// <summary>ORDER BY with LIMIT, OFFSET and FETCH FIRST WITH TIES on real servers under random changes (trap 24).</summary>
public sealed class SliceTests(ITestOutputHelper output)
{
    public static TheoryData<string> Slices => new()
    {
        "SELECT id, amount FROM orders ORDER BY amount DESC, id LIMIT 5",
        "SELECT id, qty FROM orders ORDER BY qty DESC NULLS LAST, id LIMIT 4 OFFSET 3",
        "SELECT id, note FROM orders ORDER BY note NULLS FIRST, id DESC OFFSET 6",
        "SELECT qty, amount FROM orders ORDER BY qty FETCH FIRST 3 ROWS WITH TIES",
        "SELECT name FROM customers ORDER BY credit NULLS FIRST, id LIMIT 3",
        "SELECT k, v FROM log ORDER BY k, v, n::text, j::text LIMIT 7",
        "SELECT k FROM log ORDER BY k LIMIT 2 + 1",
        "SELECT id FROM orders ORDER BY id LIMIT ALL",
        "SELECT customer_id, sum(amount) AS total FROM orders GROUP BY customer_id ORDER BY sum(amount) DESC, customer_id LIMIT 3",
        "SELECT DISTINCT qty FROM orders ORDER BY qty DESC LIMIT 3",
        "SELECT DISTINCT ON (customer_id) customer_id, id FROM orders ORDER BY customer_id, amount, id LIMIT 2",
        "SELECT k AS x FROM log UNION ALL SELECT id FROM customers ORDER BY x LIMIT 5",
        "(SELECT id FROM customers ORDER BY id LIMIT 2) UNION ALL (SELECT id FROM products ORDER BY id DESC LIMIT 2)",
        "SELECT id, rank() OVER (ORDER BY amount) AS r FROM orders ORDER BY row_number() OVER (ORDER BY id DESC) LIMIT 4",

        // Below the top.
        "SELECT c.name, t.id, t.amount FROM (SELECT id, customer_id, amount FROM orders ORDER BY amount DESC, id LIMIT 6) t LEFT JOIN customers c ON c.id = t.customer_id",
        "SELECT t.qty, count(*) AS n FROM (SELECT qty FROM orders ORDER BY qty LIMIT 8 OFFSET 2) t GROUP BY t.qty",
        "SELECT sum(t.k) AS s, count(*) AS n FROM (SELECT k FROM log ORDER BY k DESC NULLS LAST FETCH FIRST 3 ROWS WITH TIES) t",
        "SELECT c.id, t.v FROM customers c CROSS JOIN (SELECT v FROM log ORDER BY v OFFSET 4) t",
        "SELECT t.id, c.tier FROM (SELECT id FROM customers ORDER BY id DESC LIMIT 3) t JOIN customers c ON c.id = t.id",
    };

    [PostgresMemberData(nameof(Slices))]
    [Theory]
    public Task Trap_24_slices_follow_their_sources(PostgresVersion version, string query) => RuleCheck.RunAsync(version, query, output);

    /// <summary>A row leaves, and the next one enters; one beyond the end changes nothing.</summary>
    [PostgresVersions]
    [Theory]
    public async Task Trap_24_only_rows_that_enter_or_leave_are_written(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync("CREATE TABLE a (id int PRIMARY KEY, v int); INSERT INTO a SELECT g, g FROM generate_series(1, 20) g");
        var table = await OracleTable.CreateAsync(connection, "st", "SELECT id, v FROM a ORDER BY v, id LIMIT 5");
        await connection.ExecuteAsync("DELETE FROM a WHERE v = 2; INSERT INTO a VALUES (100, 100)");
        await table.RefreshAsync();
        Assert.Equal("1,1", table.LastCounts);
        await connection.ExecuteAsync("DELETE FROM a WHERE v > 10");
        await table.RefreshAsync();
        Assert.Equal("0,0", table.LastCounts);
    }

    /// <summary>What is stored and what changed do not tell which rows follow when many leave; rows that tie with the last one leave it open which of them is stored.</summary>
    [PostgresVersions("DELETE FROM a WHERE id < 5", "4,4")]
    [PostgresVersions("DELETE FROM a WHERE id < 3; INSERT INTO a VALUES (-1, 0, 'new'), (-2, 1, NULL)", "2,2")]
    [PostgresVersions("UPDATE a SET v = v + 3 WHERE id <= 5", "5,5")]
    [PostgresVersions("DELETE FROM a WHERE id > 2", "0,3")]
    [PostgresVersions("DELETE FROM a", "0,5")]
    [PostgresVersions("UPDATE a SET v = 0 WHERE id = 20; UPDATE a SET v = 40 WHERE id = 1", "1,1")]
    [Theory]
    public async Task Trap_24_the_next_rows_are_found_when_those_stored_do_not_suffice(PostgresVersion version, string changes, string counts)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync("CREATE TABLE a (id int PRIMARY KEY, v int, t text); INSERT INTO a SELECT g, g, 't' || g FROM generate_series(1, 20) g");
        var table = await OracleTable.CreateAsync(connection, "st", "SELECT t FROM a ORDER BY v, id LIMIT 5");
        await connection.ExecuteAsync(changes);
        await table.RefreshAsync();
        Assert.Equal("Merge", table.LastAction);
        Assert.Equal(counts, table.LastCounts);
        await connection.ExecuteAsync("INSERT INTO a VALUES (50, 2, 'fifty'), (51, 100, 'last')");
        await table.RefreshAsync();
    }

    [PostgresVersions("SELECT id FROM orders LIMIT 3", "LIMIT without ORDER BY")]
    [PostgresVersions("SELECT c.id FROM customers c JOIN (SELECT customer_id FROM orders OFFSET 2) o ON o.customer_id = c.id", "OFFSET without ORDER BY")]
    [Theory]
    public async Task Rows_of_no_order_are_refused(PostgresVersion version, string query, string construct)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync(Shop.Tables);
        var error = await Assert.ThrowsAsync<CompileException>(() => OracleTable.CreateAsync(connection, "st", query));
        Assert.Equal(construct, error.Error.Construct);
        Assert.Equal(CompileErrorKind.Unsupported, error.Error.Kind);
        Assert.Contains("ORDER BY", error.Error.Reason, StringComparison.Ordinal);
    }
}
