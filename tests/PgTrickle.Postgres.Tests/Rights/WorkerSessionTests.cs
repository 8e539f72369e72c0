using Npgsql;
using PgTrickle.Postgres.Tests.Lifecycle;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Rights;

/// <summary>
/// The escapes from a definer function that are known to work, tried by a function that a stream table's owner hides in its query and that runs
/// as in a refresh: called through the owner's function on a worker connection. Each gets out, and finds nothing there.
/// </summary>
public sealed class WorkerSessionTests
{
    private const string Trap = """
        CREATE TABLE source (x int); CREATE TABLE loot (who text, what text); GRANT INSERT ON loot TO PUBLIC; GRANT USAGE ON SCHEMA public TO PUBLIC;
        CREATE TABLE queue (x int); GRANT INSERT, UPDATE ON queue TO PUBLIC;
        """;

    [Theory, PostgresVersions]
    public async Task Resetting_the_role_inside_the_owners_function_is_an_error(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Trap);
        foreach (var escape in (string[])["RESET ROLE", "SET ROLE pgtrickle", "RESET SESSION AUTHORIZATION", "SET SESSION AUTHORIZATION DEFAULT"])
        {
            await PlantAsync(database, $"EXECUTE '{escape}'");
            await Refusal.PlainAsync(database.Worker, "42501", "SELECT public.run_trap()");
        }
    }

    [Theory, PostgresVersions]
    public async Task A_deferred_trigger_runs_at_commit_as_the_powerless_worker_at_most(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Trap + """
            CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                INSERT INTO public.loot VALUES (current_user, 'commit');
                IF TG_OP = 'INSERT' THEN UPDATE public.queue SET x = 2; END IF;
                RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER late AFTER INSERT OR UPDATE ON queue DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit();
            """);
        await PlantAsync(database, "INSERT INTO public.queue VALUES (1)");
        await using var worker = await database.Worker.OpenConnectionAsync();
        await worker.ExecuteAsync("BEGIN; SELECT public.run_trap(); COMMIT");
        await OnlyPowerlessAsync(database, "loot");
    }

    [Theory, PostgresVersions]
    public async Task A_held_cursor_is_evaluated_as_its_owner_or_the_worker(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Trap + """
            CREATE FUNCTION peek() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.loot VALUES (current_user, 'cursor'); RETURN 1; END $$;
            """);
        await PlantAsync(database, "EXECUTE 'DECLARE held CURSOR WITH HOLD FOR SELECT public.peek()'");
        await using var worker = await database.Worker.OpenConnectionAsync();
        await worker.ExecuteAsync("BEGIN; SELECT public.run_trap(); COMMIT");
        await OnlyPowerlessAsync(database, "loot");
    }

    [Theory, PostgresVersions]
    public async Task Settings_statements_and_temporary_objects_left_in_the_session_do_not_reach_the_gates(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Trap + """
            CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO PUBLIC;
            CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.loot VALUES (current_user, 'shadow'); RETURN pg_catalog.now(); END $$;
            CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.loot VALUES (current_user, 'shadow'); RETURN pg_catalog.now(); END $$;
            """);
        await PlantAsync(database, """
            PERFORM set_config('search_path', 'evil, pg_temp, pg_catalog', false);
            EXECUTE 'CREATE TEMP TABLE IF NOT EXISTS pg_class (oid oid, relowner oid)';
            EXECUTE 'GRANT ALL ON pg_temp.pg_class TO PUBLIC'
            """);
        await using var worker = await database.Worker.OpenConnectionAsync();
        await worker.ExecuteAsync("SELECT public.run_trap()");
        foreach (var gate in (string[])["SELECT * FROM pgtrickle.refresh_open('{1}', 1, '\\x00', NULL)", "SELECT pgtrickle.refresh_close('{1}', 1, '\\x00', NULL)"])
        {
            await Assert.ThrowsAsync<PostgresException>(() => worker.ExecuteAsync(gate));
        }

        await OnlyPowerlessAsync(database, "loot", mayBeEmpty: true);
    }

    [Theory, PostgresVersions]
    public async Task A_function_turned_invoker_runs_as_the_worker_and_can_do_nothing(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Trap);
        await PlantAsync(database, "INSERT INTO public.loot VALUES (current_user, 'invoker'); EXECUTE 'TABLE public.source'");
        await database.ExecuteAsync("ALTER FUNCTION run_trap() SECURITY INVOKER");
        await Refusal.PlainAsync(database.Worker, "42501", "SELECT public.run_trap()");
    }

    [Theory, PostgresVersions]
    public async Task The_worker_reads_no_table_and_belongs_to_no_role(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync("CREATE TABLE private (x int); SELECT pgtrickle.create_stream_table('s', 'SELECT x FROM private')");
        foreach (var sql in (string[])["TABLE public.private", "TABLE public.s", "SET ROLE pgtrickle", $"SET ROLE {database.UserRole}", "CREATE SCHEMA x", "CREATE ROLE x"])
        {
            await Refusal.PlainAsync(database.Worker, "42501", sql);
        }
    }

    /// <summary>A definer function of the user, as pgtrickle_run has them, whose query calls a hidden function.</summary>
    private static Task PlantAsync(InstalledDatabase database, string body) => database.ExecuteAsync($"""
        CREATE OR REPLACE FUNCTION hidden() RETURNS int LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN 1; END $$;
        DROP FUNCTION IF EXISTS run_trap();
        CREATE FUNCTION run_trap() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM public.hidden(); END $$;
        GRANT EXECUTE ON FUNCTION run_trap() TO pgtrickle_worker
        """);

    private static async Task OnlyPowerlessAsync(InstalledDatabase database, string table, bool mayBeEmpty = false)
    {
        var roles = (await database.QueryAsync($"SELECT DISTINCT who FROM {table}")).Column<string>().ToHashSet();
        Assert.Subset(new HashSet<string> { database.UserRole, "pgtrickle_worker" }, roles);
        Assert.True(mayBeEmpty || roles.Count > 0, "The escape was not even tried.");
    }
}
