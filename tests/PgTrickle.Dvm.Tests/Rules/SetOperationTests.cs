using PgTrickle.Dvm.Tests.Oracle;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Dvm.Tests.Rules;

/// <summary>UNION, INTERSECT and EXCEPT with and without ALL, on real servers under random changes (traps 16, 17).</summary>
public sealed class SetOperationTests(ITestOutputHelper output)
{
    public static TheoryData<string> Operations => new()
    {
        "SELECT k FROM log INTERSECT SELECT id FROM customers",
        "SELECT k FROM log INTERSECT ALL SELECT qty FROM orders",
        "SELECT qty, customer_id FROM orders EXCEPT SELECT k, k + 1 FROM log",
        "SELECT k FROM log EXCEPT ALL SELECT qty FROM orders",
        "SELECT v, k FROM log INTERSECT SELECT note, qty FROM orders",

        // Nested, with parentheses; duplicates kept in some and dropped in others.
        "SELECT k FROM log EXCEPT (SELECT id FROM customers UNION ALL SELECT id FROM products)",
        "(SELECT k FROM log EXCEPT ALL SELECT id FROM customers) INTERSECT (SELECT qty FROM orders UNION SELECT id FROM products)",
        "SELECT k FROM log UNION SELECT id FROM customers INTERSECT SELECT qty FROM orders",
        "(SELECT k FROM log UNION ALL SELECT k FROM log) EXCEPT ALL SELECT id FROM customers",

        // Differing types; equal without being identical; no rows in common; one side constant.
        "SELECT k FROM log EXCEPT SELECT price FROM products",
        "SELECT n FROM log INTERSECT SELECT rate FROM orders",
        "SELECT n FROM log EXCEPT ALL SELECT rate FROM orders",
        "SELECT name FROM customers INTERSECT SELECT region FROM customers",
        "SELECT id FROM customers EXCEPT VALUES (1), (2), (NULL)",
        "SELECT k, j::text FROM log EXCEPT SELECT 1, 'x'",

        // Below the top.
        "SELECT c.id, x.k FROM customers c LEFT JOIN (SELECT k FROM log INTERSECT SELECT qty FROM orders) x ON x.k = c.id",
        "SELECT x.k, count(*) AS n FROM (SELECT k, v FROM log EXCEPT ALL SELECT qty, note FROM orders) x GROUP BY x.k",
        "SELECT c.id, x.a FROM customers c JOIN (SELECT string_to_array(v, 'l') AS a FROM log EXCEPT SELECT ARRAY[note] FROM orders) x ON x.a[1] = c.name",
        "SELECT x.n, p.id FROM (SELECT n FROM log EXCEPT SELECT rate FROM orders) x JOIN products p ON p.price >= x.n",
        "SELECT k FROM log EXCEPT SELECT id FROM customers ORDER BY k DESC NULLS LAST LIMIT 3",
    };

    [PostgresMemberData(nameof(Operations))]
    [Theory]
    public Task Trap_17_set_operations_follow_their_sources(PostgresVersion version, string query) => RuleCheck.RunAsync(version, query, output);

    /// <summary>NULL is equal to NULL; counts flip in both directions, on both sides, in one interval.</summary>
    [PostgresVersions("INTERSECT", "1,1", "0,1", "1,0")]
    [PostgresVersions("EXCEPT", "1,1", "1,0", "0,1")]
    [PostgresVersions("INTERSECT ALL", "1,2", "0,1", "2,0")]
    [PostgresVersions("EXCEPT ALL", "2,1", "1,0", "1,2")]
    [Theory]
    public async Task Trap_16_copies_are_counted_on_both_sides(PostgresVersion version, string operation, string swap, string goes, string comes)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync("CREATE TABLE a (x int); CREATE TABLE b (x int); INSERT INTO a VALUES (NULL), (NULL), (NULL), (1), (2); INSERT INTO b VALUES (NULL), (NULL), (1)");
        var table = await OracleTable.CreateAsync(connection, "st", $"SELECT x FROM a {operation} SELECT x FROM b");
        await connection.ExecuteAsync("UPDATE b SET x = 2 WHERE x = 1; DELETE FROM b WHERE ctid = (SELECT min(ctid) FROM b WHERE x IS NULL)");
        await table.RefreshAsync();
        var first = table.LastCounts;
        await connection.ExecuteAsync("DELETE FROM b WHERE x IS NULL");
        await table.RefreshAsync();
        var second = table.LastCounts;
        await connection.ExecuteAsync("INSERT INTO b VALUES (NULL), (NULL); INSERT INTO a VALUES (1)");
        await table.RefreshAsync();
        Assert.Equal((swap, goes, comes), (first, second, table.LastCounts));
    }
}
