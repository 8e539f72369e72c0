using Npgsql;
using PgTrickle.Dvm.Tests.Oracle;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Dvm.Tests.Rules;

/// <summary>What goes wrong with sub-selects, each by itself: what the refresh makes of it, and how many rows it writes.</summary>
public sealed class SubqueryTrapTests(ITestOutputHelper output)
{
    private const string Two = "CREATE TABLE a (id int PRIMARY KEY, k int); CREATE TABLE b (k int, v int);";

    /// <summary>Setup, query, changes, rows inserted and deleted.</summary>
    public static TheoryData<string, string, string, string> Cases => new()
    {
        // A NULL among the values empties NOT IN, and its departure brings all back.
        { Two + "INSERT INTO a VALUES (1, 1), (2, 2), (3, NULL); INSERT INTO b VALUES (1, 0)", "SELECT id FROM a WHERE k NOT IN (SELECT k FROM b)", "INSERT INTO b VALUES (NULL, 0)", "0,1" },
        { Two + "INSERT INTO a VALUES (1, 1), (2, 2), (3, NULL); INSERT INTO b VALUES (1, 0), (NULL, 0)", "SELECT id FROM a WHERE k NOT IN (SELECT k FROM b)", "DELETE FROM b WHERE k IS NULL", "1,0" },

        // Over nothing NOT IN holds for NULL, too.
        { Two + "INSERT INTO a VALUES (1, 1), (3, NULL); INSERT INTO b VALUES (1, 0)", "SELECT id FROM a WHERE k NOT IN (SELECT k FROM b)", "DELETE FROM b", "2,0" },
        { Two + "INSERT INTO a VALUES (1, 1), (3, NULL)", "SELECT id FROM a WHERE (k, id) NOT IN (SELECT k, v FROM b)", "INSERT INTO b VALUES (1, NULL)", "0,2" },
        { Two + "INSERT INTO a VALUES (1, 1), (2, 2)", "SELECT id FROM a WHERE (k, id) NOT IN (SELECT k, v FROM b)", "INSERT INTO b VALUES (NULL, 1)", "0,1" },
        { Two + "INSERT INTO a VALUES (1, 1), (2, 9), (3, NULL); INSERT INTO b VALUES (5, 0)", "SELECT id, k > ALL (SELECT k FROM b) AS top FROM a", "UPDATE b SET k = NULL; INSERT INTO b VALUES (7, 0)", "1,1" },
        { Two + "INSERT INTO a VALUES (1, 1), (2, 9), (3, NULL); INSERT INTO b VALUES (5, 0)", "SELECT id, k = ANY (SELECT k FROM b) AS it FROM a", "DELETE FROM b", "1,1" },

        // Another partner of one that has some is nothing; the last that leaves is something.
        { Two + "INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 0), (1, 0)", "SELECT id FROM a WHERE EXISTS (SELECT FROM b WHERE b.k = a.k)", "INSERT INTO b VALUES (1, 0); DELETE FROM b WHERE ctid = (SELECT min(ctid) FROM b)", "0,0" },
        { Two + "INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 0), (1, 0)", "SELECT id FROM a WHERE EXISTS (SELECT FROM b WHERE b.k = a.k)", "DELETE FROM b", "0,1" },

        // A row moves to a new partner while the old one leaves.
        { Two + "INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 0)", "SELECT id FROM a WHERE EXISTS (SELECT FROM b WHERE b.k = a.k AND b.v < a.id)", "UPDATE a SET k = 2; UPDATE b SET k = 2", "0,0" },
        { Two + "INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 0)", "SELECT id, k, NOT EXISTS (SELECT FROM b WHERE b.k = a.k) AS e FROM a", "UPDATE a SET k = 2; DELETE FROM b", "1,1" },

        // A count over nothing is 0, also when the row comes anew, a sum is NULL.
        { Two + "INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 0)", "SELECT id, (SELECT count(*) FROM b WHERE b.k = a.k) AS n, (SELECT sum(v) FROM b WHERE b.k = a.k) AS s FROM a", "DELETE FROM b; INSERT INTO a VALUES (2, NULL)", "2,1" },
        { Two + "INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 3)", "SELECT id FROM a WHERE (SELECT count(*) FROM b WHERE b.k = a.k) = 0", "DELETE FROM b", "1,0" },
        { Two + "INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 3)", "SELECT id, (SELECT 'none'::text FROM b WHERE b.k = a.k HAVING count(*) = 0) AS t FROM a", "DELETE FROM b", "1,1" },

        // Rows that come out as they were are not written.
        { Two + "INSERT INTO a VALUES (1, 1), (2, 2); INSERT INTO b VALUES (1, 3), (2, 4)", "SELECT id, (SELECT max(v) FROM b WHERE b.k = a.k) AS m FROM a", "INSERT INTO b VALUES (1, 2), (2, 5)", "1,1" },
        { Two + "INSERT INTO a VALUES (1, 1), (2, 2); INSERT INTO b VALUES (1, 3)", "SELECT id FROM a WHERE k = (SELECT max(k) FROM b)", "INSERT INTO b VALUES (1, 9)", "0,0" },

        // Correlated through two levels, below OR.
        { Two + "INSERT INTO a VALUES (1, 1), (2, 2); INSERT INTO b VALUES (1, 1)",
            "SELECT id FROM a WHERE id = 7 OR NOT EXISTS (SELECT FROM b WHERE b.k = a.k AND EXISTS (SELECT FROM b c WHERE c.v = b.v AND c.k <= a.id))", "UPDATE b SET v = 2, k = 2", "1,1" },

        // LIMIT 1 for each row; padded where there is none.
        { Two + "INSERT INTO a VALUES (1, 1), (2, 2); INSERT INTO b VALUES (1, 3), (1, 4)",
            "SELECT id, x.v FROM a LEFT JOIN LATERAL (SELECT v FROM b WHERE b.k = a.k ORDER BY v LIMIT 1) x ON true", "DELETE FROM b WHERE v = 3; INSERT INTO b VALUES (2, 8)", "2,2" },
        { Two + "INSERT INTO a VALUES (1, 1), (2, 2); INSERT INTO b VALUES (1, 3), (1, 4)",
            "SELECT id, x.v FROM a LEFT JOIN LATERAL (SELECT v FROM b WHERE b.k = a.k ORDER BY v LIMIT 1) x ON true", "DELETE FROM b WHERE v = 4", "0,0" },

        // A set of NULL or of nothing: the row is lost in the select list, and padded by LEFT JOIN.
        { "CREATE TABLE a (id int PRIMARY KEY, v int[]); INSERT INTO a VALUES (1, '{5,6}'), (2, '{}'), (3, NULL)", "SELECT id, unnest(v) AS u FROM a", "UPDATE a SET v = '{6,7,NULL}'", "8,1" },
        { "CREATE TABLE a (id int PRIMARY KEY, v int[]); INSERT INTO a VALUES (1, '{5,6}'), (2, '{}'), (3, NULL)", "SELECT id, u.v, u.n FROM a LEFT JOIN LATERAL unnest(a.v) WITH ORDINALITY AS u(v, n) ON true",
            "UPDATE a SET v = '{6}' WHERE id = 1; UPDATE a SET v = NULL WHERE id = 2", "1,2" },
    };

    [PostgresMemberData(nameof(Cases))]
    [Theory]
    public async Task Each_trap_is_avoided(PostgresVersion version, string setup, string query, string changes, string counts)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync(setup);
        var table = await OracleTable.CreateAsync(connection, "st", query);
        output.WriteLine(table.Plan.Explain(ExplainStage.Sql));
        Assert.Equal(PlanMode.Differential, table.Plan.Mode);
        await connection.ExecuteAsync(changes);
        await table.RefreshAsync();
        Assert.Equal("Merge", table.LastAction);
        Assert.Equal(counts, table.LastCounts);
    }

    /// <summary>The refresh fails as the query does, changes nothing, and recovers when the data is mended.</summary>
    [PostgresVersions("SELECT id, (SELECT v FROM b WHERE b.k = a.k) AS v FROM a")]
    [PostgresVersions("SELECT id, (SELECT v FROM b WHERE k = 1) AS v FROM a")]
    [Theory]
    public async Task A_second_row_of_a_scalar_sub_select_is_an_error(PostgresVersion version, string query)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync(Two + "INSERT INTO a VALUES (1, 1), (2, 2); INSERT INTO b VALUES (1, 3)");
        var table = await OracleTable.CreateAsync(connection, "st", query);
        await connection.ExecuteAsync("INSERT INTO b VALUES (1, 4); INSERT INTO a VALUES (3, 3)");
        var error = await Assert.ThrowsAsync<PostgresException>(() => table.RefreshAsync());
        Assert.Equal(PostgresErrorCodes.CardinalityViolation, error.SqlState);
        Assert.Equal(2L, await connection.ScalarAsync<long>("SELECT count(*) FROM st"));
        await connection.ExecuteAsync("DELETE FROM b WHERE v = 3");
        await table.RefreshAsync();
        Assert.Equal("Merge", table.LastAction);
        Assert.Equal(4, await connection.ScalarAsync<int>("SELECT v FROM st WHERE id = 1"));
    }

    [PostgresVersions(Since = 18)]
    [Theory]
    public async Task Trap_26_rows_of_a_document_come_and_go_with_it(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync("CREATE TABLE a (id int PRIMARY KEY, j jsonb); INSERT INTO a VALUES (1, '[{\"x\": 1}, {\"x\": 2}]'), (2, '[]'), (3, NULL)");
        var table = await OracleTable.CreateAsync(connection, "st", "SELECT id, t.n, t.x FROM a LEFT JOIN LATERAL JSON_TABLE(a.j, '$[*]' COLUMNS (n FOR ORDINALITY, x int PATH '$.x')) t ON true");
        await connection.ExecuteAsync("UPDATE a SET j = '[{\"x\": 1}, {\"y\": 2}, {\"x\": 3}]' WHERE id = 1; UPDATE a SET j = '[{}]' WHERE id = 3; DELETE FROM a WHERE id = 2");
        await table.RefreshAsync();
        Assert.Equal("Merge", table.LastAction);
        Assert.Equal("3,3", table.LastCounts);
    }

    [PostgresVersions]
    [Theory]
    public async Task A_second_row_that_nobody_asks_for_is_none(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync(Two + "INSERT INTO a VALUES (1, 1), (2, 2); INSERT INTO b VALUES (1, 3), (2, 3), (2, 4)");
        var table = await OracleTable.CreateAsync(connection, "st", "SELECT id, CASE WHEN id = 1 THEN (SELECT v FROM b WHERE b.k = a.k) END AS v FROM a");
        await connection.ExecuteAsync("UPDATE b SET v = v + 1");
        await table.RefreshAsync();
        Assert.Equal("Merge", table.LastAction);
        Assert.Equal(4, await connection.ScalarAsync<int>("SELECT v FROM st WHERE id = 1"));
    }

    /// <summary>A row whose second partner came after it had gone never met it.</summary>
    [PostgresVersions]
    [Theory]
    public async Task Rows_that_no_state_held_together_are_no_error(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync(Two + "INSERT INTO a VALUES (1, 1), (2, 2); INSERT INTO b VALUES (1, 3)");
        var table = await OracleTable.CreateAsync(connection, "st", "SELECT id, (SELECT v FROM b WHERE b.k = a.k) AS v FROM a");
        await connection.ExecuteAsync("UPDATE a SET k = 5 WHERE id = 1; INSERT INTO b VALUES (1, 4)");
        await table.RefreshAsync();
        Assert.Equal("1,1", table.LastCounts);
    }
}
