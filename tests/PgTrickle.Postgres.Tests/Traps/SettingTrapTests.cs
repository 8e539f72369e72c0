using Npgsql;
using PgTrickle.Postgres.Catalog;
using PgTrickle.Postgres.Ports;
using PgTrickle.Postgres.Tests.Refresh;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Traps;

/// <summary>Settings that somebody gave the database, a role or a session change neither what is captured nor what a refresh does.</summary>
public sealed class SettingTrapTests
{
    private const string Source = """
        CREATE TABLE src (id int PRIMARY KEY, day date, span interval, ratio float8, image bytea, note text);
        INSERT INTO src SELECT n, date '2024-01-31' + n, n * interval '25 hours', n / 3.0, decode('0' || n || '5c', 'hex'), 'a\b' || n FROM generate_series(1, 9) AS n;
        """;

    private const string Query = "SELECT id, day, span, ratio, image, note, day > date '2024-02-03' AS is_late, strpos(note, chr(92)) AS place FROM src";

    [Theory]
    [PostgresVersions("default_transaction_isolation", "repeatable read")]
    [PostgresVersions("default_transaction_isolation", "serializable")]
    [PostgresVersions("default_transaction_read_only", "on")]
    [PostgresVersions("statement_timeout", "20")]
    [PostgresVersions("lock_timeout", "1")]
    [PostgresVersions("standard_conforming_strings", "off")]
    [PostgresVersions("quote_all_identifiers", "on")]
    [PostgresVersions("row_security", "off")]
    [PostgresVersions("DateStyle", "SQL, DMY")]
    [PostgresVersions("IntervalStyle", "sql_standard")]
    [PostgresVersions("extra_float_digits", "-10")]
    [PostgresVersions("bytea_output", "escape")]
    [PostgresVersions("array_nulls", "off")]
    [PostgresVersions("transform_null_equals", "on")]
    [PostgresVersions("search_path", "")]
    public async Task Defaults_of_the_database_do_not_matter(PostgresVersion version, string setting, string value)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        var name = harness.Database.Database.Name;
        await harness.Database.Database.Superuser.ExecuteAsync($"ALTER DATABASE {name} SET {setting} = '{value}'");
        await using var node = await harness.AddNodeAsync();
        await using var control = DatabaseConnections.Control(harness.Database.ControlConnectionString, "test");
        await using var user = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(harness.Database.Database.ConnectionString(harness.Database.UserRole))
        {
            Options = "-c default_transaction_read_only=off -c statement_timeout=0 -c lock_timeout=0 -c search_path=public",
        });
        await using var writer = await user.OpenConnectionAsync();
        foreach (var connections in (NpgsqlDataSource[])[control, node.Worker])
        {
            Assert.NotEqual(value, await connections.ScalarAsync<string>("SELECT setting FROM pg_settings WHERE name = $1", setting));
        }

        await writer.ExecuteAsync("SELECT pgtrickle.create_stream_table('st', $$" + Query + "$$, schedule => '1s', refresh_mode => 'DIFFERENTIAL')");
        var id = await harness.Database.Control.ScalarAsync<long>("SELECT pgt_id FROM pgtrickle.stream_tables");
        await node.Engine.InitializeAsync(id, fill: true, CancellationToken.None);
        await writer.ExecuteAsync("UPDATE src SET day = day + 1, note = 'a\\b' WHERE id < 4; DELETE FROM src WHERE id = 5");
        var outcome = (await node.Engine.RefreshAsync(new([id], RefreshInitiator.Manual), CancellationToken.None)).Members[^1];
        Assert.Equal(RefreshAction.Differential, outcome.Action);
        await harness.Database.Database.AssertSameMultisetAsync("SELECT * FROM st", Query);
        Assert.NotNull((await node.Detector.PollAsync(null, CancellationToken.None)).Snapshot);
        await node.Engine.CleanUpAsync(CancellationToken.None);
    }

    [Theory]
    [PostgresVersions("SET quote_all_identifiers = on")]
    [PostgresVersions("SET standard_conforming_strings = off; SET backslash_quote = on")]
    [PostgresVersions("SET DateStyle = 'German, MDY'; SET IntervalStyle = 'iso_8601'; SET extra_float_digits = -15; SET bytea_output = 'escape'; SET search_path = ''")]
    [PostgresVersions("SET row_security = off; SET array_nulls = off; SET transform_null_equals = on; SET TimeZone = 'Asia/Kathmandu'")]
    public async Task Settings_of_a_writer_do_not_matter(PostgresVersion version, string settings)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", Query, "DIFFERENTIAL");
        await using var writer = await harness.Database.User.OpenConnectionAsync();
        await writer.ExecuteAsync(settings);
        await writer.ExecuteAsync("INSERT INTO public.src SELECT id + 10, day, span, ratio, image, note FROM public.src; UPDATE public.src SET day = day + 1 WHERE id < 4");
        Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("st")).Action);
        await harness.CompareAsync();
        await writer.ExecuteAsync("RESET ALL");
    }

    [Theory]
    [PostgresVersions("SET standard_conforming_strings = off")]
    [PostgresVersions("SET quote_all_identifiers = on")]
    [PostgresVersions("SET row_security = off")]
    public async Task Settings_of_a_creator_do_not_matter(PostgresVersion version, string settings)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await using var creator = await harness.Database.User.OpenConnectionAsync();
        await creator.ExecuteAsync(settings);
        await creator.ExecuteAsync("SELECT pgtrickle.create_stream_table('st', 'SELECT id, note FROM src')");
        var id = await harness.Database.Control.ScalarAsync<long>("SELECT pgt_id FROM pgtrickle.stream_tables");
        await harness.Engine.InitializeAsync(id, fill: true, CancellationToken.None);
        Assert.Equal("{id,note}", await harness.Database.Control.ScalarAsync<string>("SELECT columns_used::text FROM pgtrickle.pgt_dependencies"));
        await creator.ExecuteAsync("UPDATE src SET note = 'x' WHERE id = 1");
        await harness.Engine.RefreshAsync(new([id], RefreshInitiator.Manual), CancellationToken.None);
        await harness.Database.Database.AssertSameMultisetAsync("SELECT * FROM st", "SELECT id, note FROM src");
        await creator.ExecuteAsync("SELECT pgtrickle.drop_stream_table('st'); RESET ALL");
    }

    [Theory]
    [PostgresVersions("NOT NULL")]
    [PostgresVersions("CHECK (VALUE IS NOT NULL)")]
    public async Task A_domain_that_forbids_null_fails_no_writer(PostgresVersion version, string constraint)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, $"""
            CREATE DOMAIN filled AS int {constraint};
            CREATE TABLE src (id filled PRIMARY KEY, a filled, b text);
            INSERT INTO src VALUES (1, 1, 'x'), (2, 2, 'y')
            """);
        await harness.CreateAsync("st", "SELECT id, a, b FROM src", "DIFFERENTIAL");
        await harness.CreateAsync("pairs", "SELECT l.id, r.a FROM src l LEFT JOIN src r ON r.id = l.a + 1", "DIFFERENTIAL");
        await harness.ExecuteAsync("INSERT INTO src VALUES (3, 3, 'z'); UPDATE src SET a = 9 WHERE id = 1");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("TRUNCATE src");
        await harness.ExecuteAsync("INSERT INTO src VALUES (4, 4, 'z')");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("ALTER TABLE src RENAME b TO c; INSERT INTO src VALUES (5, 4, 'z')");
    }

    [Theory, PostgresVersions(Since = 18)]
    public async Task Operators_of_the_writers_schemas_do_not_reach_the_expression_of_a_virtual_column(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, "CREATE TABLE src (id int PRIMARY KEY, a int, twice int GENERATED ALWAYS AS (a * 2) VIRTUAL)");
        await harness.CreateAsync("st", "SELECT id, twice FROM src");
        await using var writer = await harness.Database.User.OpenConnectionAsync();
        await writer.ExecuteAsync("""
            CREATE FUNCTION public.product(int, int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''run as %'', current_user; END';
            CREATE OPERATOR public.* (LEFTARG = int, RIGHTARG = int, FUNCTION = public.product);
            SET search_path = public, pg_catalog
            """);
        await writer.ExecuteAsync("INSERT INTO src VALUES (1, 5)");
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task A_function_of_another_oid_serves(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, note FROM src WHERE day < CURRENT_DATE");
        var run = await harness.Database.Control.ScalarAsync<string>("SELECT run_name FROM pgtrickle.stream_tables");
        var text = await harness.Database.ScalarAsync<string>("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = $1", run);
        await harness.ExecuteAsync($"DROP FUNCTION pgtrickle_run.{run}; {text}; REVOKE ALL ON FUNCTION pgtrickle_run.{run} FROM PUBLIC; GRANT EXECUTE ON FUNCTION pgtrickle_run.{run} TO pgtrickle_worker; UPDATE src SET note = 'x' WHERE id = 1");
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task What_others_name_like_the_function_of_a_stream_table_or_rest_on_it_harms_nobody(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, note FROM src");
        var run = await harness.Database.Control.ScalarAsync<string>("SELECT run_name FROM pgtrickle.stream_tables");
        var stranger = harness.Database.As(await harness.Database.CreateRoleAsync());
        await stranger.ExecuteAsync($"""
            CREATE FUNCTION pgtrickle_run.{run}() RETURNS void LANGUAGE sql AS 'SELECT';
            CREATE FUNCTION pgtrickle_run.{run}(text, text, text) RETURNS void LANGUAGE sql AS 'SELECT';
            CREATE VIEW resting AS SELECT pgtrickle_run.{run}(NULL::pg_snapshot, NULL::xid8[], NULL::timestamptz)::text AS nothing
            """);
        await harness.ExecuteAsync("UPDATE src SET note = 'x' WHERE id = 1");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("DROP TABLE st");
        Assert.Empty((await new StreamTableCatalog(harness.Database.Control, "test").LoadAsync(CancellationToken.None)).StreamTables);
    }

    [Theory, PostgresVersions]
    public async Task A_view_whose_owner_sees_some_rows_only_is_refused(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source + "ALTER TABLE src ENABLE ROW LEVEL SECURITY;");
        var other = await harness.Database.CreateRoleAsync();
        await harness.ExecuteAsync($"GRANT SELECT ON src TO {other}; CREATE POLICY part ON src TO {other} USING (id < 3)");
        await harness.Database.As(other).ExecuteAsync("CREATE VIEW seen AS SELECT id, note FROM src; GRANT SELECT ON seen TO PUBLIC");
        Assert.Equal(2, await harness.Database.ScalarAsync<long>("SELECT count(*) FROM seen"));
        var failure = await Assert.ThrowsAsync<PostgresException>(() => harness.CreateAsync("st", "SELECT id, note FROM seen"));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, failure.SqlState);
    }

    [Theory, PostgresVersions]
    public async Task A_table_that_becomes_unlogged_is_evaluated_as_a_whole(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, note FROM src");
        await harness.ExecuteAsync("ALTER TABLE src SET UNLOGGED; UPDATE src SET note = 'x' WHERE id = 1");
        await harness.RefreshAndCompareAsync();
        Assert.Equal("FULL", await harness.StateAsync<string>("st", "effective_refresh_mode::text"));
    }

    [Theory, PostgresVersions]
    public async Task Columns_of_a_source_with_names_like_ours_are_refused_where_they_are_read(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, "CREATE TABLE src (__pgt_xid int, __pgt_w text, w int, xid int, n int, q int, b int); INSERT INTO src SELECT 1, 'w', n, n, n, n FROM generate_series(1, 3) AS n");
        foreach (var query in (string[])["SELECT __pgt_xid AS a FROM src", "SELECT w FROM src WHERE __pgt_w = 'w'", "SELECT count(src) AS n FROM src"])
        {
            var failure = await Assert.ThrowsAsync<PostgresException>(() => harness.DefineAsync("refused", query));
            Assert.Equal("42939", failure.SqlState);
        }

        await harness.CreateAsync("st", "SELECT w, xid, n, q, b FROM src");
        await harness.ExecuteAsync("INSERT INTO src VALUES (4, 'x', 4, 4, 4, 4); UPDATE src SET __pgt_xid = 9, n = 0 WHERE w = 1; DELETE FROM src WHERE w = 2");
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task Names_of_63_bytes_are_told_apart(PostgresVersion version)
    {
        var stem = string.Concat(Enumerable.Repeat("ü", 31));
        await using var harness = await RefreshHarness.CreateAsync(version, $"""
            CREATE TABLE "{stem}t" (id int PRIMARY KEY, "{stem}a" int, "{stem}b" int, "{stem}c" text);
            INSERT INTO "{stem}t" SELECT n, n % 3, n, 'x' || n FROM generate_series(1, 9) AS n
            """);
        await harness.CreateAsync("st", $"""SELECT "{stem}a", sum("{stem}b") AS "{stem}b", max("{stem}c") AS "{stem}c", avg("{stem}b") AS "{stem}d", count(DISTINCT "{stem}c") AS "{stem}e" FROM "{stem}t" GROUP BY "{stem}a" """);
        await harness.ExecuteAsync($"""SELECT pgtrickle.create_stream_table('"{stem}s"', 'SELECT l."{stem}a", r."{stem}b" AS "{stem}f" FROM "{stem}t" l LEFT JOIN "{stem}t" r ON l.id = r."{stem}a"')""");
        var id = await harness.Database.Control.ScalarAsync<long>("SELECT max(pgt_id) FROM pgtrickle.stream_tables");
        await harness.Engine.InitializeAsync(id, fill: true, CancellationToken.None);
        await harness.ExecuteAsync($"""UPDATE "{stem}t" SET "{stem}b" = 100, "{stem}c" = 'x1' WHERE id < 4; DELETE FROM "{stem}t" WHERE id = 7; INSERT INTO "{stem}t" VALUES (20, 1, 1, 'y')""");
        await harness.RefreshAndCompareAsync();
        await harness.Engine.RefreshAsync(new([id], RefreshInitiator.Manual), CancellationToken.None);
        await harness.Database.Database.AssertSameMultisetAsync($"""SELECT "{stem}a", "{stem}f" FROM "{stem}s" """, $"""SELECT l."{stem}a", r."{stem}b" FROM "{stem}t" l LEFT JOIN "{stem}t" r ON l.id = r."{stem}a" """);
    }
}
