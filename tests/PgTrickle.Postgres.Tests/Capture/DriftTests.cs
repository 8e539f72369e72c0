using Npgsql;
using PgTrickle.Postgres.Ports;
using PgTrickle.Postgres.Tests.Refresh;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Capture;

/// <summary>A table that changes its shape never fails who writes to it, and never leaves a stream table silently wrong.</summary>
public sealed class DriftTests
{
    private const string Source = """
        CREATE TABLE src (id int PRIMARY KEY, a int, b varchar(10), unused text);
        INSERT INTO src SELECT n, n, 'b' || n, 'u' FROM generate_series(1, 10) AS n;
        """;

    [Theory]
    [PostgresVersions("ALTER TABLE src DROP COLUMN b")]
    [PostgresVersions("ALTER TABLE src RENAME b TO c")]
    [PostgresVersions("ALTER TABLE src ALTER b TYPE int USING id")]
    public async Task A_writer_goes_on_when_a_captured_column_is_dropped_renamed_or_retyped(PostgresVersion version, string ddl)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, a, b FROM src");
        // The same session before and after, so that the cached plans of the trigger are in use.
        await using var writer = await harness.Database.User.OpenConnectionAsync();
        await writer.ExecuteAsync("UPDATE src SET a = 0 WHERE id = 1");
        await harness.ExecuteAsync(ddl);
        await writer.ExecuteAsync("UPDATE src SET a = 1 WHERE id = 1");
        await writer.ExecuteAsync("DELETE FROM src WHERE id = 2");
        await writer.ExecuteAsync("INSERT INTO src (id, a) VALUES (11, 1)");
        Assert.Equal(3, await harness.BufferRowsAsync("st", "__pgt_w = 2"));
    }

    [Theory, PostgresVersions]
    public async Task A_repeatable_read_writer_whose_snapshot_is_older_than_the_change_goes_on(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, a, b FROM src");
        await using var renaming = await harness.Database.User.OpenConnectionAsync();
        await using var retyping = await harness.Database.User.OpenConnectionAsync();
        foreach (var writer in (NpgsqlConnection[])[renaming, retyping])
        {
            await writer.ExecuteAsync("INSERT INTO src VALUES (100 + pg_backend_pid(), 1, 'x')");
            await writer.ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
        }

        await harness.ExecuteAsync("ALTER TABLE src RENAME b TO c");
        await renaming.ExecuteAsync("INSERT INTO src VALUES (20, 1, 'x'); COMMIT");
        await harness.ExecuteAsync("ALTER TABLE src RENAME c TO b; ALTER TABLE src ALTER a TYPE bigint");
        await retyping.ExecuteAsync($"INSERT INTO src VALUES (21, {long.MaxValue}, 'x'); COMMIT");
        Assert.True(await harness.BufferRowsAsync("st", "__pgt_w = 2") > 0);
    }

    [Theory]
    [PostgresVersions("ALTER TABLE src ALTER b TYPE varchar(40)")]
    [PostgresVersions("ALTER TABLE src ALTER b TYPE text")]
    public async Task A_longer_text_is_captured_by_a_session_that_knew_the_shorter_type(PostgresVersion version, string ddl)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, b::text AS b FROM src");
        await using var writer = await harness.Database.User.OpenConnectionAsync();
        await writer.ExecuteAsync("UPDATE src SET b = 'short'");
        await writer.ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
        await harness.ExecuteAsync(ddl);
        await writer.ExecuteAsync("UPDATE src SET b = 'far longer than ten characters' WHERE id = 1; COMMIT");
        await writer.ExecuteAsync("UPDATE src SET b = 'as long as thirty characters..' WHERE id = 2");
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task Changes_of_unused_columns_leave_the_refresh_differential(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, a FROM src");
        await harness.ExecuteAsync("ALTER TABLE src DROP COLUMN unused; ALTER TABLE src ADD COLUMN more int DEFAULT 7; CREATE INDEX ON src (a)");
        await harness.ExecuteAsync("UPDATE src SET a = 100, more = 8 WHERE id = 3");
        Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("st")).Action);
        await harness.CompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task A_dropped_column_that_is_used_is_a_permanent_error_that_names_it(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, a FROM src");
        await harness.ExecuteAsync("ALTER TABLE src DROP COLUMN a");
        var failure = await Assert.ThrowsAsync<RefreshFailedException>(() => harness.RefreshAsync("st"));
        Assert.Equal(FailureKind.Permanent, failure.Kind);
        Assert.Equal(10, await harness.Database.ScalarAsync<long>("SELECT count(*) FROM st"));
    }

    [Theory, PostgresVersions]
    public async Task A_source_key_that_comes_or_goes_recompiles_and_stays_right(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT b, count(*) AS n FROM src GROUP BY b");
        await harness.ExecuteAsync("ALTER TABLE src ADD UNIQUE (unused, id); UPDATE src SET b = 'same' WHERE id < 5");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("ALTER TABLE src DROP CONSTRAINT src_pkey; INSERT INTO src VALUES (1, 1, 'same')");
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task A_key_that_told_partners_apart_is_not_relied_on_once_it_is_gone(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source + """
            CREATE TABLE tags (tag int PRIMARY KEY, src_id int); CREATE TABLE marks (mark int NOT NULL, src_id int, UNIQUE (mark) INCLUDE (src_id));
            INSERT INTO tags VALUES (10, 1), (20, 2); INSERT INTO marks VALUES (10, 1), (20, 2);
            """);
        await harness.CreateAsync("tagged", "SELECT count(*) AS n FROM src WHERE EXISTS (SELECT FROM tags WHERE tags.src_id = src.id)");
        await harness.CreateAsync("marked", "SELECT count(*) AS n FROM src WHERE EXISTS (SELECT FROM marks WHERE marks.src_id = src.id)");
        await harness.ExecuteAsync("INSERT INTO tags VALUES (30, 1); INSERT INTO marks VALUES (30, 1)");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("ALTER TABLE tags DROP CONSTRAINT tags_pkey; INSERT INTO tags VALUES (20, 2), (20, 2)");
        await harness.ExecuteAsync("ALTER TABLE marks ALTER mark DROP NOT NULL; INSERT INTO marks VALUES (NULL, 3)");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("INSERT INTO tags VALUES (20, 2); INSERT INTO marks VALUES (NULL, 3), (NULL, 3)");
        await harness.RefreshAndCompareAsync();
        Assert.Equal(0, await harness.Database.Control.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.pgt_refresh_history WHERE action = 'REINITIALIZE'"));
        await harness.ExecuteAsync("ALTER TABLE tags ADD COLUMN unused int; DELETE FROM tags WHERE src_id = 2; DELETE FROM marks WHERE mark IS NULL; INSERT INTO tags VALUES (10, 5)");
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions(Since = 18)]
    public async Task A_constraint_that_was_not_validated_does_not_make_a_column_not_null(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, """
            CREATE TABLE src (k int UNIQUE, a int); INSERT INTO src VALUES (NULL, 1), (NULL, 1), (1, 2);
            ALTER TABLE src ADD CONSTRAINT filled NOT NULL k NOT VALID;
            """);
        await harness.CreateAsync("rows", "SELECT k, a FROM src");
        await harness.CreateAsync("counted", "SELECT a, count(k) AS n FROM src GROUP BY a");
        await harness.ExecuteAsync("DELETE FROM src WHERE ctid = (SELECT min(ctid) FROM src); UPDATE src SET a = 1 WHERE k = 1");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("DELETE FROM src WHERE k IS NULL; ALTER TABLE src VALIDATE CONSTRAINT filled; INSERT INTO src VALUES (2, 2)");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("ALTER TABLE src DROP CONSTRAINT filled; INSERT INTO src VALUES (NULL, 2), (NULL, 2); ALTER TABLE src ADD CONSTRAINT filled NOT NULL k NOT VALID");
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task A_stream_table_whose_key_goes_gets_another_identity_and_back(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, a FROM src WHERE a > 2");
        await harness.CreateAsync("reader", "SELECT a, count(*) AS n FROM st GROUP BY a");
        await harness.ExecuteAsync("CREATE INDEX mine ON st (a); ALTER TABLE src DROP CONSTRAINT src_pkey, ALTER id DROP NOT NULL; INSERT INTO src VALUES (5, 5), (5, 6), (NULL, 7)");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("DELETE FROM src WHERE a = 6; UPDATE src SET a = 8 WHERE id = 5");
        Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("st")).Action);
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("DELETE FROM src WHERE id = 5 OR id IS NULL; ALTER TABLE src ADD PRIMARY KEY (id); INSERT INTO src VALUES (50, 50)");
        await harness.RefreshAndCompareAsync();
        Assert.Equal(0, await harness.Database.ScalarAsync<long>(
            "SELECT count(*) FROM pg_attribute WHERE attrelid = 'st'::regclass AND attname LIKE '\\_\\_pgt%' AND NOT attisdropped"));
        Assert.Equal(1, await harness.Database.ScalarAsync<long>("SELECT count(*) FROM pg_class WHERE relname = 'mine'"));
    }

    [Theory, PostgresVersions]
    public async Task A_group_of_which_a_member_gets_another_identity_goes_on(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("path", "SELECT id, a FROM src WHERE a > 2");
        await harness.CreateAsync("meeting", "SELECT a, count(*) AS n FROM path GROUP BY a");
        await harness.ExecuteAsync("ALTER TABLE src DROP CONSTRAINT src_pkey, ALTER id DROP NOT NULL; INSERT INTO src VALUES (5, 5), (5, 6), (NULL, 7)");
        await harness.RefreshAllAsync("path", "meeting");
        await harness.CompareAsync();
        await harness.ExecuteAsync("DELETE FROM src WHERE id = 5 OR id IS NULL; ALTER TABLE src ADD PRIMARY KEY (id); INSERT INTO src VALUES (50, 50)");
        await harness.RefreshAllAsync("path", "meeting");
        await harness.CompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task A_table_or_view_made_anew_under_its_old_name_is_read_from_then_on(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source + "CREATE VIEW seen AS SELECT id, a FROM src WHERE a < 5; CREATE TABLE other (id int, a int); INSERT INTO other VALUES (77, 1);");
        await harness.CreateAsync("direct", "SELECT id, a FROM src");
        await harness.CreateAsync("through", "SELECT id, a FROM seen");
        await harness.ExecuteAsync("CREATE OR REPLACE VIEW seen AS SELECT id, a FROM other");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("INSERT INTO other VALUES (78, 2)");
        Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("through")).Action);
        await harness.ExecuteAsync("DROP TABLE src; CREATE TABLE src (a int, id int PRIMARY KEY); INSERT INTO src VALUES (1, 2)");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("INSERT INTO src VALUES (3, 4)");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("DROP TABLE src");
        var failure = await Assert.ThrowsAsync<RefreshFailedException>(() => harness.RefreshAsync("direct"));
        Assert.Equal((FailureKind.Permanent, PostgresErrorCodes.UndefinedTable), (failure.Kind, failure.SqlState));
        Assert.Equal(2, await harness.Database.ScalarAsync<long>("SELECT count(*) FROM direct"));
    }

    [Theory, PostgresVersions]
    public async Task A_retyped_column_is_a_permanent_error_when_the_result_changes_and_nothing_when_it_does_not(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("shows", "SELECT id, a FROM src");
        await harness.CreateAsync("uses", "SELECT id FROM src WHERE a > 3");
        await harness.ExecuteAsync("ALTER TABLE src ALTER a TYPE bigint; INSERT INTO src VALUES (20, 5000000000)");
        await harness.RefreshAsync("uses");
        await harness.CompareAsync("uses");
        var failure = await Assert.ThrowsAsync<RefreshFailedException>(() => harness.RefreshAsync("shows"));
        Assert.Equal((FailureKind.Permanent, PostgresErrorCodes.DatatypeMismatch), (failure.Kind, failure.SqlState));
        Assert.Contains("bigint", failure.Detail, StringComparison.Ordinal);
    }

    [Theory, PostgresVersions]
    public async Task A_trigger_that_was_disabled_meanwhile_reinitialises(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, a FROM src");
        await harness.ExecuteAsync("ALTER TABLE src DISABLE TRIGGER ALL; UPDATE src SET a = -1; ALTER TABLE src ENABLE TRIGGER ALL");
        Assert.Equal(RefreshAction.Reinitialize, (await harness.RefreshAsync("st")).Action);
        await harness.CompareAsync();
        await harness.ExecuteAsync("UPDATE src SET a = -2 WHERE id = 1");
        Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("st")).Action);
        await harness.ExecuteAsync("ALTER TABLE src DISABLE TRIGGER ALL; UPDATE src SET a = -3 WHERE id = 1");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("UPDATE src SET a = -4 WHERE id = 1");
        Assert.Equal(RefreshAction.Full, (await harness.RefreshAsync("st")).Action);
        await harness.CompareAsync();
    }
}
