using Npgsql;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Lifecycle;

/// <summary>wait_for against frontiers that the test moves itself, so that every order of events can be forced.</summary>
public sealed class WaitForTests
{
    [Theory, PostgresVersions]
    public async Task It_returns_exactly_when_the_changes_committed_before_are_behind_the_frontier(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await PrepareAsync(database);
        await database.ExecuteAsync("CALL pgtrickle.wait_for('a', '10 s')");

        // A writer that began before and is still open holds nothing up.
        await using var open = await database.Control.OpenConnectionAsync();
        await open.ExecuteAsync("BEGIN; INSERT INTO pgtrickle_changes.src (__pgt_w, x) VALUES (1, 1)");
        await database.ExecuteAsync("CALL pgtrickle.wait_for('a', '10 s')");

        await database.Control.ExecuteAsync("INSERT INTO pgtrickle_changes.src (__pgt_w, x) VALUES (1, 2)");
        await Refusal.OfAsync(database.User, "57014", "CALL pgtrickle.wait_for('a', '50 ms')");
        var wait = database.ExecuteAsync("CALL pgtrickle.wait_for('a', '60 s')");
        await open.ExecuteAsync("COMMIT");
        await RefreshAsync(database, "a");
        await wait;
    }

    [Theory, PostgresVersions]
    public async Task It_follows_a_chain_level_by_level(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await PrepareAsync(database);
        await database.Control.ExecuteAsync("INSERT INTO pgtrickle_changes.src (__pgt_w, x) VALUES (1, 1)");
        await Refusal.OfAsync(database.User, "57014", "CALL pgtrickle.wait_for('b', '50 ms')");

        // What the upstream wrote after the call has to arrive, too, though the snapshot of the call does not see it.
        var wait = database.ExecuteAsync("CALL pgtrickle.wait_for('b', '60 s')");
        await database.Control.ExecuteAsync("BEGIN; INSERT INTO pgtrickle_changes.st (__pgt_w, x) VALUES (1, 1);" + Advance("a") + "; COMMIT");
        await Eventually.TrueAsync(async () => await Pending(database, "b"), "the upstream's change is pending downstream");
        Assert.False(wait.IsCompleted);
        await RefreshAsync(database, "b");
        await wait;
    }

    [Theory, PostgresVersions]
    public async Task Rows_that_the_refresh_wrote_itself_do_not_count(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await PrepareAsync(database);
        await database.Control.ExecuteAsync("BEGIN; INSERT INTO pgtrickle_changes.src (__pgt_w, x) VALUES (1, 1);" + Advance("a")
            + "; UPDATE pgtrickle.stream_table_state SET frontier_own_xids = ARRAY[pg_current_xact_id()] WHERE pgt_id = (SELECT pgt_id FROM pgtrickle.stream_tables WHERE pgt_name = 'a'); COMMIT");
        await database.ExecuteAsync("CALL pgtrickle.wait_for('a', '10 s')");
    }

    [Theory, PostgresVersions]
    public async Task Recorded_errors_are_raised_as_they_were_also_those_of_upstreams_and_of_the_creation(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await PrepareAsync(database);
        await database.Control.ExecuteAsync("SELECT pgtrickle._record_failure((SELECT pgt_id FROM pgtrickle.stream_tables WHERE pgt_name = 'a'), 'PERMANENT', 'INITIAL', now(), '0A000', 'no such thing', 'why', 'do', false, 'n')");
        var error = await Refusal.OfAsync(database.User, "0A000", "CALL pgtrickle.wait_for('b')");
        Assert.Equal("no such thing", error.MessageText);
        Assert.StartsWith("why\nStream table public.a", error.Detail, StringComparison.Ordinal);
        Assert.Equal("do", error.Hint);

        await database.ExecuteAsync("SELECT pgtrickle.create_stream_table('c', 'SELECT x FROM t')");
        await database.Control.ExecuteAsync(
            "UPDATE pgtrickle.commands SET status = 'FAILED', error_code = '0A000', error_message = 'cannot', error_detail = 'd', error_hint = 'h' WHERE pgt_id = (SELECT max(pgt_id) FROM pgtrickle.stream_tables)");
        Assert.Equal("cannot", (await Refusal.OfAsync(database.User, "0A000", "CALL pgtrickle.wait_for('c')")).MessageText);
    }

    [Theory, PostgresVersions]
    public async Task It_refuses_where_waiting_would_never_end(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await PrepareAsync(database);
        await Refusal.OfAsync(database.User, "25001", "BEGIN ISOLATION LEVEL REPEATABLE READ; CALL pgtrickle.wait_for('a')");
        await Refusal.OfAsync(database.User, "55000", "BEGIN; SELECT pgtrickle.create_stream_table('c', 'SELECT x FROM t'); CALL pgtrickle.wait_for('c')");
        await Refusal.OfAsync(database.User, "42P01", "CALL pgtrickle.wait_for('nope')");
        await Refusal.OfAsync(database.User, "22023", "CALL pgtrickle.wait_for('a', NULL)");
        await database.Control.ExecuteAsync("INSERT INTO pgtrickle_changes.src (__pgt_w, x) VALUES (1, 1)");
        var wait = Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync("CALL pgtrickle.wait_for('a', '60 s')"));
        await database.ExecuteAsync("DROP TABLE b; DROP TABLE a");
        await database.Control.ExecuteAsync("SELECT pgtrickle._forget_dropped()");
        Assert.Equal("42P01", (await wait).SqlState);
    }

    /// <summary>t -> a -> b with buffers of the test's own.</summary>
    private static async Task PrepareAsync(InstalledDatabase database)
    {
        await database.ExecuteAsync("""
            CREATE TABLE t (x int PRIMARY KEY);
            SELECT pgtrickle.create_stream_table('a', 'SELECT x FROM t');
            SELECT pgtrickle.create_stream_table('b', 'SELECT x FROM a');
            """);
        await database.Control.ExecuteAsync("""
            CREATE TABLE pgtrickle_changes.src (__pgt_xid xid8 DEFAULT pg_current_xact_id(), __pgt_w int2, x int);
            CREATE TABLE pgtrickle_changes.st (__pgt_xid xid8 DEFAULT pg_current_xact_id(), __pgt_w int2, x int);
            INSERT INTO pgtrickle.captures (source_relid, kind, column_numbers, column_names, fingerprint, buffer_relid)
            VALUES ('public.t'::regclass, 'statement', '{1}', '{x}', '', 'pgtrickle_changes.src'::regclass),
                ('public.a'::regclass, 'statement', '{1}', '{x}', '', 'pgtrickle_changes.st'::regclass);
            INSERT INTO pgtrickle.plans (pgt_id, plan_version, definition_version, compiler_version, mode, source_relids, capture_ids, setup_statements, fill_statements, full_statements, fingerprint)
            SELECT s.pgt_id, 1, 1, 1, 'DIFFERENTIAL', ARRAY[c.source_relid], ARRAY[c.capture_id], '{}', '{}', '{}', ''
            FROM pgtrickle.stream_tables s JOIN pgtrickle.captures c ON c.source_relid = (CASE s.pgt_name WHEN 'a' THEN 'public.t' ELSE 'public.a' END)::regclass;
            UPDATE pgtrickle.stream_table_state SET status = 'ACTIVE', is_populated = true, plan_version = 1, frontier_snapshot = pg_current_snapshot();
            """);
    }

    private static string Advance(string name) =>
        $"UPDATE pgtrickle.stream_table_state SET frontier_snapshot = pg_current_snapshot() WHERE pgt_id = (SELECT pgt_id FROM pgtrickle.stream_tables WHERE pgt_name = '{name}')";

    private static Task<int> RefreshAsync(InstalledDatabase database, string name) => database.Control.ExecuteAsync(Advance(name));

    private static Task<bool> Pending(InstalledDatabase database, string name) => database.Control.ScalarAsync<bool>(
        $"SELECT pgtrickle._pending((SELECT pgt_id FROM pgtrickle.stream_tables WHERE pgt_name = '{name}'), pg_current_snapshot(), now())");
}
