using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Lifecycle;

public sealed class StatusTests
{
    private const string Create = """
        CREATE TABLE orders (id serial PRIMARY KEY, region text NOT NULL, amount numeric);
        INSERT INTO orders (region, amount) SELECT 'r' || n % 5, n FROM generate_series(1, 1000) AS n;
        ANALYZE orders;
        SELECT pgtrickle.create_stream_table('by_region', 'SELECT region, sum(amount) AS total FROM orders GROUP BY region', schedule => '5s');
        SELECT pgtrickle.create_stream_table('Total', 'SELECT sum(total) AS total FROM by_region');
        """;

    [Theory, PostgresVersions]
    public async Task Every_query_of_the_monitoring_guide_runs_for_anybody(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Create);
        var reader = database.As(await database.CreateRoleAsync("reader"));
        string[] queries =
        [
            "SELECT pgt_name, recommended_mode, confidence, reason FROM pgtrickle.recommend_refresh_mode()",
            "SELECT pgt_name, refresh_mode, diff_speedup, avg_change_ratio FROM pgtrickle.refresh_efficiency() ORDER BY total_refreshes DESC",
            "SELECT pgt_name, current_mode, recommended_mode, reason FROM pgtrickle.recommend_refresh_mode('by_region')",
            "SELECT pgtrickle.export_definition(pgt_schema || '.' || pgt_name) FROM pgtrickle.pgt_stream_tables",
            "SELECT * FROM pgtrickle.stream_tables_info", "SELECT * FROM pgtrickle.pgt_status()", "SELECT * FROM pgtrickle.pg_stat_stream_tables",
            "SELECT * FROM pgtrickle.explain_st('by_region')", "SELECT * FROM pgtrickle.explain_refresh_mode('by_region')",
            "SELECT * FROM pgtrickle.quick_health", "SELECT * FROM pgtrickle.worker_pool_status()", "SELECT * FROM pgtrickle.pgt_dependencies",
            "SELECT * FROM pgtrickle.list_sources('by_region')", "SELECT pgtrickle.get_staleness('by_region')",
        ];
        foreach (var query in queries)
        {
            Assert.NotEmpty((await reader.QueryAsync(query)).Rows);
        }

        string[] possiblyEmpty =
        [
            "SELECT pgt_name, status, last_error_message FROM pgtrickle.stream_tables_info WHERE status IN ('ERROR', 'SUSPENDED')",
            "SELECT * FROM pgtrickle.get_refresh_history('by_region')", "SELECT * FROM pgtrickle.pgt_refresh_history",
            "SELECT * FROM pgtrickle.cluster_nodes()", "SELECT * FROM pgtrickle.pgt_cdc_status", "SELECT * FROM pgtrickle.pgt_change_tracking",
        ];
        foreach (var query in possiblyEmpty)
        {
            await reader.QueryAsync(query);
        }

        Assert.Equal(["public.orders", "    public.by_region", "        public.total"],
            (await reader.QueryAsync("SELECT tree_line FROM pgtrickle.dependency_tree()")).Column<string>());
    }

    [Theory, PostgresVersions]
    public async Task Recommendations_follow_measured_times_and_efficiency_shows_them(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Create);
        await RecordAsync("DIFFERENTIAL", 30, 20, 10);
        await RecordAsync("FULL", 5, 100, 0);
        var efficiency = (await database.QueryAsync("SELECT total_refreshes, diff_count, full_count, diff_speedup, avg_change_ratio FROM pgtrickle.refresh_efficiency() WHERE pgt_name = 'by_region'")).Rows[0];
        Assert.Equal([35L, 30L, 5L, "5.0x", 0.01], efficiency);
        Assert.Equal(["DIFFERENTIAL", "high"], await AdviceAsync());

        await database.Control.ExecuteAsync("UPDATE pgtrickle.stream_table_state SET effective_refresh_mode = 'DIFFERENTIAL'");
        Assert.Equal(["KEEP", "high"], await AdviceAsync());

        await database.Control.ExecuteAsync("DELETE FROM pgtrickle.pgt_refresh_history");
        await RecordAsync("DIFFERENTIAL", 12, 300, 900);
        await RecordAsync("FULL", 2, 100, 0);
        Assert.Equal(["FULL", "medium"], await AdviceAsync());

        await database.Control.ExecuteAsync("UPDATE pgtrickle.stream_table_state SET effective_refresh_mode = 'FULL', downgrade_reason = 'a volatile function'");
        Assert.Equal(["KEEP", "medium"], await AdviceAsync());
        Assert.Equal(["AUTO", "FULL", "a volatile function"], (await database.QueryAsync("SELECT * FROM pgtrickle.explain_refresh_mode('by_region')")).Rows[0]);

        async Task<IReadOnlyList<object?>> AdviceAsync() =>
            (await database.QueryAsync("SELECT recommended_mode, confidence FROM pgtrickle.recommend_refresh_mode('by_region')")).Rows[0];

        Task RecordAsync(string action, int times, int milliseconds, int rows) => database.Control.ExecuteAsync(
            """
            INSERT INTO pgtrickle.pgt_refresh_history (pgt_id, start_time, end_time, action, status, initiated_by, delta_rows)
            SELECT s.pgt_id, t, t + $3 * interval '1 millisecond', $1, 'COMPLETED', 'SCHEDULER', $4
            FROM pgtrickle.stream_tables s, generate_series(1, $2), (SELECT now() - interval '1 hour') AS time(t) WHERE pgt_name = 'by_region'
            """, action, times, milliseconds, rows);
    }

    [Theory, PostgresVersions]
    public async Task A_quiet_source_is_not_stale_and_a_change_that_waits_too_long_is(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Create);
        await database.Control.ExecuteAsync("""
            INSERT INTO pgtrickle.captures (source_relid, kind, column_numbers, column_names, fingerprint) VALUES ('public.orders'::regclass, 'statement', '{2,3}', '{region,amount}', '');
            INSERT INTO pgtrickle.plans (pgt_id, plan_version, definition_version, compiler_version, mode, source_relids, capture_ids, setup_statements, fill_statements, full_statements, fingerprint)
            SELECT s.pgt_id, 1, 1, 1, 'DIFFERENTIAL', ARRAY[c.source_relid], ARRAY[c.capture_id], '{}', '{}', '{}', '' FROM pgtrickle.stream_tables s, pgtrickle.captures c WHERE pgt_name = 'by_region';
            UPDATE pgtrickle.stream_table_state SET plan_version = 1, is_populated = true, status = 'ACTIVE',
                last_refresh_at = now() - interval '1 day', frontier_snapshot = pg_current_snapshot()
            """);
        const string stale = "SELECT stale FROM pgtrickle.stream_tables_info WHERE pgt_name = 'by_region'";
        Assert.False(await database.ScalarAsync<bool>(stale));
        Assert.True(await database.ScalarAsync<bool>("SELECT staleness > interval '23 hours' FROM pgtrickle.stream_tables_info WHERE pgt_name = 'by_region'"));

        await database.Control.ExecuteAsync("INSERT INTO pgtrickle_changes.log (capture_id) SELECT capture_id FROM pgtrickle.captures");
        Assert.False(await database.ScalarAsync<bool>(stale));
        await database.Control.ExecuteAsync("UPDATE pgtrickle_changes.log SET logged_at = now() - interval '12 seconds'");
        Assert.True(await database.ScalarAsync<bool>(stale));
        await database.ExecuteAsync("SELECT pgtrickle.alter_stream_table('by_region', tier => 'warm')");
        Assert.False(await database.ScalarAsync<bool>(stale));
        await database.ExecuteAsync("SELECT pgtrickle.alter_stream_table('by_region', tier => 'hot')");
        await database.Control.ExecuteAsync("UPDATE pgtrickle.stream_table_state SET frontier_snapshot = pg_current_snapshot()");
        Assert.False(await database.ScalarAsync<bool>(stale));
    }
}
