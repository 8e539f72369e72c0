using Npgsql;
using PgTrickle.Postgres.Ports;
using PgTrickle.Postgres.Tests.Refresh;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Traps;

/// <summary>Traps 10 to 13: extremes that leave, sums of NULLs and of what can't be subtracted, aggregates that see an order, and HAVING in both directions.</summary>
public sealed class AggregateTrapTests
{
    private const string Readings = """
        CREATE TABLE readings (id int PRIMARY KEY, g int, n int, v numeric(8,2), w numeric, f float8, i interval, m money, t text, at int);
        INSERT INTO readings SELECT x, x % 3, x % 5, x * 1.5, x, x / 4.0, x * interval '1 hour', x::numeric::money, 'w' || x % 4, x FROM generate_series(1, 12) AS x;
        """;

    private const string LastActions = """
        SELECT string_agg(DISTINCT h.action, ', ') FROM pgtrickle.pgt_refresh_history h
        WHERE h.refresh_id = (SELECT max(l.refresh_id) FROM pgtrickle.pgt_refresh_history l WHERE l.pgt_id = h.pgt_id)
        """;

    [Theory, PostgresVersions]
    public async Task Trap_10_extremes_that_leave_are_replaced_by_what_is_left(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Readings);
        await harness.CreateAsync("by_group", "SELECT g, min(n) AS low, max(n) AS high, max(t) AS word, count(*) AS c FROM readings GROUP BY g", "DIFFERENTIAL");
        await harness.CreateAsync("overall", "SELECT min(n) AS low, max(v) AS high, max(f) AS f FROM readings", "DIFFERENTIAL");
        await harness.CreateAsync("nested", "SELECT max(high) AS top, min(low) AS least FROM (SELECT g, max(n) AS high, min(n) AS low FROM readings GROUP BY g) AS x", "DIFFERENTIAL");
        await harness.CreateAsync("joined", "SELECT r.id, x.high FROM readings r JOIN (SELECT g, max(n) AS high FROM readings GROUP BY g) AS x ON x.g = r.g AND x.high = r.n", "DIFFERENTIAL");
        await harness.CreateAsync("firsts", "SELECT DISTINCT ON (g) g, id, n FROM readings ORDER BY g, n DESC, id", "DIFFERENTIAL");
        await harness.CreateAsync("ends", "SELECT g, (array_agg(t ORDER BY at))[1] AS first, (array_agg(t ORDER BY at DESC))[1] AS last FROM readings GROUP BY g", "DIFFERENTIAL");
        await FollowAsync(
            harness,
            "DELETE FROM readings WHERE n = 4 AND g = 0",
            "UPDATE readings SET n = n, v = v, f = f",
            "INSERT INTO readings (id, g, n, v, f, t, at) VALUES (20, 1, 9, 99, 9, 'z', 20), (21, 1, 9, 99, 9, 'z', 21)",
            "DELETE FROM readings WHERE id = 20",
            "DELETE FROM readings WHERE id = 21",
            "UPDATE readings SET n = CASE n WHEN 0 THEN 4 WHEN 4 THEN 0 ELSE n END, at = -at",
            "DELETE FROM readings WHERE n = (SELECT max(n) FROM readings); INSERT INTO readings (id, g, n, at) SELECT 30 + x, x, 4, 30 FROM generate_series(0, 2) AS x",
            "UPDATE readings SET n = NULL, v = NULL, f = NULL, t = NULL WHERE g = 2",
            "UPDATE readings SET n = -1 WHERE id = 2",
            "UPDATE readings SET n = NULL",
            "DELETE FROM readings");
    }

    [Theory, PostgresVersions]
    public async Task Trap_11_sums_of_nothing_are_null_and_what_cannot_be_subtracted_is_added_up_again(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Readings);
        const string Sums = "sum(n) AS n, sum(n::bigint) AS big, avg(n) AS mean, count(n) AS some, count(*) AS rows, sum(v) AS v, avg(v) AS mean_v, sum(w) AS w, sum(w) / 3 AS third";
        const string Others = "sum(f) AS f, avg(f) AS mean, stddev(f) AS spread, sum(i) AS i, avg(i) AS mean_i, sum(m) AS m, sum(f::real) AS r, var_pop(w) AS var";
        await harness.CreateAsync("sums", $"SELECT g, {Sums} FROM readings GROUP BY g", "DIFFERENTIAL");
        await harness.CreateAsync("total", $"SELECT {Sums} FROM readings", "DIFFERENTIAL");
        await harness.CreateAsync("others", $"SELECT g, {Others} FROM readings GROUP BY g", "DIFFERENTIAL");
        await harness.CreateAsync("of_sums", "SELECT sum(v) AS v, avg(n) AS n, count(v) AS c FROM (SELECT g, sum(v) AS v, sum(n) AS n FROM readings GROUP BY g) AS x", "DIFFERENTIAL");
        await FollowAsync(
            harness,
            "UPDATE readings SET n = NULL, v = NULL, w = NULL, f = NULL, i = NULL, m = NULL WHERE g = 1",
            "UPDATE readings SET n = 3 WHERE id = 1",
            "UPDATE readings SET w = 0.00001, n = 2147483647 WHERE g = 2",
            "UPDATE readings SET w = 1 WHERE g = 2",
            "INSERT INTO readings (id, g, w, v, f) VALUES (20, 0, 'NaN', 'NaN', 'NaN'), (21, 0, 'Infinity', 1, 'Infinity'), (22, 2, '-Infinity', 1, '-Infinity')",
            "UPDATE readings SET f = '-Infinity' WHERE id = 21",
            "DELETE FROM readings WHERE id >= 20",
            "INSERT INTO readings (id, g, f) VALUES (23, 0, 1e20), (24, 0, 0.1), (25, 0, -1e20)",
            "DELETE FROM readings WHERE id IN (23, 25)",
            "UPDATE readings SET i = '1 mon' WHERE id % 2 = 0; UPDATE readings SET i = '30 days' WHERE id % 2 = 1",
            "DELETE FROM readings WHERE g = 0; UPDATE readings SET n = NULL",
            "DELETE FROM readings",
            "INSERT INTO readings (id, g) VALUES (1, 1)",
            "INSERT INTO readings (id, g, n, v, w, f) VALUES (2, 1, 5, 1.5, 2.500, 0.1)");
        foreach (var name in (string[])["sums", "total", "others", "of_sums"])
        {
            await harness.CompareImagesAsync(name);
        }
    }

    [Theory, PostgresVersions]
    public async Task Trap_11_a_sum_that_overflows_fails_as_its_query_does_and_recovers(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Readings);
        await harness.CreateAsync("cast_down", "SELECT g, sum(n)::int AS n FROM readings GROUP BY g", "DIFFERENTIAL");
        await harness.CreateAsync("cash", "SELECT g, sum(m) AS m FROM readings GROUP BY g", "DIFFERENTIAL");
        await harness.ExecuteAsync("UPDATE readings SET n = 2147483647, m = 92233720368547758 WHERE g = 1");
        foreach (var name in (string[])["cast_down", "cash"])
        {
            var failed = await Assert.ThrowsAsync<RefreshFailedException>(() => harness.RefreshAsync(name));
            Assert.Equal(PostgresErrorCodes.NumericValueOutOfRange, failed.SqlState);
            Assert.Equal(3L, await harness.Database.ScalarAsync<long>($"SELECT count(*) FROM {name}"));
        }

        await harness.ExecuteAsync("DELETE FROM readings WHERE g = 1 AND id > 1");
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task Trap_12_aggregates_that_see_an_order_a_filter_or_distinct_values(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Readings + """
            CREATE FUNCTION longer(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN length($2) > length($1) THEN $2 ELSE $1 END $$;
            CREATE AGGREGATE longest(text) (SFUNC = longer, STYPE = text, INITCOND = '');
            CREATE AGGREGATE collected(anycompatible) (SFUNC = array_append, STYPE = anycompatiblearray, INITCOND = '{}');
            """);
        await harness.CreateAsync("filtered", """
            SELECT g, count(*) FILTER (WHERE n > 2) AS c, sum(v) FILTER (WHERE t <> 'w1') AS v, count(DISTINCT n) FILTER (WHERE v > 3) AS d, max(n) FILTER (WHERE f > 1) AS m,
                sum(DISTINCT n) AS s, avg(DISTINCT v) AS a FROM readings GROUP BY g
            """, "DIFFERENTIAL");
        await harness.CreateAsync("ordered", """
            SELECT g, string_agg(t, ',' ORDER BY n DESC NULLS LAST, id) AS words, array_agg(n ORDER BY id) AS ns, array_agg(DISTINCT n ORDER BY n NULLS FIRST) AS ds,
                string_agg(DISTINCT t, '') AS dt, json_agg(n ORDER BY id)::text AS js, jsonb_object_agg(COALESCE(t, '-'), n ORDER BY id) AS last_of_key,
                json_object_agg(COALESCE(t, '-'), n ORDER BY id)::text AS all_keys, xmlagg(xmlelement(name n, n) ORDER BY id)::text AS x FROM readings GROUP BY g
            """, "DIFFERENTIAL");
        await harness.CreateAsync("within", """
            SELECT g, percentile_cont(0.5) WITHIN GROUP (ORDER BY f) AS median, percentile_disc(0.25) WITHIN GROUP (ORDER BY n) AS low, mode() WITHIN GROUP (ORDER BY n) AS often,
                rank(3) WITHIN GROUP (ORDER BY n) AS place, cume_dist(2) WITHIN GROUP (ORDER BY n DESC) AS share FROM readings GROUP BY g
            """, "DIFFERENTIAL");
        await harness.CreateAsync("own", "SELECT g, longest(t ORDER BY id) AS t, collected(n ORDER BY id) AS ns FROM readings GROUP BY g", "DIFFERENTIAL");
        await harness.CreateAsync("below", """
            SELECT r.id, x.words, x.d FROM readings r LEFT JOIN (SELECT g, string_agg(t, ',' ORDER BY id) AS words, count(DISTINCT n) FILTER (WHERE v > 3) AS d FROM readings GROUP BY g) AS x ON x.g = r.g
            """, "DIFFERENTIAL");
        await harness.CreateAsync("documents", "SELECT g, json_agg(t ORDER BY id) AS j, xmlagg(xmlelement(name n, n) ORDER BY id) AS x FROM readings GROUP BY g", "DIFFERENTIAL");
        await FollowAsync(
            harness,
            "UPDATE readings SET n = NULL WHERE id % 4 = 0; UPDATE readings SET t = NULL WHERE id % 5 = 0",
            "UPDATE readings SET n = 5 - n",
            "UPDATE readings SET id = 100 - id",
            "UPDATE readings SET t = 'a much longer word', v = 1 WHERE id % 3 = 1",
            "DELETE FROM readings WHERE t LIKE 'a%'",
            "INSERT INTO readings (id, g, n, t) VALUES (20, 0, NULL, NULL), (21, 7, NULL, 'w1'), (22, 7, NULL, 'w1')",
            "UPDATE readings SET g = 7",
            "DELETE FROM readings WHERE n IS NOT NULL",
            "UPDATE readings SET g = NULL");
    }

    [Theory, PostgresVersions]
    public async Task Trap_13_groups_come_and_go_by_having(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Readings);
        await harness.CreateAsync("shown", "SELECT g, count(*) AS c FROM readings GROUP BY g HAVING count(*) > 3", "DIFFERENTIAL");
        await harness.CreateAsync("unseen", "SELECT g FROM readings GROUP BY g HAVING sum(v) > 40 AND max(n) < 5", "DIFFERENTIAL");
        await harness.CreateAsync("all_rows", "SELECT sum(n) AS n FROM readings HAVING count(*) > 5", "DIFFERENTIAL");
        await harness.CreateAsync("constant", "SELECT 1 AS one FROM readings HAVING min(n) IS NULL OR min(n) > 0", "DIFFERENTIAL");
        await harness.CreateAsync("keyed", "SELECT g, sum(n) AS n FROM readings GROUP BY g HAVING g IS NOT NULL AND every(n IS NOT NULL)", "DIFFERENTIAL");
        await harness.CreateAsync("against", "SELECT g, count(*) AS c FROM readings GROUP BY g HAVING count(*) >= (SELECT avg(c) FROM (SELECT count(*) AS c FROM readings GROUP BY g) AS x)", "DIFFERENTIAL");
        await harness.CreateAsync("beneath", "SELECT count(*) AS groups FROM (SELECT g FROM readings GROUP BY g HAVING count(*) > 3) AS x", "DIFFERENTIAL");
        await FollowAsync(
            harness,
            "DELETE FROM readings WHERE id = 3",
            "INSERT INTO readings (id, g, n, v) VALUES (20, 0, 1, 50), (21, 5, 1, 1)",
            "UPDATE readings SET g = 5 WHERE g = 1",
            "UPDATE readings SET g = 1, n = NULL WHERE g = 5 AND id < 9",
            "UPDATE readings SET n = 9 WHERE g = 2",
            "UPDATE readings SET n = 1",
            "DELETE FROM readings WHERE id > 4",
            "DELETE FROM readings",
            "INSERT INTO readings (id, g, n, v) SELECT x, NULL, x, x FROM generate_series(1, 6) AS x");
    }

    /// <summary>Compares after each step. What comes first has to be told by a delta; later the measured times may speak for the query.</summary>
    private static async Task FollowAsync(RefreshHarness harness, params string[] steps)
    {
        await harness.CompareAsync();
        foreach (var step in steps)
        {
            await harness.ExecuteAsync(step);
            await harness.RefreshAndCompareAsync();
            if (step == steps[0])
            {
                Assert.Equal("DIFFERENTIAL", await harness.Database.Control.ScalarAsync<string>(LastActions));
            }
        }
    }
}
