using Npgsql;
using PgTrickle.Postgres.Ports;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Refresh;

/// <summary>Refreshes have their owner's rights, no more and no longer; users' code in them gains nothing and leaves nothing behind.</summary>
public sealed class RightsTests
{
    private const string Source = "CREATE TABLE src (id int PRIMARY KEY, a int); INSERT INTO src SELECT n, n FROM generate_series(1, 10) AS n;";

    [Theory, PostgresVersions]
    public async Task A_role_that_loses_select_gets_no_more_refreshes_until_it_has_it_again(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        var reader = await harness.Database.CreateRoleAsync("reader");
        await harness.ExecuteAsync($"GRANT SELECT, TRIGGER ON src TO {reader}");
        await harness.CreateAsync("st", "SELECT id, a FROM src", owner: harness.Database.As(reader));
        await harness.ExecuteAsync($"UPDATE src SET a = 0 WHERE id = 1; REVOKE SELECT ON src FROM {reader}");
        var failure = await Assert.ThrowsAsync<RefreshFailedException>(() => harness.RefreshAsync("st"));
        Assert.Equal((FailureKind.MissingRights, PostgresErrorCodes.InsufficientPrivilege), (failure.Kind, failure.SqlState));
        Assert.Equal(1, await harness.Database.Database.Superuser.ScalarAsync<int>("SELECT a FROM st WHERE id = 1"));
        await harness.ExecuteAsync($"GRANT SELECT ON src TO {reader}");
        Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("st")).Action);
        await harness.CompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task A_key_that_the_owner_may_not_read_is_not_used(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source + "CREATE TABLE tags (tag int PRIMARY KEY, src_id int); INSERT INTO tags VALUES (10, 1), (20, 2);");
        var reader = await harness.Database.CreateRoleAsync("reader");
        await harness.ExecuteAsync($"GRANT SELECT, TRIGGER ON src TO {reader}; GRANT SELECT (src_id), TRIGGER ON tags TO {reader}");
        await harness.CreateAsync("st", "SELECT count(*) AS n FROM src WHERE EXISTS (SELECT FROM tags WHERE tags.src_id = src.id)", owner: harness.Database.As(reader));
        await harness.ExecuteAsync("INSERT INTO tags VALUES (30, 1), (40, 3); DELETE FROM tags WHERE tag = 20");
        await harness.RefreshAndCompareAsync();
        Assert.Equal("DIFFERENTIAL", await harness.StateAsync<string>("st", "effective_refresh_mode"));
    }

    [Theory, PostgresVersions]
    public async Task Table_and_function_of_different_owners_are_not_refreshed(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, a FROM src");
        await harness.ExecuteAsync("UPDATE src SET a = 0 WHERE id = 1");
        var other = await harness.Database.CreateRoleAsync("other");
        await harness.Database.Database.Superuser.ExecuteAsync($"ALTER TABLE st OWNER TO {other}");
        var failure = await Assert.ThrowsAsync<RefreshFailedException>(() => harness.RefreshAsync("st"));
        Assert.Equal(FailureKind.MissingRights, failure.Kind);
        Assert.NotNull(failure.Hint);
        await harness.Database.Database.Superuser.ExecuteAsync($"ALTER TABLE st OWNER TO {harness.Database.UserRole}");
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task Reassigned_to_a_role_that_may_read_the_sources_it_goes_on(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        var leaver = await harness.Database.CreateRoleAsync("leaver");
        await harness.ExecuteAsync($"GRANT SELECT, TRIGGER ON src TO {leaver}");
        await harness.CreateAsync("st", "SELECT id, a FROM src", owner: harness.Database.As(leaver));
        await harness.Database.Database.Superuser.ExecuteAsync($"REASSIGN OWNED BY {leaver} TO {harness.Database.UserRole}");
        await harness.ExecuteAsync("UPDATE src SET a = 0 WHERE id = 1");
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task Nobody_refreshes_without_a_nodes_token(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, a FROM src");
        await harness.ExecuteAsync("UPDATE src SET a = 0");
        await using var worker = await harness.Database.Worker.OpenConnectionAsync();
        await worker.ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ");
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => worker.ExecuteAsync(
            "SELECT pgtrickle.refresh_open($1, $2, $3, 'AUTO')", new[] { harness.Id("st") }, harness.Node.Identity.NodeId, new byte[16]));
        Assert.Equal("28000", refusal.SqlState);
        foreach (var role in (NpgsqlDataSource[])[harness.Database.User, harness.Database.Worker])
        {
            var run = await harness.Database.Control.ScalarAsync<string>("SELECT run_name FROM pgtrickle.stream_tables");
            if (role == harness.Database.Worker)
            {
                // Harmless: without an open refresh the function has nothing to run.
                await role.ExecuteAsync($"SELECT pgtrickle_run.{run}()");
            }

            refusal = await Assert.ThrowsAsync<PostgresException>(() => role.ExecuteAsync("SELECT pgtrickle._probe(1, 'AUTO')"));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
        }

        Assert.Equal(10, await harness.Database.ScalarAsync<long>("SELECT count(*) FROM st WHERE a > 0"));
    }

    [Theory, PostgresVersions]
    public async Task What_the_owners_function_calls_during_preparation_is_of_no_use_at_any_other_time(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        var id = await harness.CreateAsync("st", "SELECT id, a FROM src");
        await harness.ExecuteAsync("CREATE VIEW shape AS SELECT 1 AS planted");
        foreach (var sql in (string[])
            [$"SELECT pgtrickle._make_buffer({await harness.CaptureAsync("st")}, 'shape')", $"SELECT pgtrickle._take_analysis({id}, 'shape')"])
        {
            var refusal = await Assert.ThrowsAsync<PostgresException>(() => harness.ExecuteAsync(sql));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
        }

        Assert.Equal("0 0", await harness.PlannedAsync(id));
    }

    [Theory]
    [PostgresVersions("PERFORM set_config('search_path', 'public', false)")]
    [PostgresVersions("PERFORM pg_advisory_lock(42)")]
    [PostgresVersions("EXECUTE 'DECLARE held CURSOR WITH HOLD FOR SELECT 1'")]
    [PostgresVersions("EXECUTE 'PREPARE planted AS SELECT 1'")]
    [PostgresVersions("EXECUTE 'LISTEN planted'")]
    [PostgresVersions("PERFORM set_config('application_name', 'somebody else', false)")]
    public async Task What_a_function_in_the_query_leaves_in_the_session_is_gone_afterwards(PostgresVersion version, string deed)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source + $"""
            CREATE FUNCTION hidden(x int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF x % 10 = 1 THEN {deed}; END IF; RETURN x; END $$;
            """);
        await harness.Database.Control.ExecuteAsync("INSERT INTO pgtrickle.settings (name, value) VALUES ('volatile_function_policy', 'allow')");
        await harness.CreateAsync("st", "SELECT id, public.hidden(a) AS a FROM src", "FULL");
        await harness.ExecuteAsync("UPDATE src SET a = a + 1");
        await harness.RefreshAsync("st");
        var left = await harness.Node.Worker.ScalarAsync<string>("""
            SELECT concat_ws(' ', current_setting('search_path'), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
                (SELECT count(*) FROM pg_cursors WHERE is_holdable), (SELECT count(*) FROM pg_prepared_statements WHERE name = 'planted'),
                (SELECT count(*) FROM pg_listening_channels()), current_setting('application_name') LIKE 'pgtrickle/%')
            """);
        Assert.Equal("pg_catalog,pg_temp 0 0 0 0 t", left);
    }

    [Theory, PostgresVersions]
    public async Task A_function_in_the_query_that_asks_for_the_plan_itself_makes_the_refresh_fail(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source + """
            CREATE FUNCTION greedy(x int) RETURNS int LANGUAGE plpgsql AS $$
            BEGIN PERFORM pgtrickle.refresh_plan(s.pgt_id, 1, '{1}') FROM pgtrickle.stream_tables s; RETURN x; END $$;
            """);
        await harness.Database.Control.ExecuteAsync("INSERT INTO pgtrickle.settings (name, value) VALUES ('volatile_function_policy', 'allow')");
        var id = await harness.DefineAsync("st", "SELECT id, public.greedy(a) AS a FROM src", "FULL");
        var failure = await Assert.ThrowsAsync<RefreshFailedException>(() => harness.Engine.InitializeAsync(id, true, CancellationToken.None));
        Assert.Equal("55000", failure.SqlState);
        Assert.Equal(0, await harness.Database.ScalarAsync<long>("SELECT count(*) FROM st"));
    }

    [Theory, PostgresVersions]
    public async Task A_function_that_is_replaced_reinitialises(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source + "CREATE FUNCTION f(x int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT x';");
        await harness.CreateAsync("st", "SELECT id, public.f(a) AS a FROM src");
        await harness.ExecuteAsync("CREATE OR REPLACE FUNCTION f(x int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT -x'");
        Assert.Equal(RefreshAction.Reinitialize, (await harness.RefreshAsync("st")).Action);
        await harness.CompareAsync();
    }
}
