using Npgsql;
using PgTrickle.Postgres.Ports;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Refresh;

/// <summary>One node, one refresh at a time: what is done, recorded and left alone.</summary>
public sealed class RefreshTests
{
    private const string Source = "CREATE TABLE src (id int PRIMARY KEY, a int); INSERT INTO src SELECT n, n FROM generate_series(1, 100) AS n;";

    [Theory, PostgresVersions]
    public async Task Without_changes_nothing_is_written(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, a FROM src");
        var before = await harness.StateAsync<string>("st", "xmin::text || ctid::text || data_timestamp || total_refreshes");
        var outcome = await harness.RefreshAsync("st");
        Assert.Equal(RefreshAction.NoData, outcome.Action);
        Assert.False(outcome.Advanced);
        Assert.Equal(before, await harness.StateAsync<string>("st", "xmin::text || ctid::text || data_timestamp || total_refreshes"));
        await harness.Node.RefreshPausedAsync(
            _ => Task.CompletedTask,
            async connection => Assert.Null(await connection.ScalarAsync<string>("SELECT pg_current_xact_id_if_assigned()::text")),
            [harness.Id("st")]);
    }

    [Theory, PostgresVersions]
    public async Task A_refresh_records_what_it_did_in_its_own_transaction(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, a FROM src WHERE a > 50");
        Assert.Equal("INITIAL", await harness.HistoryAsync<string>("st", "initiated_by"));
        await harness.ExecuteAsync("UPDATE src SET a = 0 WHERE id = 60; INSERT INTO src VALUES (101, 101), (102, 0); DELETE FROM src WHERE id = 70");
        var outcome = await harness.RefreshAsync("st");
        Assert.Equal(new MemberOutcome(harness.Id("st"), RefreshAction.Differential, 1, 2, 5), outcome);
        Assert.Equal("MANUAL DIFFERENTIAL COMPLETED 1 2 5 test", await harness.HistoryAsync<string>(
            "st", "concat_ws(' ', initiated_by, action, status, rows_inserted, rows_deleted, delta_rows, node_name)"));
        Assert.Equal("ACTIVE", await harness.StateAsync<string>("st", "status"));
        await harness.CompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task A_failing_query_leaves_everything_as_it_was_and_recovers_when_the_data_is_mended(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, 100 / a AS q FROM src");
        await harness.CreateAsync("sibling", "SELECT id, a FROM src");
        await harness.ExecuteAsync("UPDATE src SET a = 2 WHERE id = 2; INSERT INTO src VALUES (200, 0)");
        var before = await harness.StateAsync<string>("st", "xmin::text || frontier_epoch");
        var failure = await Assert.ThrowsAsync<RefreshFailedException>(() => harness.RefreshAsync("st"));
        Assert.Equal((FailureKind.Query, PostgresErrorCodes.DivisionByZero), (failure.Kind, failure.SqlState));
        Assert.Equal(before, await harness.StateAsync<string>("st", "xmin::text || frontier_epoch"));
        Assert.Equal(100, await harness.Database.ScalarAsync<long>("SELECT count(*) FROM st"));
        Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("sibling")).Action);
        await harness.CompareAsync("sibling");

        await harness.ExecuteAsync("UPDATE src SET a = 5 WHERE id = 200");
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task What_a_plan_raises_and_its_query_does_not_is_answered_by_evaluating_the_query(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source + "CREATE TABLE divisor (w int); INSERT INTO divisor VALUES (1);");
        const string Query = "SELECT id FROM src WHERE a >= ALL (SELECT 12 / w FROM divisor)";
        await harness.CreateAsync("st", Query);
        Assert.Equal("DIFFERENTIAL", await harness.StateAsync<string>("st", "effective_refresh_mode"));

        // Nobody asks for the quotients: there is no row to compare with them.
        await harness.ExecuteAsync("DELETE FROM src; INSERT INTO divisor VALUES (0)");
        await harness.RefreshAndCompareAsync();
        Assert.Equal("FULL", await harness.StateAsync<string>("st", "effective_refresh_mode"));
        Assert.Contains("22012", await harness.StateAsync<string>("st", "downgrade_reason"), StringComparison.Ordinal);
        await harness.CreateAsync("later", Query);
        await harness.CompareAsync("later");

        await harness.ExecuteAsync("INSERT INTO src VALUES (1, 12)");
        var failure = await Assert.ThrowsAsync<RefreshFailedException>(() => harness.RefreshAsync("st"));
        Assert.Equal((FailureKind.Query, PostgresErrorCodes.DivisionByZero), (failure.Kind, failure.SqlState));
        await harness.ExecuteAsync("DELETE FROM divisor WHERE w = 0; INSERT INTO src VALUES (2, 11)");
        await harness.RefreshAndCompareAsync();
        Assert.Equal(1, await harness.Database.ScalarAsync<long>("SELECT count(*) FROM st"));
        Assert.Equal("FULL", await harness.StateAsync<string>("st", "effective_refresh_mode"));
    }

    [Theory, PostgresVersions]
    public async Task A_differential_plan_has_another_try_after_a_while_or_when_errors_are_cleared(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source + "CREATE TABLE divisor (w int); INSERT INTO divisor VALUES (0);");
        async Task<string?> ModeAfterRefreshAsync(string change)
        {
            await harness.ExecuteAsync(change);
            await harness.RefreshAndCompareAsync();
            return await harness.StateAsync<string>("st", "effective_refresh_mode");
        }

        const string ClearErrors = "SELECT pgtrickle.alter_stream_table('st', status => 'ACTIVE');", AnHourAgo = "UPDATE pgtrickle.plans SET created_at = created_at - interval '61 minutes'";
        await harness.ExecuteAsync("DELETE FROM src");
        await harness.CreateAsync("st", "SELECT id FROM src WHERE a >= ALL (SELECT 12 / w FROM divisor)");
        Assert.Equal("FULL", await harness.StateAsync<string>("st", "effective_refresh_mode"));
        Assert.Equal("FULL", await ModeAfterRefreshAsync(ClearErrors + "INSERT INTO divisor VALUES (1)"));
        Assert.Equal("DIFFERENTIAL", await ModeAfterRefreshAsync(ClearErrors + "DELETE FROM divisor WHERE w = 0"));
        Assert.Equal("FULL", await ModeAfterRefreshAsync("INSERT INTO divisor VALUES (0)"));

        await harness.Database.Control.ExecuteAsync(AnHourAgo);
        Assert.Equal("FULL", await ModeAfterRefreshAsync("INSERT INTO divisor VALUES (2)"));
        Assert.Equal("FULL", await ModeAfterRefreshAsync("DELETE FROM divisor WHERE w = 0"));
        await harness.Database.Control.ExecuteAsync(AnHourAgo);
        Assert.Equal(RefreshAction.NoData, (await harness.RefreshAsync("st")).Action);
        Assert.Equal("DIFFERENTIAL", await ModeAfterRefreshAsync("INSERT INTO src VALUES (1, 12), (2, 11)"));
        Assert.Equal("DIFFERENTIAL", await ModeAfterRefreshAsync("INSERT INTO src VALUES (3, 13)"));
        Assert.Equal("DIFFERENTIAL", await harness.HistoryAsync<string>("st", "action"));
    }

    [Theory, PostgresVersions]
    public async Task In_a_group_a_query_is_judged_over_what_the_members_before_it_wrote(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source + "CREATE TABLE divisor (w int); INSERT INTO divisor VALUES (1);");
        await harness.CreateAsync("path", "SELECT id, a FROM src");
        await harness.CreateAsync("meeting", "SELECT id FROM path WHERE a >= ALL (SELECT 12 / w FROM divisor)");
        await harness.CreateAsync("last", "SELECT count(*) AS n FROM meeting");
        await harness.ExecuteAsync("DELETE FROM src; INSERT INTO divisor VALUES (0)");
        await harness.RefreshAllAsync("path", "meeting", "last");
        await harness.CompareAsync();
        Assert.Equal("DIFFERENTIAL FULL DIFFERENTIAL", await harness.Database.Control.ScalarAsync<string>(
            "SELECT string_agg(effective_refresh_mode, ' ' ORDER BY pgt_id) FROM pgtrickle.stream_table_state"));
        await harness.ExecuteAsync("INSERT INTO src VALUES (1, 12)");
        var failure = await Assert.ThrowsAsync<RefreshFailedException>(() => harness.RefreshAllAsync("path", "meeting", "last"));
        Assert.Equal((harness.Id("meeting"), PostgresErrorCodes.DivisionByZero), (failure.PgtId, failure.SqlState));
        await harness.ExecuteAsync("DELETE FROM divisor WHERE w = 0");
        await harness.RefreshAllAsync("path", "meeting", "last");
        await harness.CompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task What_the_query_raises_is_the_users_whatever_its_columns_are_called(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, 100 / a AS share, a AS q FROM src");
        await harness.ExecuteAsync("INSERT INTO src VALUES (200, 0)");
        var failure = await Assert.ThrowsAsync<RefreshFailedException>(() => harness.RefreshAsync("st"));
        Assert.Equal((FailureKind.Query, PostgresErrorCodes.DivisionByZero), (failure.Kind, failure.SqlState));
        Assert.Equal("DIFFERENTIAL", await harness.StateAsync<string>("st", "effective_refresh_mode"));
    }

    [Theory, PostgresVersions]
    public async Task What_a_downgrade_is_for_quotes_no_data(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source + "CREATE TABLE secrets (w text); INSERT INTO secrets VALUES ('4711x'); DELETE FROM src;");
        await harness.CreateAsync("st", "SELECT id FROM src WHERE a >= ALL (SELECT w::int FROM secrets)");
        Assert.Contains("22P02", await harness.StateAsync<string>("st", "downgrade_reason"), StringComparison.Ordinal);
        Assert.Equal(0, await harness.Database.Control.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.stream_table_state s JOIN pgtrickle.plans p USING (pgt_id) WHERE concat(s, p) LIKE '%4711%'"));
    }

    [Theory, PostgresVersions]
    public async Task A_refresh_whose_session_could_not_be_cleaned_afterwards_has_succeeded(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, a FROM src");
        await harness.Database.Database.Superuser.ExecuteAsync("CREATE OR REPLACE FUNCTION pgtrickle.clean_session() RETURNS void LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION USING ERRCODE = ''22012''; END'");
        for (var round = 1; round <= 2; round++)
        {
            await harness.ExecuteAsync($"UPDATE src SET a = 0 WHERE id = {round}");
            Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("st")).Action);
            await harness.CompareAsync();
        }
    }

    [Theory, PostgresVersions]
    public async Task Errors_of_users_functions_that_look_like_ours_are_their_own(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source + """
            CREATE FUNCTION deceive(state text, more text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION USING ERRCODE = state, DETAIL = more; END';
            CREATE TABLE lies (state text, more text);
            """);
        await harness.CreateAsync("other", "SELECT id FROM src");
        await harness.CreateAsync("st", "SELECT deceive(state, more) AS q FROM lies");
        foreach (var (state, more) in new[] { ("PT001", "no number"), ("PT001", $"{harness.Id("other")} 1 1 MERGE"), ("22012", $"{harness.Id("other")} apples") })
        {
            await harness.ExecuteAsync($"TRUNCATE lies; INSERT INTO lies VALUES ('{state}', '{more}')");
            var failure = await Assert.ThrowsAsync<RefreshFailedException>(() => harness.RefreshAsync("st"));
            Assert.Equal((harness.Id("st"), state, more), (failure.PgtId, failure.SqlState, failure.Detail));
        }

        Assert.Equal("DIFFERENTIAL", await harness.StateAsync<string>("other", "effective_refresh_mode"));
    }

    [Theory, PostgresVersions]
    public async Task A_scalar_subquery_with_two_rows_fails_as_the_query_does_and_recovers(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, (SELECT s.id FROM src s WHERE s.a = src.id) AS partner FROM src");
        await harness.ExecuteAsync("INSERT INTO src VALUES (500, 7)");
        var failure = await Assert.ThrowsAsync<RefreshFailedException>(() => harness.RefreshAsync("st"));
        Assert.Equal((FailureKind.Query, PostgresErrorCodes.CardinalityViolation), (failure.Kind, failure.SqlState));
        await harness.ExecuteAsync("UPDATE src SET a = 500 WHERE id = 500");
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task Values_swapped_under_a_users_unique_index_are_applied_by_delete_and_insert(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, a FROM src");
        await harness.ExecuteAsync("CREATE UNIQUE INDEX mine ON st (a)");
        await harness.ExecuteAsync("UPDATE src SET a = CASE id WHEN 1 THEN 2 ELSE 1 END WHERE id IN (1, 2)");
        Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("st")).Action);
        await harness.CompareAsync();
        await harness.ExecuteAsync("INSERT INTO src VALUES (300, 5)");
        var failure = await Assert.ThrowsAsync<RefreshFailedException>(() => harness.RefreshAsync("st"));
        Assert.Equal((FailureKind.Query, PostgresErrorCodes.UniqueViolation), (failure.Kind, failure.SqlState));
    }

    [Theory, PostgresVersions]
    public async Task A_full_upstream_gives_a_differential_downstream(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("bronze", "SELECT id, a % 10 AS a FROM src", "FULL");
        await harness.CreateAsync("silver", "SELECT a, count(*) AS n FROM bronze GROUP BY a", "DIFFERENTIAL");
        await harness.CreateAsync("gold", "SELECT max(n) AS top, sum(n) AS total FROM silver", "FULL");
        await harness.CreateAsync("top", "SELECT total FROM gold WHERE total > 0", "DIFFERENTIAL");
        await harness.ExecuteAsync("UPDATE src SET a = 0 WHERE id = 3; DELETE FROM src WHERE id = 4; INSERT INTO src VALUES (1000, 5)");
        Assert.Equal(RefreshAction.Full, (await harness.RefreshAsync("bronze")).Action);
        var silver = await harness.RefreshAsync("silver");
        Assert.Equal(RefreshAction.Differential, silver.Action);
        Assert.Equal(4, silver.DeltaRows);
        Assert.Equal(RefreshAction.Full, (await harness.RefreshAsync("gold")).Action);
        await harness.RefreshAsync("top");
        await harness.CompareAsync();
        foreach (var name in (string[])["bronze", "silver", "gold", "top"])
        {
            Assert.Equal(RefreshAction.NoData, (await harness.RefreshAsync(name)).Action);
        }
    }

    [Theory, PostgresVersions]
    public async Task A_group_is_refreshed_in_one_transaction_and_each_reads_what_the_one_before_wrote(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("left_path", "SELECT id, a FROM src WHERE a % 2 = 0");
        await harness.CreateAsync("right_path", "SELECT a, count(*) AS n FROM src GROUP BY a");
        await harness.CreateAsync("meeting", "SELECT l.id, r.n FROM left_path l JOIN right_path r ON r.a = l.a");
        for (var round = 0; round < 4; round++)
        {
            await harness.ExecuteAsync($"UPDATE src SET a = (a * 7 + {round}) % 20 WHERE id % 3 = {round % 3}; DELETE FROM src WHERE id = {round + 1}; INSERT INTO src VALUES ({2000 + round}, {round})");
            var outcome = await harness.RefreshAllAsync("left_path", "right_path", "meeting");
            Assert.Equal(["left_path", "right_path", "meeting"], outcome.Members.Select(member => new[] { "left_path", "right_path", "meeting" }.Single(name => harness.Id(name) == member.PgtId)));
            Assert.Equal(RefreshAction.Differential, outcome.Members[2].Action);
            await harness.CompareAsync();
            Assert.Equal(1, await harness.Database.Control.ScalarAsync<long>("SELECT count(DISTINCT opened_xid) FROM pgtrickle.stream_table_state"));
        }

        // One that was refreshed alone in between does not disturb the others.
        await harness.ExecuteAsync("UPDATE src SET a = 4 WHERE id BETWEEN 10 AND 20");
        await harness.RefreshAsync("left_path");
        await harness.ExecuteAsync("UPDATE src SET a = 6 WHERE id BETWEEN 15 AND 25");
        await harness.RefreshAllAsync("left_path", "right_path", "meeting");
        await harness.CompareAsync();
        Assert.All((await harness.RefreshAllAsync("left_path", "right_path", "meeting")).Members, member => Assert.Equal(RefreshAction.NoData, member.Action));
    }

    [Theory, PostgresVersions]
    public async Task A_stream_table_made_without_its_first_contents_is_filled_by_its_first_refresh(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        var upstream = await harness.DefineAsync("upstream", "SELECT id, a FROM src");
        var downstream = await harness.DefineAsync("downstream", "SELECT a FROM upstream");
        var failure = await Assert.ThrowsAsync<RefreshFailedException>(() => harness.Engine.InitializeAsync(downstream, true, CancellationToken.None));
        Assert.Equal(FailureKind.Transient, failure.Kind);
        await harness.Engine.InitializeAsync(upstream, false, CancellationToken.None);
        Assert.False(await harness.StateAsync<bool>("upstream", "is_populated"));
        await harness.RefreshAndCompareAsync();
        Assert.True(await harness.StateAsync<bool>("downstream", "is_populated"));
    }

    [Theory, PostgresVersions]
    public async Task A_frontier_of_another_past_is_reinitialised(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, a FROM src");
        await harness.ExecuteAsync("UPDATE src SET a = -1 WHERE id = 1");
        // As after a restore elsewhere: snapshots and change rows with xids that this server has not reached.
        await harness.Database.Control.ExecuteAsync($"""
            UPDATE pgtrickle.stream_table_state SET frontier_snapshot = '9000000000:9000000000:';
            UPDATE pgtrickle_changes.b_{await harness.CaptureAsync("st")} SET __pgt_xid = '9000000001'
            """);
        Assert.Equal(RefreshAction.Reinitialize, (await harness.RefreshAsync("st")).Action);
        await harness.CompareAsync();
        Assert.Equal(RefreshAction.NoData, (await harness.RefreshAsync("st")).Action);
        await harness.Database.Control.ExecuteAsync("UPDATE pgtrickle.stream_table_state SET frontier_system = 1");
        Assert.Equal(RefreshAction.Reinitialize, (await harness.RefreshAsync("st")).Action);
        await harness.ExecuteAsync("UPDATE src SET a = -2 WHERE id = 1");
        Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("st")).Action);
        await harness.CompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task A_users_trigger_on_a_stream_table_may_write_to_its_source(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source + "CREATE TABLE audit (id int, a int);");
        await harness.CreateAsync("st", "SELECT id, a FROM src");
        await harness.CreateAsync("audited", "SELECT s.id, u.a FROM src s JOIN audit u ON u.id = s.id");
        await harness.ExecuteAsync("""
            CREATE FUNCTION echo() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO public.audit VALUES (NEW.id, NEW.a);
                IF NEW.id < 1000 THEN INSERT INTO public.src VALUES (NEW.id + 1000, NEW.a) ON CONFLICT (id) DO UPDATE SET a = excluded.a; END IF;
                RETURN NULL;
            END $$;
            CREATE TRIGGER echo AFTER INSERT OR UPDATE ON st FOR EACH ROW EXECUTE FUNCTION echo();
            """);
        for (var round = 0; round < 3; round++)
        {
            await harness.ExecuteAsync($"UPDATE src SET a = a + {round + 1} WHERE id < 5");
            await harness.RefreshAsync("st");
            await harness.RefreshAsync("st");
            Assert.Equal(RefreshAction.NoData, (await harness.RefreshAsync("st")).Action);
            await harness.CompareAsync("st");
            await harness.RefreshAllAsync("st", "audited");
            await harness.CompareAsync();
        }
    }

    [Theory, PostgresVersions]
    public async Task A_deferred_trigger_that_writes_at_commit_is_seen_by_the_next_refresh(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, a FROM src");
        await harness.ExecuteAsync("""
            CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
            BEGIN
                IF NEW.id < 1000 THEN UPDATE public.src SET a = NEW.a + 1 WHERE id = 50; END IF;
                RETURN NULL;
            END $$;
            CREATE CONSTRAINT TRIGGER late AFTER INSERT ON st DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late();
            """);
        await harness.ExecuteAsync("INSERT INTO src VALUES (500, 500)");
        await harness.RefreshAsync("st");
        Assert.NotEqual(RefreshAction.NoData, (await harness.RefreshAsync("st")).Action);
        await harness.CompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task Large_deltas_give_way_to_the_whole_query_only_where_that_was_measured_to_be_cheaper(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, "CREATE TABLE src (id int PRIMARY KEY, a int); INSERT INTO src SELECT n, n FROM generate_series(1, 2000) AS n; ANALYZE src", measures: true);
        await harness.CreateAsync("st", "SELECT a % 10 AS k, count(*) AS n FROM src GROUP BY a % 10");
        async Task<RefreshAction> ChangeAllAsync()
        {
            await harness.ExecuteAsync("UPDATE src SET a = a + 1");
            var outcome = await harness.RefreshAsync("st");
            await harness.CompareAsync();
            return outcome.Action;
        }

        // Nothing is known of deltas yet.
        Assert.Equal(RefreshAction.Differential, await ChangeAllAsync());
        await harness.Database.Control.ExecuteAsync("UPDATE pgtrickle.pgt_refresh_history SET end_time = start_time + CASE action WHEN 'FULL' THEN interval '10 s' ELSE interval '1 s' END");
        Assert.Equal(RefreshAction.Differential, await ChangeAllAsync());
        await harness.Database.Control.ExecuteAsync("UPDATE pgtrickle.pgt_refresh_history SET end_time = start_time + CASE action WHEN 'FULL' THEN interval '1 s' ELSE interval '10 s' END");
        Assert.Equal(RefreshAction.Full, await ChangeAllAsync());
        Assert.True(await harness.HistoryAsync<bool>("st", "was_full_fallback"));
        Assert.Contains("4000 change rows", await harness.HistoryAsync<string>("st", "fallback_reason"), StringComparison.Ordinal);

        // Nor are they where that is not wanted.
        await harness.Database.Control.ExecuteAsync("INSERT INTO pgtrickle.settings (name, value) VALUES ('differential_max_change_ratio', '0')");
        Assert.Equal(RefreshAction.Differential, await ChangeAllAsync());

        // Of so few nothing is known.
        await harness.ExecuteAsync("UPDATE src SET a = a + 1 WHERE id <= 100");
        Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("st")).Action);
    }

    [Theory, PostgresVersions]
    public async Task Small_deltas_that_were_slower_give_way_too_and_are_tried_again_ever_more_rarely(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, "CREATE TABLE src (id int PRIMARY KEY, a int); INSERT INTO src SELECT n, n FROM generate_series(1, 2000) AS n; ANALYZE src", measures: true);
        var id = await harness.CreateAsync("st", "SELECT a % 10 AS k, count(*) AS n FROM src GROUP BY a % 10");
        async Task<RefreshAction> ChangeSomeAsync()
        {
            await harness.Database.Control.ExecuteAsync("UPDATE pgtrickle.pgt_refresh_history SET end_time = start_time + CASE action WHEN 'FULL' THEN interval '1 s' ELSE interval '2 s' END");
            await harness.Database.Control.ExecuteAsync("UPDATE pgtrickle.stream_table_state SET last_refresh_ms = 1000 WHERE pgt_id = $1", id);
            await harness.ExecuteAsync("UPDATE src SET a = a + 1 WHERE id <= 10");
            return (await harness.RefreshAsync("st")).Action;
        }

        foreach (var evaluations in (int[])[2, 4, 8])
        {
            Assert.Equal(RefreshAction.Differential, await ChangeSomeAsync());
            for (var i = 0; i < evaluations; i++)
            {
                Assert.Equal(RefreshAction.Full, await ChangeSomeAsync());
            }
        }

        Assert.Equal(RefreshAction.Differential, await ChangeSomeAsync());
        await harness.CompareAsync();
        Assert.True(await harness.Database.Control.ScalarAsync<bool>(
            "SELECT last_full_refresh = (SELECT max(h.refresh_id) FROM pgtrickle.pgt_refresh_history h WHERE h.action = 'FULL') FROM pgtrickle.stream_table_state"));
    }
}
