using PgTrickle.Dvm.Tests.Oracle;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Dvm.Tests.Rules;

/// <summary>Situations that went wrong elsewhere, each by itself.</summary>
public sealed class TrapTests(ITestOutputHelper output)
{
    /// <summary>Setup, query, changes, and what the refresh is expected to do and to count.</summary>
    public static TheoryData<string, string, string, string, string> Cases => new()
    {
        // A state that nobody saw would divide by zero.
        { "CREATE TABLE a (id int PRIMARY KEY, b int, c int); INSERT INTO a VALUES (1, 5, 3)", "SELECT id, 10 / (b - c) AS q FROM a",
            "UPDATE a SET b = 3; UPDATE a SET b = 8", "Merge", "1,1" },

        // Old against new rows of a join neither.
        { "CREATE TABLE a (k int PRIMARY KEY, b int); CREATE TABLE d (k int PRIMARY KEY, c int); INSERT INTO a VALUES (1, 5); INSERT INTO d VALUES (1, 3)",
            "SELECT a.k, 10 / (a.b - d.c) AS q FROM a JOIN d ON d.k = a.k", "UPDATE a SET b = 9; UPDATE d SET c = 5", "Full", "1,1" },

        // NaN can't be subtracted.
        { "CREATE TABLE a (g int NOT NULL, v numeric(8,2)); INSERT INTO a VALUES (1, 1.5), (1, 'NaN'), (2, 3)", "SELECT g, sum(v) AS s FROM a GROUP BY g",
            "DELETE FROM a WHERE v = 'NaN'", "Full", "1,1" },
        { "CREATE TABLE a (g int NOT NULL, v numeric); INSERT INTO a VALUES (1, 1.5), (1, 'NaN'), (1, 2.25)", "SELECT g, sum(v) AS s FROM a GROUP BY g",
            "DELETE FROM a WHERE v IN ('NaN', 2.25)", "Merge", "1,1" },

        // The same number, another image.
        { "CREATE TABLE a (id int PRIMARY KEY, v numeric); INSERT INTO a VALUES (1, 1.0)", "SELECT id, v FROM a", "UPDATE a SET v = 1.00", "Merge", "1,1" },
        { "CREATE TABLE a (v numeric); INSERT INTO a VALUES (1.0), (1.00), (1.00)", "SELECT v FROM a", "DELETE FROM a WHERE v::text = '1.0'", "Merge", "0,1" },
        { "CREATE TABLE a (v float8); INSERT INTO a VALUES (0), ('-0')", "SELECT v FROM a", "UPDATE a SET v = '-0'", "Merge", "1,1" },

        // Rows that did not change are not touched.
        { "CREATE TABLE a (id int PRIMARY KEY, v int); INSERT INTO a VALUES (1, 1), (2, 2)", "SELECT id, v FROM a", "UPDATE a SET v = v", "Merge", "0,0" },
        { "CREATE TABLE a (id int PRIMARY KEY, v int); INSERT INTO a VALUES (1, 1)", "SELECT id, v FROM a", "INSERT INTO a VALUES (2, 2); UPDATE a SET v = 3 WHERE id = 2; DELETE FROM a WHERE id = 2", "Merge", "0,0" },
        { "CREATE TABLE a (g int, v int); INSERT INTO a VALUES (1, 1), (1, 2)", "SELECT g, sum(v) AS s FROM a GROUP BY g", "UPDATE a SET v = 3 - v", "Merge", "0,0" },
        { "CREATE TABLE a (g int, v int, o int); INSERT INTO a VALUES (1, 1, 1)", "SELECT DISTINCT ON (g) g, v FROM a ORDER BY g, o", "INSERT INTO a VALUES (1, 7, 2)", "Merge", "0,0" },

        // Copies are rows.
        { "CREATE TABLE a (v json); INSERT INTO a SELECT '[1]' FROM generate_series(1, 3)", "SELECT v FROM a", "DELETE FROM a WHERE ctid IN (SELECT ctid FROM a LIMIT 2)", "Merge", "0,2" },
        { "CREATE TABLE a (x text, y text); INSERT INTO a VALUES ('a', 'bc'), (NULL, 'x')", "SELECT x, y FROM a", "INSERT INTO a VALUES ('ab', 'c'), ('x', NULL); DELETE FROM a WHERE x = 'a' OR x IS NULL", "Merge", "2,2" },

        // Group goes and comes back.
        { "CREATE TABLE a (g int, v int); INSERT INTO a VALUES (NULL, 1), (2, 2)", "SELECT g, sum(v) AS s, count(*) AS n FROM a GROUP BY g",
            "DELETE FROM a; INSERT INTO a VALUES (NULL, 5)", "Merge", "1,2" },
        { "CREATE TABLE a (v int); INSERT INTO a VALUES (1)", "SELECT sum(v) AS s, count(*) AS n, max(v) AS m FROM a", "DELETE FROM a", "Merge", "1,1" },

        // A row's key changes in the interval in which its old and its new partner do.
        { "CREATE TABLE a (id int PRIMARY KEY, k int); CREATE TABLE d (k int, v int); INSERT INTO a VALUES (1, 1), (2, 2); INSERT INTO d VALUES (1, 10), (2, 20)",
            "SELECT a.id, d.v FROM a LEFT JOIN d ON d.k = a.k", "UPDATE a SET k = 3 - k; DELETE FROM d WHERE k = 1; UPDATE d SET v = 21", "Merge", "2,2" },
        { "CREATE TABLE a (id int PRIMARY KEY, k int); CREATE TABLE d (k int, v int); INSERT INTO a VALUES (1, 1); INSERT INTO d VALUES (1, 10)",
            "SELECT a.id, d.v FROM a LEFT JOIN d ON d.k >= a.k AND d.k <= a.k", "UPDATE a SET k = 2; UPDATE d SET k = 2, v = 11", "Merge", "1,1" },
        { "CREATE TABLE a (id int PRIMARY KEY, k int); CREATE TABLE d (k int, v int); INSERT INTO a VALUES (1, 1); INSERT INTO d VALUES (1, 10), (1, 10)",
            "SELECT a.id, d.v FROM a LEFT JOIN d ON d.k = a.k", "DELETE FROM d; UPDATE a SET id = 5", "Merge", "1,2" },

        // What is computed below a sub-select, a function or a join of the padded side is padded, too.
        { "CREATE TABLE a (id int PRIMARY KEY, k int); CREATE TABLE d (k int, v int); INSERT INTO a VALUES (1, 1), (2, 2); INSERT INTO d VALUES (1, 10)",
            "SELECT a.id, x.here FROM a LEFT JOIN (SELECT y.k, y.here FROM (SELECT k, true AS here FROM d) AS y WHERE EXISTS (SELECT FROM d AS o WHERE o.v = y.k * 10)) AS x ON x.k = a.k",
            "INSERT INTO a VALUES (3, 3); UPDATE d SET k = 2, v = 20", "Merge", "3,2" },
        { "CREATE TABLE a (id int PRIMARY KEY, k int); CREATE TABLE d (k int, v int); INSERT INTO a VALUES (1, 1), (2, 2); INSERT INTO d VALUES (1, 10)",
            "SELECT a.id, x.here FROM (SELECT d.k, y.here FROM d CROSS JOIN (SELECT 1 AS here) AS y LEFT JOIN LATERAL generate_series(1, y.here) AS g ON true) AS x FULL JOIN a ON x.k = a.k",
            "INSERT INTO a VALUES (3, 3); UPDATE d SET k = 2", "Merge", "3,2" },

        // A constant that is compared with the other side's column groups nothing.
        { "CREATE TABLE a (id int PRIMARY KEY, k int); CREATE TABLE d (v int); INSERT INTO a VALUES (1, 3), (2, 2)",
            "SELECT a.id, x.c FROM a LEFT JOIN (SELECT 3 AS c, v FROM d) AS x ON x.c = a.k", "INSERT INTO d VALUES (1)", "Merge", "1,1" },

        // The extreme leaves, one as good comes, the widest scale leaves.
        { "CREATE TABLE a (g int NOT NULL, v int); INSERT INTO a VALUES (1, 9), (1, 5), (2, 9)", "SELECT g, max(v) AS m FROM a GROUP BY g",
            "DELETE FROM a WHERE v = 9; INSERT INTO a VALUES (2, 9)", "Merge", "1,1" },
        { "CREATE TABLE a (g int NOT NULL, v numeric); INSERT INTO a VALUES (1, 1.5), (1, 2.25)", "SELECT g, sum(v) / 3 AS s, sum(v)::text AS t FROM a GROUP BY g",
            "DELETE FROM a WHERE v = 2.25", "Merge", "1,1" },

        // Numerics of several known scales: the widest that is there is shown.
        { "CREATE TABLE a (g int NOT NULL, b bool, v numeric(9,3)); INSERT INTO a VALUES (1, true, 1.5), (1, false, 2), (2, false, 1), (2, NULL, NULL)",
            "SELECT g, sum(CASE WHEN b THEN v * 1.1 ELSE 0 END)::text AS s, sum(CASE WHEN b THEN v ELSE 0 END) AS u, sum(CASE WHEN b THEN v WHEN NOT b THEN 0.5 END) AS t, avg(CASE WHEN b THEN v ELSE 0 END) / 7 AS x FROM a GROUP BY g",
            "DELETE FROM a WHERE b; UPDATE a SET b = true, v = 3 WHERE g = 2 AND NOT b", "Merge", "2,2" },
        { "CREATE TABLE a (b bool, v numeric(9,3)); INSERT INTO a VALUES (true, 1.5), (false, 2)",
            "SELECT sum(CASE WHEN b THEN v ELSE 0 END)::text AS s, sum(CASE WHEN b THEN v END) / sum(COALESCE(v, 1)) AS q FROM a",
            "DELETE FROM a WHERE b; INSERT INTO a VALUES (false, NULL)", "Merge", "1,1" },

        // Names that collide with those of the statements, and any others.
        { """CREATE TABLE a (w int, xid int, c1 text, "T" text, "a""b" text, tid int, keep bool, PRIMARY KEY (w)); INSERT INTO a VALUES (1, 2, 'x', 'y', 'z', 3, true)""",
            """SELECT w, xid, c1, "T" AS "select", "a""b", tid, keep FROM a""", """UPDATE a SET xid = 5, "a""b" = NULL; INSERT INTO a VALUES (2)""", "Merge", "2,1" },
        { """CREATE SCHEMA "S p"; CREATE TABLE "S p"."t.1" ("Größe" int, g int); INSERT INTO "S p"."t.1" VALUES (1, 1)""",
            """SELECT g AS d, sum("Größe") AS change FROM "S p"."t.1" GROUP BY g""", """INSERT INTO "S p"."t.1" VALUES (2, 1), (3, 2)""", "Merge", "2,1" },

        // A key that no index takes.
        { "CREATE TABLE a (g text, v int); INSERT INTO a SELECT string_agg(md5(i::text), ''), 1 FROM generate_series(1, 400) i", "SELECT g, sum(v) AS s FROM a GROUP BY g",
            "INSERT INTO a SELECT g, 2 FROM a", "Merge", "1,1" },

        // Fixed-width characters and enums.
        { "CREATE TYPE mood AS ENUM ('ok', 'sad'); CREATE TABLE a (g mood NOT NULL, c char(4) NOT NULL); INSERT INTO a VALUES ('ok', 'x'), ('sad', 'y')",
            "SELECT g, c, count(*) AS n FROM a GROUP BY g, c", "INSERT INTO a VALUES ('sad', 'y '), ('ok', 'z')", "Merge", "2,1" },
    };

    [PostgresMemberData(nameof(Cases))]
    [Theory]
    public async Task Each_trap_is_avoided(PostgresVersion version, string setup, string query, string changes, string action, string counts)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync(setup);
        var table = await OracleTable.CreateAsync(connection, "st", query);
        output.WriteLine(table.Plan.Explain(ExplainStage.Sql));
        await connection.ExecuteAsync(changes);
        await table.RefreshAsync();
        Assert.Equal(action, table.LastAction);
        Assert.Equal(counts, table.LastCounts);
    }

    [PostgresVersions]
    [Theory]
    public async Task Values_that_swap_under_a_users_unique_index_are_deleted_before_they_are_inserted(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync("CREATE TABLE a (id int PRIMARY KEY, rank int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO a VALUES (1, 1), (2, 2)");
        var table = await OracleTable.CreateAsync(connection, "st", "SELECT id, rank FROM a");
        await connection.ExecuteAsync("CREATE UNIQUE INDEX ON st (rank)");
        await connection.ExecuteAsync("UPDATE a SET rank = 3 - rank");
        await table.RefreshAsync();
        Assert.Equal("Split", table.LastAction);
        Assert.Equal("2,2", table.LastCounts);
    }

    [PostgresVersions]
    [Theory]
    public async Task An_error_of_the_query_leaves_the_table_as_it_was_until_the_data_is_mended(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync("CREATE TABLE a (id int PRIMARY KEY, b int); INSERT INTO a VALUES (1, 2)");
        var table = await OracleTable.CreateAsync(connection, "st", "SELECT id, 10 / b AS q FROM a");
        await connection.ExecuteAsync("UPDATE a SET b = 0; INSERT INTO a VALUES (2, 5)");
        var error = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => table.RefreshAsync());
        Assert.Equal("22012", error.SqlState);
        Assert.Equal(1L, await connection.ScalarAsync<long>("SELECT count(*) FROM st WHERE q = 5"));
        await connection.ExecuteAsync("UPDATE a SET b = 1 WHERE b = 0");
        await table.RefreshAsync();
        Assert.Equal("Merge", table.LastAction);
    }

    [PostgresVersions]
    [Theory]
    public async Task A_nondeterministic_collation_makes_equal_texts_that_are_not_identical(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync("CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
        await connection.ExecuteAsync("CREATE TABLE a (id int PRIMARY KEY, name text COLLATE ci); INSERT INTO a VALUES (1, 'smith')");
        var rows = await OracleTable.CreateAsync(connection, "st", "SELECT id, name FROM a");
        var groups = await OracleTable.CreateAsync(connection, "gr", "SELECT name, count(*) AS n FROM a GROUP BY name");
        var counts = await OracleTable.CreateAsync(connection, "co", "SELECT count(*) AS n FROM a GROUP BY name");
        await connection.ExecuteAsync("UPDATE a SET name = 'Smith'; INSERT INTO a VALUES (2, 'SMITH')");
        await rows.RefreshAsync();
        await groups.RefreshAsync();
        await counts.RefreshAsync();
        Assert.Equal("Smith", await connection.ScalarAsync<string>("SELECT name FROM st WHERE id = 1"));
        Assert.Equal(2L, await connection.ScalarAsync<long>("SELECT n FROM gr"));
    }

    /// <summary>What a user sees of a stream table is what the query yields, wherever an index can do without a hidden column.</summary>
    [PostgresVersions("SELECT v, count(*) AS n, max(k) AS top FROM log GROUP BY v", "v, n, top")]
    [PostgresVersions("SELECT v, n FROM log", "v, n")]
    [PostgresVersions("SELECT k, j FROM log", "k, j, __pgt_row_id")]
    [Theory]
    public async Task Keys_that_no_plain_index_takes_are_found_by_an_index_on_their_hash(PostgresVersion version, string query, string columns)
    {
        var random = Seed.Random(output);
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await Shop.CreateAsync(connection, random);
        await connection.ExecuteAsync("INSERT INTO log VALUES (1, repeat('long', 5000), 1, '1')");
        var table = await OracleTable.CreateAsync(connection, "st", query);
        Assert.Equal(columns, await connection.ScalarAsync<string>(
            "SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'st'::regclass AND attnum > 0 AND NOT attisdropped"));
        Assert.Equal(1L, await connection.ScalarAsync<long>("SELECT count(*) FROM pg_index WHERE indrelid = 'st'::regclass"));
        for (var i = 0; i < 4; i++)
        {
            await Shop.IntervalAsync(connection, random);
            await table.RefreshAsync();
        }
    }
}
