using Npgsql;
using PgTrickle.Postgres.Catalog;
using PgTrickle.Postgres.Ports;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Catalog;

public sealed class StreamTableCatalogTests
{
    [Theory, PostgresVersions]
    public async Task The_image_shows_definitions_sources_and_settings(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        var catalog = new StreamTableCatalog(database.Control, "node");
        Assert.Empty((await catalog.LoadAsync(default)).StreamTables);
        await database.ExecuteAsync("""
            CREATE TABLE t (x int PRIMARY KEY); CREATE MATERIALIZED VIEW m AS SELECT x FROM t;
            SELECT pgtrickle.create_stream_table('a', 'SELECT x FROM t', schedule => '5s', initialize => false);
            SELECT pgtrickle.create_stream_table('b', 'SELECT a.x FROM a JOIN m USING (x)');
            SELECT pgtrickle.alter_stream_table('b', tier => 'warm', fuse => 'on', fuse_ceiling => 7);
            """);
        await database.Database.Owner.ExecuteAsync("SELECT pgtrickle.set_config('max_workers', '9')");

        var image = await catalog.LoadAsync(default);

        Assert.Equal(["a", "b"], image.StreamTables.Select(table => table.Name));
        var (a, b) = (image.StreamTables[0], image.StreamTables[1]);
        Assert.Equal(("public", "5s", "AUTO", "hot", "INITIALIZING", false, false), (a.Schema, a.Schedule, a.RefreshMode, a.Tier, a.Status, a.Initialize, a.ReadsUntracked));
        Assert.Equal(("calculated", "warm", "on", 7L, true, true), (b.Schedule, b.Tier, b.FuseMode, b.FuseCeiling, b.Initialize, b.ReadsUntracked));
        Assert.Null(Assert.Single(a.Sources).PgtId);
        Assert.Contains(b.Sources, source => source.PgtId == a.PgtId);
        Assert.Equal("9", image.Settings["max_workers"]);
    }

    [Theory, PostgresVersions]
    public async Task Every_change_that_concerns_nodes_is_noticed_even_from_transactions_that_commit_late(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        var catalog = new StreamTableCatalog(database.Control, "node");
        await database.ExecuteAsync("CREATE TABLE t (x int)");
        await using var late = await database.User.OpenConnectionAsync();
        await late.ExecuteAsync("BEGIN; SELECT pgtrickle.create_stream_table('late', 'SELECT x FROM t')");
        await database.ExecuteAsync("SELECT pgtrickle.create_stream_table('early', 'SELECT x FROM t')");
        var image = await catalog.LoadAsync(default);
        Assert.Equal(["early"], image.StreamTables.Select(table => table.Name));
        Assert.False(await catalog.HasChangedAsync(image, default));

        await late.ExecuteAsync("COMMIT");
        await NoticesAsync(() => Task.CompletedTask);
        await NoticesAsync(() => database.ExecuteAsync("SELECT pgtrickle.alter_stream_table('late', tier => 'cold')"));
        await NoticesAsync(() => database.ExecuteAsync("SELECT pgtrickle.alter_stream_table('late', status => 'SUSPENDED')"));
        await NoticesAsync(() => database.ExecuteAsync("SELECT pgtrickle.resume_stream_table('late')"));
        await NoticesAsync(() => database.Database.Owner.ExecuteAsync("SELECT pgtrickle.set_config('max_workers', '5')"));
        await NoticesAsync(() => database.ExecuteAsync("SELECT pgtrickle.drop_stream_table('late')"));
        await NoticesAsync(() => database.ExecuteAsync("DROP TABLE early"));
        Assert.Empty(image.StreamTables);
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM pg_proc WHERE pronamespace = 'pgtrickle_run'::regnamespace"));

        async Task NoticesAsync(Func<Task> change)
        {
            await change();
            Assert.True(await catalog.HasChangedAsync(image, default));
            image = await catalog.LoadAsync(default);
            Assert.False(await catalog.HasChangedAsync(image, default));
        }
    }

    [Theory, PostgresVersions]
    public async Task Failures_count_suspend_or_stop_by_their_kind(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        ICatalogHousekeeping housekeeping = new StreamTableCatalog(database.Control, "node");
        var catalog = (IStreamTableCatalog)housekeeping;
        await database.ExecuteAsync("CREATE TABLE t (x int); SELECT pgtrickle.create_stream_table('s', 'SELECT x FROM t')");
        var id = (await catalog.LoadAsync(default)).StreamTables[0].PgtId;
        await database.Control.ExecuteAsync("UPDATE pgtrickle.stream_table_state SET status = 'ACTIVE', is_populated = true");

        Assert.Equal(("ACTIVE", 0), await FailAsync(FailureKind.Transient));
        Assert.Equal(("ACTIVE", 0), await FailAsync(FailureKind.MissingRights));
        Assert.Equal(("ACTIVE", 1), await FailAsync(FailureKind.Query));
        Assert.Equal(("SUSPENDED", 2), await FailAsync(FailureKind.Query, suspend: true));
        Assert.Equal(("ERROR", 3), await FailAsync(FailureKind.Permanent));
        var history = await database.QueryAsync("SELECT status, error_message, duration_ms FROM pgtrickle.get_refresh_history('s')");
        Assert.Equal(5, history.Rows.Count);
        Assert.All(history.Rows, row => Assert.Equal(["FAILED", "broken"], row.Take(2)));
        Assert.All(history.Rows, row => Assert.InRange((double)row[2]!, 59_000, 3_600_000));

        var unknown = await Assert.ThrowsAsync<PostgresException>(() => database.Control.ExecuteAsync("UPDATE pgtrickle.pgt_refresh_history SET action = 'GUESS'"));
        Assert.Equal(PostgresErrorCodes.CheckViolation, unknown.SqlState);

        await database.Control.ExecuteAsync("UPDATE pgtrickle.pgt_refresh_history SET start_time = now() - interval '91 days' WHERE refresh_id % 2 = 0");
        Assert.Equal(2, await housekeeping.PruneAsync(default));
        Assert.Equal(3, await database.Control.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.refresh_errors"));
        await catalog.RecordFailureAsync(new FailureRecord(id + 1000, FailureKind.Query, RefreshInitiator.Manual, default, "XX000", "gone", null, null, false), default);

        async Task<(string, int)> FailAsync(FailureKind kind, bool suspend = false)
        {
            var started = new DateTimeOffset((await database.ScalarAsync<DateTime>("SELECT now() - interval '1 minute'")).ToUniversalTime());
            await catalog.RecordFailureAsync(new FailureRecord(id, kind, RefreshInitiator.Scheduler, started, "22012", "broken", null, "h", suspend), default);
            var table = (await catalog.LoadAsync(default)).StreamTables[0];
            return (table.Status, table.ConsecutiveErrors);
        }
    }

    [Theory, PostgresVersions]
    public async Task Effective_schedules_are_shown_and_those_of_dropped_ones_ignored(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        var catalog = new StreamTableCatalog(database.Control, "node");
        await database.ExecuteAsync("CREATE TABLE t (x int); SELECT pgtrickle.create_stream_table('s', 'SELECT x FROM t')");
        var image = await catalog.LoadAsync(default);
        var id = image.StreamTables[0].PgtId;
        await catalog.WriteEffectiveSchedulesAsync(new Dictionary<long, string> { [id] = "5s", [id + 1] = "1s" }, default);
        await catalog.WriteEffectiveSchedulesAsync(new Dictionary<long, string> { [id] = "10s" }, default);
        Assert.Equal("10s", await database.ScalarAsync<string>("SELECT effective_schedule FROM pgtrickle.pgt_stream_tables"));
        Assert.False(await catalog.HasChangedAsync(image, default));
    }
}
