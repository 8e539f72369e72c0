using Npgsql;
using PgTrickle.Postgres.Ports;
using PgTrickle.Postgres.Tests.Refresh;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Traps;

/// <summary>DDL on what a stream table reads, and on itself (traps 38 to 43).</summary>
public sealed class DdlTrapTests
{
    private const string Source = """
        CREATE TABLE src (id int PRIMARY KEY, g text, v int);
        CREATE TABLE dim (g text PRIMARY KEY, title text);
        INSERT INTO src SELECT n, 'g' || n % 3, n FROM generate_series(1, 12) AS n;
        INSERT INTO dim VALUES ('g0', 'zero'), ('g1', 'one');
        CREATE VIEW seen AS SELECT id, g, v FROM src WHERE v > 2;
        CREATE VIEW nested AS SELECT g, count(*) AS n, sum(v) AS s FROM seen GROUP BY g;
        """;

    /// <summary>DDL after which all goes on, whatever it takes.</summary>
    [Theory]
    [PostgresVersions("ALTER TABLE src RENAME TO renamed; CREATE VIEW src AS SELECT * FROM renamed")]
    [PostgresVersions("ALTER TABLE src RENAME TO old; CREATE TABLE src (id int, g text, v int); INSERT INTO src VALUES (1, 'not read', 1)")]
    [PostgresVersions("CREATE SCHEMA other; ALTER TABLE src SET SCHEMA other; ALTER TABLE dim SET SCHEMA other")]
    [PostgresVersions("ALTER TABLE src RENAME TO swap; ALTER TABLE dim RENAME TO src; ALTER TABLE src RENAME TO \"Quoted dim\"")]
    [PostgresVersions("ALTER VIEW seen RENAME TO looked; ALTER VIEW nested RENAME TO seen")]
    [PostgresVersions("CREATE OR REPLACE VIEW seen AS SELECT id, g, v * 2 AS v FROM src WHERE id % 2 = 0")]
    [PostgresVersions("ALTER VIEW seen SET (security_barrier = true)")]
    [PostgresVersions("CREATE INDEX ON src (g); REINDEX TABLE src; ANALYZE src")]
    [PostgresVersions("ALTER TABLE src ADD CONSTRAINT positive CHECK (v > 0); ALTER TABLE src ALTER v SET NOT NULL; ALTER TABLE src ALTER v SET STATISTICS 7")]
    [PostgresVersions("ALTER TABLE src ADD FOREIGN KEY (g) REFERENCES dim ON UPDATE CASCADE NOT VALID; ALTER TABLE src SET (fillfactor = 50)")]
    [PostgresVersions("ALTER TABLE by_g RENAME TO renamed_result; ALTER TABLE renamed_result RENAME TO by_g")]
    [PostgresVersions("CREATE INDEX ON by_g (n); GRANT SELECT ON by_g TO PUBLIC; ALTER TABLE by_g ENABLE ROW LEVEL SECURITY; COMMENT ON COLUMN by_g.n IS 'rows'")]
    [PostgresVersions("BEGIN; ALTER TABLE src ADD COLUMN w int; INSERT INTO src VALUES (70, 'g1', 7, 7); ALTER TABLE src DROP COLUMN w; UPDATE src SET v = 8 WHERE id = 70; COMMIT")]
    [PostgresVersions("ALTER TABLE src DISABLE TRIGGER USER; DELETE FROM src WHERE id = 5; ALTER TABLE src ENABLE TRIGGER USER")]
    public async Task Stream_tables_go_on_after(PostgresVersion version, string ddl)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await CreateStreamTablesAsync(harness);

        // What a view would yield is what counts: it follows names as a stream table should.
        await harness.ExecuteAsync("""
            CREATE VIEW expect_direct AS SELECT id, v FROM src;
            CREATE VIEW expect_by_g AS SELECT g, count(*) AS n, sum(v) AS s FROM src GROUP BY g;
            CREATE VIEW expect_joined AS SELECT s.id, d.title FROM src s LEFT JOIN dim d USING (g);
            CREATE VIEW expect_through AS SELECT n.g, n.s, x.id FROM nested n JOIN seen x USING (g);
            """);
        var table = await harness.Database.User.ScalarAsync<long>("SELECT 'src'::regclass::oid::bigint");
        await ExecuteAsync(harness, ddl);
        await RefreshAndCompareAsync(harness);

        var name = await harness.Database.Database.Superuser.ScalarAsync<string>("SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1::oid", table);
        await harness.ExecuteAsync($"UPDATE {name} SET v = v + 1 WHERE id < 4; DELETE FROM {name} WHERE id = 6; INSERT INTO {name} (id, g, v) VALUES (90, 'g1', 9), (91, 'g0', 1)");
        await RefreshAndCompareAsync(harness);
        Assert.Equal("DIFFERENTIAL", await harness.HistoryAsync<string>("by_g", "action"));
    }

    [Theory]
    [PostgresVersions("DROP VIEW nested; DROP VIEW seen", "42P01")]
    [PostgresVersions("DROP VIEW nested; DROP VIEW seen; CREATE VIEW seen AS SELECT id, v FROM src", "42703")]
    public async Task What_is_gone_is_an_error_that_names_it_until_it_is_back(PostgresVersion version, string ddl, string sqlState)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("through", "SELECT id, g, v FROM seen");
        await harness.ExecuteAsync(ddl);
        var failure = await Assert.ThrowsAsync<RefreshFailedException>(() => harness.RefreshAsync("through"));
        Assert.Equal((FailureKind.Permanent, sqlState), (failure.Kind, failure.SqlState));
        Assert.Equal(10, await harness.Database.User.ScalarAsync<long>("SELECT count(*) FROM through"));
        await harness.ExecuteAsync("DROP VIEW IF EXISTS seen; CREATE VIEW seen AS SELECT id, g, v FROM src WHERE v > 4; DELETE FROM src WHERE id = 9");
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task A_stream_table_that_is_renamed_is_written_to_and_not_one_that_took_its_name(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, v FROM src");
        await harness.ExecuteAsync("ALTER TABLE st RENAME TO moved; CREATE TABLE st (id int PRIMARY KEY, v int); DELETE FROM src WHERE id = 1");
        await harness.RefreshAsync("st");
        Assert.Equal(0, await harness.Database.User.ScalarAsync<long>("SELECT count(*) FROM st"));
        Assert.Equal(11, await harness.Database.User.ScalarAsync<long>("SELECT count(*) FROM moved"));
    }

    [Theory, PostgresVersions]
    public async Task Readers_triggers_see_true_changes_only_and_direct_writes_are_refused(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("by_g", "SELECT g, count(*) AS n FROM src GROUP BY g");
        await harness.ExecuteAsync("""
            CREATE TABLE heard (what text);
            CREATE FUNCTION hear() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.heard VALUES (TG_OP || coalesce(NEW.g, OLD.g)); RETURN NULL; END $$;
            CREATE TRIGGER hear AFTER INSERT OR UPDATE OR DELETE ON by_g FOR EACH ROW EXECUTE FUNCTION hear();
            UPDATE src SET v = 0 WHERE g = 'g0'; DELETE FROM src WHERE g = 'g1'; INSERT INTO src VALUES (50, 'g2', 1), (51, 'g5', 1);
            """);
        await harness.RefreshAndCompareAsync();
        var heard = (await harness.Database.User.QueryAsync("SELECT what FROM heard ORDER BY what")).Rows.Select(row => (string)row[0]!);
        Assert.Equal(["DELETEg1", "INSERTg5", "UPDATEg2"], heard);
        foreach (var write in (string[])["INSERT INTO by_g VALUES ('x', 1)", "UPDATE by_g SET n = 0", "DELETE FROM by_g", "TRUNCATE by_g"])
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(() => harness.ExecuteAsync(write));
            Assert.NotNull(refused.Hint);
        }

        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task Dependent_views_foreign_keys_and_policies_stand_through_refreshes(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, g FROM src");
        await harness.ExecuteAsync("""
            CREATE VIEW on_it AS SELECT g, count(*) FROM st GROUP BY g;
            CREATE TABLE child (st_id int REFERENCES st (id) ON DELETE SET NULL);
            INSERT INTO child VALUES (1), (2);
            CREATE POLICY few ON st USING (g <> 'g1');
            UPDATE src SET g = 'g9' WHERE id = 2; DELETE FROM src WHERE id = 1;
            """);
        await harness.RefreshAndCompareAsync();
        Assert.Equal(1, await harness.Database.User.ScalarAsync<long>("SELECT count(*) FROM child WHERE st_id IS NULL"));
        Assert.Equal(1, await harness.Database.User.ScalarAsync<long>("SELECT count(*) FROM pg_policies WHERE policyname = 'few'"));
        Assert.Equal(1L, await harness.Database.User.ScalarAsync<long>("SELECT count FROM on_it WHERE g = 'g9'"));
    }

    private static async Task CreateStreamTablesAsync(RefreshHarness harness)
    {
        await harness.CreateAsync("direct", "SELECT id, v FROM src");
        await harness.CreateAsync("by_g", "SELECT g, count(*) AS n, sum(v) AS s FROM src GROUP BY g");
        await harness.CreateAsync("joined", "SELECT s.id, d.title FROM src s LEFT JOIN dim d USING (g)");
        await harness.CreateAsync("through", "SELECT n.g, n.s, x.id FROM nested n JOIN seen x USING (g)");
    }

    private static async Task RefreshAndCompareAsync(RefreshHarness harness)
    {
        foreach (var name in (string[])["direct", "by_g", "joined", "through"])
        {
            await harness.RefreshAsync(name);
            await harness.Database.Database.AssertSameMultisetAsync($"SELECT {await harness.VisibleColumnsAsync(name)} FROM {name}", $"SELECT * FROM expect_{name}");
        }
    }

    private static async Task ExecuteAsync(RefreshHarness harness, string script)
    {
        await using var session = await harness.Database.User.OpenConnectionAsync();
        foreach (var statement in script.Split(';'))
        {
            await session.ExecuteAsync(statement);
        }
    }
}
