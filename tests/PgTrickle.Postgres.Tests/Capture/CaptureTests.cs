using Npgsql;
using PgTrickle.Postgres.Tests.Refresh;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Capture;

/// <summary>What the triggers write, and who may see it.</summary>
public sealed class CaptureTests
{
    [Theory, PostgresVersions]
    public async Task The_change_log_has_one_row_a_transaction_and_capture(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, "CREATE TABLE src (id int PRIMARY KEY); CREATE TABLE other (id int)");
        await harness.CreateAsync("st", "SELECT id FROM src");
        await harness.CreateAsync("st2", "SELECT id FROM other");
        await using var writer = await harness.Database.User.OpenConnectionAsync();
        await writer.ExecuteAsync("BEGIN; INSERT INTO src VALUES (1); INSERT INTO src VALUES (2); UPDATE src SET id = 3 WHERE id = 1; INSERT INTO other VALUES (1); COMMIT");
        Assert.Equal(2, await LogRowsAsync(harness));
        await writer.ExecuteAsync("BEGIN; SAVEPOINT s; INSERT INTO src VALUES (4); ROLLBACK TO s; INSERT INTO src VALUES (5); COMMIT");
        Assert.Equal(3, await LogRowsAsync(harness));
        await writer.ExecuteAsync("BEGIN; INSERT INTO src VALUES (6); ROLLBACK");
        Assert.Equal(3, await LogRowsAsync(harness));
        await writer.ExecuteAsync("INSERT INTO src VALUES (7)");
        Assert.Equal(4, await LogRowsAsync(harness));
    }

    [Theory, PostgresVersions]
    public async Task Stream_tables_share_a_capture_that_has_their_columns(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, "CREATE TABLE src (id int PRIMARY KEY, a int, b int, c int)");
        await harness.CreateAsync("wide", "SELECT id, a, b FROM src");
        await harness.CreateAsync("narrow", "SELECT a FROM src");
        await harness.CreateAsync("other", "SELECT id, c FROM src");
        await harness.CreateAsync("all_of_it", "SELECT a, b, c FROM src");
        Assert.Equal(await harness.CaptureAsync("wide"), await harness.CaptureAsync("narrow"));
        // The second capture is the union, so that the next finds everything in one place.
        Assert.Equal(await harness.CaptureAsync("other"), await harness.CaptureAsync("all_of_it"));
        Assert.Equal(2, await harness.Database.Control.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.captures"));
    }

    [Theory, PostgresVersions]
    public async Task Columns_of_any_name_are_captured(PostgresVersion version)
    {
        const string columns = "xid, w, n, b, t, tg_op, capture, \"select\", \"Mixed Case\", \"quo\"\"te\", \"ünï\"";
        await using var harness = await RefreshHarness.CreateAsync(version, """
            CREATE TABLE src (id int PRIMARY KEY, xid int, w int, n int, b text, t int, tg_op text, capture int, "select" int, "Mixed Case" int, "quo""te" int, "ünï" int);
            INSERT INTO src VALUES (1, 1, 1, 1, 'b', 1, 'INSERT', 1, 1, 1, 1, 1)
            """);
        await harness.CreateAsync("rows", $"SELECT id, {columns} FROM src");
        await harness.CreateAsync("groups", "SELECT w, xid, count(*) AS n, sum(n) AS total FROM src GROUP BY w, xid");
        await harness.ExecuteAsync("INSERT INTO src VALUES (2, 1, 1, 5, 'c', 2, 'x', 2, 2, 2, 2, 2); UPDATE src SET w = 7, \"quo\"\"te\" = 9 WHERE id = 1");
        await harness.RefreshAndCompareAsync();
        Assert.Equal("DIFFERENTIAL", await harness.HistoryAsync<string>("rows", "action"));
        Assert.Equal("DIFFERENTIAL", await harness.HistoryAsync<string>("groups", "action"));
    }

    [Theory, PostgresVersions]
    public async Task A_capture_function_does_nothing_for_a_foreign_table(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, "CREATE TABLE src (id int PRIMARY KEY)");
        await harness.CreateAsync("st", "SELECT id FROM src");
        var function = await harness.Database.Control.ScalarAsync<string>(
            "SELECT proname::text FROM pg_proc WHERE pronamespace = 'pgtrickle_changes'::regnamespace AND proname LIKE 'c\\_%' LIMIT 1");
        var intruder = harness.Database.As(await harness.Database.CreateRoleAsync("intruder"));
        await intruder.ExecuteAsync($"""
            CREATE TABLE mine (id int);
            CREATE TRIGGER forge AFTER INSERT ON mine REFERENCING NEW TABLE AS pgtrickle_new FOR EACH STATEMENT EXECUTE FUNCTION pgtrickle_changes.{function}()
            """);
        await intruder.ExecuteAsync("INSERT INTO mine VALUES (666)");
        Assert.Equal(0, await harness.BufferRowsAsync("st"));
        Assert.Equal(0, await LogRowsAsync(harness));
    }

    [Theory, PostgresVersions]
    public async Task A_change_view_shows_nobody_what_the_source_would_not(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, "CREATE TABLE src (id int PRIMARY KEY, secret text)");
        await harness.CreateAsync("st", "SELECT id, secret FROM src");
        await harness.ExecuteAsync("INSERT INTO src VALUES (1, 'hidden')");
        var view = $"pgtrickle_changes.v_{await harness.CaptureAsync("st")}";
        var reader = await harness.Database.CreateRoleAsync("reader");
        await AssertRefusedAsync(harness.Database.As(reader), $"SELECT * FROM {view}");
        await AssertRefusedAsync(harness.Database.As(reader), $"SELECT * FROM pgtrickle_changes.b_{await harness.CaptureAsync("st")}");
        await harness.ExecuteAsync($"GRANT SELECT (id) ON src TO {reader}");
        await AssertRefusedAsync(harness.Database.As(reader), $"SELECT id FROM {view}");
        await harness.ExecuteAsync($"GRANT SELECT ON src TO {reader}");
        Assert.Equal("hidden", await harness.Database.As(reader).ScalarAsync<string>($"SELECT secret FROM {view}"));
        await harness.ExecuteAsync("ALTER TABLE src ENABLE ROW LEVEL SECURITY");
        await AssertRefusedAsync(harness.Database.As(reader), $"SELECT id FROM {view}");
        // The owner of the source, to whom policies do not apply, goes on.
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task Types_of_a_schema_that_pgtrickle_may_not_use_are_captured(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version);
        await harness.Database.Database.Superuser.ExecuteAsync($"CREATE SCHEMA private AUTHORIZATION {harness.Database.UserRole}");
        await harness.ExecuteAsync("""
            CREATE TYPE private.mood AS ENUM ('good', 'bad');
            CREATE DOMAIN private.positive AS numeric(6, 2) CHECK (VALUE > 0);
            CREATE TYPE private.pair AS (x int, y private.mood);
            CREATE TABLE private.src (id int PRIMARY KEY, m private.mood, p private.positive, q private.pair, "Odd ""name" text[]);
            INSERT INTO private.src VALUES (1, 'good', 1.5, (1, 'bad'), '{a}')
            """);
        await harness.CreateAsync("st", """SELECT id, m, p, q, "Odd ""name" FROM private.src""");
        await harness.ExecuteAsync("UPDATE private.src SET m = 'bad', p = 2.25, q = (2, 'good'); INSERT INTO private.src VALUES (2)");
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions(Since = 18)]
    public async Task Virtual_generated_columns_are_captured_by_their_expression(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, """
            CREATE TABLE src (id int PRIMARY KEY, a int, b int, total int GENERATED ALWAYS AS (a + b) VIRTUAL, kept int GENERATED ALWAYS AS (a * b) STORED);
            CREATE TABLE part (id int, a int, double int GENERATED ALWAYS AS (a * 2) VIRTUAL) PARTITION BY RANGE (id);
            CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (100);
            INSERT INTO src VALUES (1, 1, 2); INSERT INTO part VALUES (1, 1)
            """);
        await harness.CreateAsync("st", "SELECT id, total, kept FROM src");
        await harness.CreateAsync("leaf", "SELECT id, double FROM part_1");
        await harness.ExecuteAsync("INSERT INTO src VALUES (2, 5, 6); UPDATE src SET b = 10 WHERE id = 1; INSERT INTO part VALUES (2, 7); UPDATE part SET a = 3 WHERE id = 1");
        await harness.RefreshAndCompareAsync();
        Assert.Equal(0, await harness.BufferRowsAsync("st", "total IS NULL"));
    }

    [Theory, PostgresVersions]
    public async Task Objects_of_the_same_name_in_the_writers_schemas_are_not_used(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, "CREATE TABLE src (id int PRIMARY KEY, a text)");
        await harness.CreateAsync("st", "SELECT id, a FROM src");
        await using var writer = await harness.Database.User.OpenConnectionAsync();
        await writer.ExecuteAsync("""
            CREATE FUNCTION public.lie(text, text) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''run as %'', current_user; END';
            CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.lie);
            CREATE TEMP TABLE pgtrickle_new (id int, a text);
            CREATE TEMP TABLE log (xid text);
            SET search_path = public, pg_temp, pg_catalog
            """);
        await writer.ExecuteAsync("INSERT INTO public.src VALUES (1, 'one'); UPDATE public.src SET a = 'two'; INSERT INTO public.src VALUES (2, 'x'); DELETE FROM public.src WHERE id = 2");
        await harness.RefreshAndCompareAsync();
    }

    private static Task<long> LogRowsAsync(RefreshHarness harness) => harness.Database.Control.ScalarAsync<long>("SELECT count(*) FROM pgtrickle_changes.log");

    private static async Task AssertRefusedAsync(NpgsqlDataSource reader, string sql) =>
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, (await Assert.ThrowsAsync<PostgresException>(() => reader.ExecuteAsync(sql))).SqlState);
}
