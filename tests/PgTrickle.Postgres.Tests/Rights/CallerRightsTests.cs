using Npgsql;
using PgTrickle.Postgres.Tests.Lifecycle;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Rights;

/// <summary>What roles may do to each other's tables, and to the catalog, through the functions and around them.</summary>
public sealed class CallerRightsTests
{
    private const string Sources = """
        CREATE TABLE plain (id int PRIMARY KEY, shown int, hidden int);
        CREATE TABLE parted (id int, day date) PARTITION BY RANGE (day);
        CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        CREATE VIEW seen AS SELECT id, shown FROM plain;
        """;

    [Theory, PostgresVersions]
    public async Task Creating_over_anothers_table_needs_select_on_the_columns_used_and_trigger(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Sources);
        var other = await database.CreateRoleAsync("other");
        var others = database.As(other);
        const string create = "SELECT pgtrickle.create_stream_table('s', 'SELECT id, shown FROM plain')";

        await Refusal.PlainAsync(others, "42501", create);
        await database.ExecuteAsync($"GRANT SELECT (id, shown) ON plain TO {other}");
        await Refusal.PlainAsync(others, "42501", "SELECT pgtrickle.create_stream_table('s', 'SELECT hidden FROM plain')");
        var refusal = await Refusal.OfAsync(others, "42501", create);
        Assert.Contains($"GRANT TRIGGER ON public.plain TO {other}", refusal.Hint, StringComparison.Ordinal);
        await database.ExecuteAsync($"GRANT TRIGGER ON plain TO {other}");
        await others.ExecuteAsync(create);
        await others.ExecuteAsync("SELECT pgtrickle.create_stream_table('counted', 'SELECT count(*) AS n FROM plain')");

        await database.ExecuteAsync($"GRANT SELECT, TRIGGER ON parted TO {other}");
        refusal = await Refusal.OfAsync(others, "42501", "SELECT pgtrickle.create_stream_table('p', 'SELECT id FROM parted')");
        Assert.Contains("parted_1", refusal.MessageText, StringComparison.Ordinal);
    }

    [Theory, PostgresVersions]
    public async Task A_view_does_not_lend_the_rights_of_its_owner(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Sources);
        var other = await database.CreateRoleAsync("other");
        await database.ExecuteAsync($"GRANT SELECT ON seen TO {other}; GRANT TRIGGER ON plain TO {other}");
        Assert.Equal(0, await database.As(other).ScalarAsync<long>("SELECT count(*) FROM seen"));
        var refusal = await Refusal.OfAsync(database.As(other), "42501", "SELECT pgtrickle.create_stream_table('s', 'SELECT shown FROM seen')");
        Assert.Contains("plain", refusal.MessageText, StringComparison.Ordinal);
    }

    [Theory, PostgresVersions]
    public async Task Row_security_that_applies_to_the_creator_is_refused(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Sources + "ALTER TABLE plain ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON plain USING (id = 1)");
        var other = await database.CreateRoleAsync("other");
        await database.ExecuteAsync($"GRANT SELECT, TRIGGER ON plain TO {other}");
        await Refusal.OfAsync(database.As(other), "42501", "SELECT pgtrickle.create_stream_table('s', 'SELECT id FROM plain')");
        await database.ExecuteAsync("SELECT pgtrickle.create_stream_table('s', 'SELECT id FROM plain')");
    }

    [Theory, PostgresVersions]
    public async Task Only_the_owner_and_members_of_its_role_may_change_a_stream_table(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Sources + "SELECT pgtrickle.create_stream_table('s', 'SELECT id FROM plain')");
        var other = await database.CreateRoleAsync("other");
        string[] calls =
        [
            "SELECT pgtrickle.alter_stream_table('s', tier => 'cold')", "SELECT pgtrickle.refresh_stream_table('s')",
            "SELECT pgtrickle.resume_stream_table('s')", "SELECT pgtrickle.drop_stream_table('s')",
        ];
        foreach (var call in calls)
        {
            await Refusal.OfAsync(database.As(other), "42501", call);
        }

        await database.Database.Server.WithRolesLockedAsync(() => database.Database.Superuser.ExecuteAsync($"GRANT {database.UserRole} TO {other}"));
        await database.As(other).ExecuteAsync(calls[0]);
        await database.As(other).ExecuteAsync(calls[3]);
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.pgt_stream_tables"));
    }

    [Theory, PostgresVersions]
    public async Task Commands_cannot_be_forged(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Sources + "SELECT pgtrickle.create_stream_table('s', 'SELECT id FROM plain')");
        var other = await database.CreateRoleAsync("other");
        var id = await database.ScalarAsync<long>("SELECT pgt_id FROM pgtrickle.pgt_stream_tables");
        var owned = await database.ScalarAsync<string>("SELECT jsonb_build_object('pgt_relid', pgt_relid::int8, 'run_name', run_name, 'options', '{}'::jsonb)::text FROM pgtrickle.stream_tables");
        string[] attempts =
        [
            $"INSERT INTO pgtrickle.commands (kind, args, role) VALUES ('drop', '{{\"pgt_id\": {id}}}', '{database.UserRole}')",
            $"INSERT INTO pgtrickle.commands (kind, args) VALUES ('drop', '{{\"pgt_id\": {id}}}')",
            $"INSERT INTO pgtrickle.commands (kind, args) VALUES ('alter', '{{\"pgt_id\": {id}, \"options\": {{\"tier\": \"cold\"}}}}')",
            $"INSERT INTO pgtrickle.commands (kind, args) VALUES ('create', '{owned}')",
            "INSERT INTO pgtrickle.commands (kind, args) SELECT 'create', " +
                $"jsonb_build_object('pgt_id', pgtrickle._reserve_id()) || '{owned}'::jsonb",
            "INSERT INTO pgtrickle.commands (kind, args) VALUES ('set', '{\"name\": \"enabled\", \"value\": \"false\"}')",
            "UPDATE pgtrickle.commands SET status = 'DONE'",
            "DELETE FROM pgtrickle.commands",
            "UPDATE pgtrickle.stream_tables SET owner_role = 10",
            "SELECT * FROM pgtrickle.secrets",
            "SELECT token_hash FROM pgtrickle.cluster_members",
            "SELECT last_error_message FROM pgtrickle.stream_table_state",
            "SELECT * FROM pgtrickle.refresh_errors",
            "SELECT pgtrickle._forget(1)",
            "SELECT pgtrickle._prune()",
            $"SELECT pgtrickle._record_failure({id}, 'PERMANENT', 'MANUAL', now(), '00000', 'x', NULL, NULL, false, NULL)",
            "CREATE TABLE pgtrickle.mine (x int)",
        ];
        foreach (var attempt in attempts)
        {
            await Refusal.PlainAsync(database.As(other), "42501", attempt);
        }

        // The worker's session is where hostile code might end up: it can do no more than anybody.
        foreach (var attempt in attempts)
        {
            await Refusal.PlainAsync(database.Worker, "42501", attempt);
        }

        // The function's name is what names of tables begin with that pgtrickle drops: one of another stream table, or one that stands for all, is none for a new one.
        await database.ExecuteAsync("CREATE TABLE forged (id int); CREATE FUNCTION pgtrickle_run.\"%\"(pg_snapshot, xid8[], timestamptz) RETURNS void LANGUAGE sql SECURITY DEFINER AS ''");
        foreach (var name in (string[])["%", (await database.ScalarAsync<string>("SELECT run_name FROM pgtrickle.stream_tables"))!])
        {
            await Refusal.OfAsync(database.User, "42501", $"""
                INSERT INTO pgtrickle.commands (kind, args) SELECT 'create', jsonb_build_object('pgt_id', pgtrickle._reserve_id(), 'pgt_relid', 'forged'::regclass::oid::int8,
                    'run_name', '{name}', 'options', '{owned}'::jsonb -> 'options')
                """);
        }

        Assert.Equal(0, await database.As(other).ScalarAsync<long>("SELECT count(*) FROM pgtrickle.commands"));
        Assert.Equal(1, await database.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.commands"));
    }

    [Theory, PostgresVersions]
    public async Task The_caller_within_a_definer_function_is_its_owner_not_the_session(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Sources + """
            CREATE FUNCTION make() RETURNS void LANGUAGE sql SECURITY DEFINER AS
                $$ SELECT pgtrickle.create_stream_table('public.s', 'SELECT id FROM public.plain') $$
            """);
        var other = await database.CreateRoleAsync("other");
        await database.As(other).ExecuteAsync("SELECT make()");
        Assert.Equal(database.UserRole, await database.ScalarAsync<string>("SELECT pg_get_userbyid(owner_role)::text FROM pgtrickle.stream_tables"));
    }

    [Theory, PostgresVersions]
    public async Task Owners_functions_are_for_the_worker_alone_and_every_function_of_the_schema_is_closed_unless_granted(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Sources + "SELECT pgtrickle.create_stream_table('s', 'SELECT id FROM plain')");
        var other = await database.CreateRoleAsync("other");
        var run = await database.ScalarAsync<string>("SELECT pgtrickle._run_function(run_name)::text FROM pgtrickle.stream_tables");
        await Refusal.PlainAsync(database.As(other), "42501", $"SELECT {run!.Split('(')[0]}()");
        Assert.True(await database.ScalarAsync<bool>($"SELECT has_function_privilege('pgtrickle_worker', '{run}', 'EXECUTE')"));

        // What definers allow to everybody is a list that a reviewer can read.
        var open = await database.QueryAsync("""
            SELECT proname::text FROM pg_proc p WHERE pronamespace = 'pgtrickle'::regnamespace AND prosecdef
                AND EXISTS (SELECT FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) WHERE grantee = 0)
            """);
        Assert.Subset(
            new HashSet<string>
            {
                "_reserve_id", "_is_stale", "_pending", "_wait_state", "cluster_nodes", "gateways", "worker_pool_status", "refresh_plan", "_make_buffer", "_take_analysis",
            },
            open.Column<string>().ToHashSet());
        var loose = await database.QueryAsync("""
            SELECT p.oid::regprocedure::text FROM pg_proc p WHERE pronamespace = 'pgtrickle'::regnamespace AND prosecdef
                AND NOT coalesce(proconfig::text LIKE '%search_path=%pg_temp%', false)
            """);
        Assert.Empty(loose.Rows);
    }

    [Theory, PostgresVersions]
    public async Task Stream_tables_follow_renamed_and_reassigned_owners(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Sources + "SELECT pgtrickle.create_stream_table('s', 'SELECT id FROM plain')");
        var heir = await database.CreateRoleAsync("heir");
        await Assert.ThrowsAsync<PostgresException>(() => database.Database.Superuser.ExecuteAsync($"DROP ROLE {database.UserRole}"));
        await database.Database.Superuser.ExecuteAsync($"REASSIGN OWNED BY {database.UserRole} TO {heir}");

        await Refusal.OfAsync(database.User, "42501", "SELECT pgtrickle.refresh_stream_table('s')");
        await database.As(heir).ExecuteAsync("SELECT pgtrickle.refresh_stream_table('s')");
        Assert.Equal(heir, await database.ScalarAsync<string>("SELECT pg_get_userbyid(proowner)::text FROM pg_proc WHERE proname = (SELECT run_name FROM pgtrickle.stream_tables)"));
        await database.As(heir).ExecuteAsync("ALTER TABLE s RENAME TO renamed; SELECT pgtrickle.drop_stream_table('renamed')");
    }

    [Theory, PostgresVersions]
    public async Task Messages_that_may_quote_data_are_shown_to_the_owner_only(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Sources + "SELECT pgtrickle.create_stream_table('s', 'SELECT id FROM plain')");
        await database.Control.ExecuteAsync(
            "SELECT pgtrickle._record_failure((SELECT pgt_id FROM pgtrickle.stream_tables), 'PERMANENT', 'MANUAL', now(), '22P02', 'invalid: \"secret\"', 'd', 'h', false, 'n')");
        var other = database.As(await database.CreateRoleAsync("other"));
        const string shown = "SELECT concat(last_error_message, (SELECT error_message FROM pgtrickle.get_refresh_history('s'))) FROM pgtrickle.stream_tables_info";
        Assert.Contains("secret", await database.ScalarAsync<string>(shown), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", await other.ScalarAsync<string>(shown), StringComparison.Ordinal);
        Assert.Contains("secret", (await Refusal.OfAsync(database.User, "22P02", "CALL pgtrickle.wait_for('s')")).MessageText, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", (await Refusal.OfAsync(other, "22P02", "CALL pgtrickle.wait_for('s')")).MessageText, StringComparison.Ordinal);
    }

    [Theory, PostgresVersions]
    public async Task A_hostile_search_path_or_temporary_objects_do_not_reach_the_trigger(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Sources);
        await using var connection = await database.User.OpenConnectionAsync();
        await connection.ExecuteAsync($"""
            CREATE SCHEMA evil;
            CREATE FUNCTION evil.eq(name, name) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN IF current_user = 'pgtrickle' THEN
                PERFORM set_config('evil.reached', 'yes', false); END IF; RETURN true; END $$;
            CREATE OPERATOR evil.= (FUNCTION = evil.eq, LEFTARG = name, RIGHTARG = name);
            CREATE FUNCTION evil.format(text, VARIADIC text[]) RETURNS text LANGUAGE plpgsql AS $$ BEGIN IF current_user = 'pgtrickle' THEN
                PERFORM set_config('evil.reached', 'yes', false); END IF; RETURN 'x'; END $$;
            CREATE TEMP TABLE pg_roles (oid oid, rolname name); CREATE TEMP TABLE pg_class (oid oid, relowner oid);
            SET search_path = evil, pg_temp, pg_catalog, public;
            """);
        try
        {
            await connection.ExecuteAsync("SELECT pgtrickle.create_stream_table('public.s', 'SELECT id FROM public.plain'); SELECT pgtrickle.drop_stream_table('public.s')");
        }
        catch (PostgresException)
        {
            // The caller may hurt itself.
        }

        Assert.True(await connection.ScalarAsync<bool>("SELECT pg_catalog.current_setting('evil.reached', true) IS NULL"));
    }
}
