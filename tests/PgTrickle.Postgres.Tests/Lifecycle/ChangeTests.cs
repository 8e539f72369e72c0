using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Lifecycle;

public sealed class ChangeTests
{
    private const string Chain = """
        CREATE TABLE t (x int PRIMARY KEY);
        SELECT pgtrickle.create_stream_table('a', 'SELECT x FROM t', schedule => '5s');
        SELECT pgtrickle.create_stream_table('b', 'SELECT x FROM a');
        SELECT pgtrickle.create_stream_table('c', 'SELECT a.x FROM b JOIN a USING (x)');
        """;

    private static readonly (string Argument, string SqlState)[] Bad =
    [
        ("schedule => '0s'", "22023"),
        ("schedule => '-5s'", "22023"),
        ("schedule => ''", "22023"),
        ("schedule => 'soon'", "22023"),
        ("schedule => '5'", "22023"),
        ("schedule => '30m1h'", "22023"),
        ("schedule => '4000d'", "22023"),
        ("schedule => '1ms'", "22023"),
        ("schedule => '60 * * * *'", "22023"),
        ("schedule => '* * * *'", "22023"),
        ("schedule => '* * * * * * *'", "22023"),
        ("schedule => '0 0 * FOO *'", "22023"),
        ("schedule => '*/0 * * * *'", "22023"),
        ("schedule => '@fortnightly'", "22023"),
        ("schedule => 'IMMEDIATE'", "0A000"),
        ("refresh_mode => 'immediate'", "0A000"),
        ("refresh_mode => 'SOMETIMES'", "22023"),
        ("cdc_mode => 'wal'", "0A000"),
        ("tier => 'lukewarm'", "22023"),
        ("status => 'ERROR'", "22023"),
        ("diamond_consistency => 'maybe'", "22023"),
        ("diamond_schedule_policy => 'median'", "22023"),
        ("fuse => 'short'", "22023"),
        ("fuse_ceiling => 0", "22023"),
        ("append_only => true, refresh_mode => 'FULL'", "22023"),
        ("query => 'SELECT 1; SELECT 2'", "42601"),
        ("query => 'SELECT x FROM c'", "3F000"),
        ("query => 'SELECT x FROM a'", "3F000"),
        ("query => 'SELECT x AS z FROM t'", "2BP01"),
        ("query => 'SELECT x::text AS x FROM t'", "2BP01"),
        ("query => 'SELECT ctid, x FROM t'", "0A000"),
    ];

    private static readonly (string Given, string Kept)[] Good =
    [
        ("1h30m", "1h30m"),
        (" 2W ", "2w"),
        ("500ms", "500ms"),
        ("0s500ms", "0s500ms"),
        ("Calculated", "calculated"),
        ("0 3 * * MON-FRI", "0 3 * * MON-FRI"),
        ("*/10  0-30/5 1,2 L * 5#2", "*/10 0-30/5 1,2 L * 5#2"),
        ("@hourly", "@hourly"),
    ];

    [Theory, PostgresVersions]
    public async Task Bad_arguments_are_refused_and_change_nothing(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Chain);
        foreach (var (argument, sqlState) in Bad)
        {
            await Refusal.OfAsync(database.User, sqlState, $"SELECT pgtrickle.alter_stream_table('a', {argument})");
        }

        Assert.Equal(1, await database.ScalarAsync<long>("SELECT definition_version FROM pgtrickle.stream_tables WHERE pgt_name = 'a'"));
    }

    [Theory, PostgresVersions]
    public async Task Schedules_are_kept_in_canonical_spelling(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Chain);
        foreach (var (given, kept) in Good)
        {
            await database.User.ExecuteAsync("SELECT pgtrickle.alter_stream_table('a', schedule => $1)", given);
            Assert.Equal(kept, await database.ScalarAsync<string>("SELECT schedule FROM pgtrickle.pgt_stream_tables WHERE pgt_name = 'a'"));
        }
    }

    [Theory, PostgresVersions]
    public async Task Alter_applies_in_the_callers_transaction_and_leaves_a_command(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Chain);
        await database.ExecuteAsync("BEGIN; SELECT pgtrickle.alter_stream_table('a', tier => 'cold'); ROLLBACK");
        await database.ExecuteAsync("SELECT pgtrickle.alter_stream_table('a', tier => 'Frozen', refresh_mode => 'full', diamond_consistency => 'NONE', fuse => 'on', fuse_ceiling => 5)");
        var row = (await database.QueryAsync(
            "SELECT refresh_tier, refresh_mode, diamond_consistency, fuse_mode, fuse_ceiling, schedule FROM pgtrickle.pgt_stream_tables WHERE pgt_name = 'a'")).Rows[0];
        Assert.Equal(["frozen", "FULL", "none", "on", 5L, "5s"], row);
        Assert.Equal(1, await database.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.commands WHERE kind = 'alter' AND status = 'PENDING'"));
        await Refusal.OfAsync(database.User, "42P01", "SELECT pgtrickle.alter_stream_table('nope', tier => 'cold')");
        await Refusal.OfAsync(database.User, "42P01", "SELECT pgtrickle.alter_stream_table('t', tier => 'cold')");
    }

    [Theory, PostgresVersions]
    public async Task Suspension_refuses_refreshes_until_resumed_and_active_clears_errors(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Chain);
        await Refusal.OfAsync(database.User, "22023", "SELECT pgtrickle.resume_stream_table('a')");
        await database.ExecuteAsync("SELECT pgtrickle.alter_stream_table('a', status => 'suspended')");
        await Refusal.OfAsync(database.User, "55000", "SELECT pgtrickle.refresh_stream_table('a')");
        await Refusal.OfAsync(database.User, "55000", "CALL pgtrickle.wait_for('a', '1 second')");
        await database.Control.ExecuteAsync(
            "UPDATE pgtrickle.stream_table_state SET is_populated = true, consecutive_errors = 3, last_error_code = '22012', last_error_message = 'division by zero'");
        await database.ExecuteAsync("SELECT pgtrickle.resume_stream_table('a')");
        var row = (await database.QueryAsync("SELECT status, consecutive_errors, last_error_message FROM pgtrickle.stream_tables_info WHERE pgt_name = 'a'")).Rows[0];
        Assert.Equal(["ACTIVE", 0, null], row);
    }

    [Theory, PostgresVersions]
    public async Task Drop_refuses_while_others_read_it_and_cascades_when_told(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Chain);
        var refusal = await Refusal.OfAsync(database.User, "2BP01", "SELECT pgtrickle.drop_stream_table('a')");
        Assert.Equal("stream table b depends on stream table public.a\nstream table c depends on stream table public.a", refusal.Detail);
        await database.ExecuteAsync("BEGIN; SELECT pgtrickle.drop_stream_table('a', cascade => true); ROLLBACK");
        Assert.Equal(3, await database.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.pgt_stream_tables"));
        await database.ExecuteAsync("SELECT pgtrickle.drop_stream_table('a', cascade => true)");
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.pgt_stream_tables"));
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM pg_proc WHERE pronamespace = 'pgtrickle_run'::regnamespace"));
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM pg_class WHERE relname IN ('a', 'b', 'c')"));
        await database.ExecuteAsync(Chain.Replace("CREATE TABLE t (x int PRIMARY KEY);", string.Empty, StringComparison.Ordinal));
    }

    [Theory, PostgresVersions]
    public async Task A_renamed_or_moved_stream_table_goes_by_its_new_name(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Chain + "CREATE SCHEMA elsewhere; ALTER TABLE a RENAME TO renamed; ALTER TABLE renamed SET SCHEMA elsewhere");
        await database.ExecuteAsync("SELECT pgtrickle.alter_stream_table('elsewhere.renamed', tier => 'cold')");
        await Refusal.OfAsync(database.User, "42P01", "SELECT pgtrickle.alter_stream_table('a', tier => 'cold')");
        Assert.Equal("elsewhere.renamed", await database.ScalarAsync<string>("SELECT name FROM pgtrickle.pgt_status() WHERE schedule = '5s'"));
        await database.ExecuteAsync("SELECT pgtrickle.create_stream_table('a', 'SELECT x FROM t')");
        await database.ExecuteAsync("DROP TABLE a; SELECT pgtrickle.create_stream_table('a', 'SELECT x FROM t')");
    }

    [Theory, PostgresVersions]
    public async Task A_view_on_a_stream_table_holds_a_plain_drop_back(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync("CREATE TABLE t (x int); SELECT pgtrickle.create_stream_table('a', 'SELECT x FROM t'); CREATE VIEW v AS SELECT x FROM a");
        await Refusal.OfAsync(database.User, "2BP01", "SELECT pgtrickle.drop_stream_table('a')");
        Assert.Equal(1, await database.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.pgt_stream_tables"));
        await database.ExecuteAsync("SELECT pgtrickle.drop_stream_table('a', true)");
        Assert.True(await database.ScalarAsync<bool>("SELECT to_regclass('v') IS NULL"));
    }

    [Theory, PostgresVersions]
    public async Task Drop_waits_for_a_refresh_that_holds_the_state_row(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync("CREATE TABLE t (x int); SELECT pgtrickle.create_stream_table('a', 'SELECT x FROM t')");
        await using var refresh = await database.Control.OpenConnectionAsync();
        await refresh.ExecuteAsync("BEGIN; SELECT FROM pgtrickle.stream_table_state FOR NO KEY UPDATE");
        var drop = database.ExecuteAsync("SELECT pgtrickle.drop_stream_table('a')");
        await Eventually.TrueAsync(
            async () => await database.Control.ScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE NOT granted") > 0, "the drop waits");
        await refresh.ExecuteAsync("UPDATE pgtrickle.stream_table_state SET total_refreshes = 1; COMMIT");
        await drop;
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.stream_tables"));
    }

    [Theory, PostgresVersions]
    public async Task Settings_are_validated_and_belong_to_the_owner_of_the_database(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await Refusal.OfAsync(database.User, "42501", "SELECT pgtrickle.set_config('max_workers', '8')");
        var owner = database.Database.Owner;
        Assert.Equal("8", await owner.ScalarAsync<string>("SELECT pgtrickle.set_config('max_workers', '8')"));
        Assert.Equal("false", await owner.ScalarAsync<string>("SELECT pgtrickle.set_config('auto_backoff', 'OFF')"));
        Assert.Equal("4", await owner.ScalarAsync<string>("SELECT pgtrickle.set_config('max_workers', NULL)"));
        await Refusal.OfAsync(owner, "22023", "SELECT pgtrickle.set_config('max_workers', '0')");
        await Refusal.OfAsync(owner, "22023", "SELECT pgtrickle.set_config('max_workers', '1.5')");
        await Refusal.OfAsync(owner, "22023", "SELECT pgtrickle.set_config('wake', 'shout')");
        await Refusal.OfAsync(owner, "22023", "SELECT pgtrickle.set_config('warp', '9')");
        Assert.Equal(19, await database.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.all_settings"));
    }
}
