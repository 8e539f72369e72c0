using System.Globalization;
using PgTrickle.Postgres.Catalog;
using PgTrickle.Postgres.Refresh;
using PgTrickle.Postgres.Tests.Refresh;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Capture;

/// <summary>Clean-up removes what all have behind them, and nothing else; the detector knows what it can no longer tell.</summary>
public sealed class CleanUpTests
{
    private const string Source = "CREATE TABLE src (id int PRIMARY KEY, a int); INSERT INTO src SELECT n, n FROM generate_series(1, 100) AS n;";

    [Theory]
    [PostgresVersions(1L << 40)]
    [PostgresVersions(1L)]
    public async Task Rows_stay_until_the_slowest_consumer_has_read_them(PostgresVersion version, long truncateFrom)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source, new RefreshEngineOptions { TruncateFrom = truncateFrom });
        await harness.CreateAsync("fast", "SELECT id, a FROM src");
        await harness.CreateAsync("slow", "SELECT a, id FROM src");
        await harness.ExecuteAsync("UPDATE src SET a = a + 1");
        await harness.RefreshAsync("fast");
        await harness.Engine.CleanUpAsync(CancellationToken.None);
        Assert.Equal(200, await harness.BufferRowsAsync("fast"));
        await harness.RefreshAsync("slow");
        Assert.Equal(200, await harness.Engine.CleanUpAsync(CancellationToken.None));
        Assert.Equal(0, await harness.BufferRowsAsync("fast"));
        await harness.ExecuteAsync("UPDATE src SET a = a + 1 WHERE id = 1");
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task A_stream_table_in_creation_keeps_what_came_after_its_registration(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source, new RefreshEngineOptions { TruncateFrom = 1 });
        await harness.CreateAsync("old", "SELECT id, a FROM src");
        var id = await harness.DefineAsync("young", "SELECT id, a FROM src");
        await harness.Engine.InitializeAsync(id, fill: false, CancellationToken.None);
        await harness.ExecuteAsync("UPDATE src SET a = a + 1");
        await harness.RefreshAsync("old");
        Assert.Equal(0, await harness.Engine.CleanUpAsync(CancellationToken.None));
        Assert.Equal(200, await harness.BufferRowsAsync("old"));
        await harness.RefreshAsync("young");
        await harness.CompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task Changes_of_open_transactions_outlive_a_clean_up(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source, new RefreshEngineOptions { TruncateFrom = 1 });
        await harness.CreateAsync("st", "SELECT id, a FROM src");
        await using var writer = await harness.Database.User.OpenConnectionAsync();
        await writer.ExecuteAsync("BEGIN; UPDATE src SET a = -1 WHERE id = 1");
        await harness.ExecuteAsync("UPDATE src SET a = -2 WHERE id = 2");
        await harness.RefreshAsync("st");
        await harness.Engine.CleanUpAsync(CancellationToken.None);
        await writer.ExecuteAsync("COMMIT");
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task A_capture_without_consumers_is_dropped_with_its_triggers_once_the_source_is_free(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, a FROM src");
        await harness.ExecuteAsync("SELECT pgtrickle.drop_stream_table('st')");
        harness.Forget("st");
        await using (var writer = await harness.Database.User.OpenConnectionAsync())
        {
            await writer.ExecuteAsync("BEGIN; INSERT INTO src VALUES (1000, 1)");
            await harness.Engine.CleanUpAsync(CancellationToken.None);
            Assert.Equal(4, await TriggersAsync(harness));
            await writer.ExecuteAsync("COMMIT");
        }

        await harness.Engine.CleanUpAsync(CancellationToken.None);
        Assert.Equal(0, await TriggersAsync(harness));
        Assert.Equal(0, await harness.Database.Control.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.captures"));
        await harness.CreateAsync("again", "SELECT id, a FROM src");
        await harness.ExecuteAsync("UPDATE src SET a = 0");
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task The_detector_tells_sources_with_committed_changes_once(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source + "CREATE TABLE other (id int)");
        await harness.CreateAsync("st", "SELECT id, a FROM src");
        await harness.CreateAsync("st2", "SELECT id FROM other");
        var src = await harness.Database.ScalarAsync<uint>("SELECT 'src'::regclass::oid");
        var first = await harness.Node.Detector.PollAsync(null, CancellationToken.None);
        Assert.True(first.Everything);

        await using var writer = await harness.Database.User.OpenConnectionAsync();
        await writer.ExecuteAsync("BEGIN; UPDATE src SET a = 0 WHERE id = 1");
        var second = await harness.Node.Detector.PollAsync(first.Snapshot, CancellationToken.None);
        Assert.False(second.Everything);
        Assert.Empty(second.ChangedSources);
        await harness.ExecuteAsync("INSERT INTO other VALUES (1)");
        var third = await harness.Node.Detector.PollAsync(second.Snapshot, CancellationToken.None);
        Assert.DoesNotContain(src, third.ChangedSources);
        await writer.ExecuteAsync("COMMIT");
        var fourth = await harness.Node.Detector.PollAsync(third.Snapshot, CancellationToken.None);
        Assert.Equal([src], fourth.ChangedSources);
        Assert.Empty((await harness.Node.Detector.PollAsync(fourth.Snapshot, CancellationToken.None)).ChangedSources);
    }

    [Theory, PostgresVersions]
    public async Task A_detector_that_slept_longer_than_the_log_is_kept_is_told_everything(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source, new RefreshEngineOptions { LogRetention = TimeSpan.Zero });
        await harness.CreateAsync("st", "SELECT id, a FROM src");
        var before = (await harness.Node.Detector.PollAsync(null, CancellationToken.None)).Snapshot;
        await harness.ExecuteAsync("UPDATE src SET a = 0");
        await harness.RefreshAsync("st");
        await Eventually.TrueAsync(
            async () =>
            {
                await harness.Engine.CleanUpAsync(CancellationToken.None);
                return await LogRowsAsync(harness) == 0;
            },
            "the log is trimmed");
        Assert.True((await harness.Node.Detector.PollAsync(before, CancellationToken.None)).Everything);
        var now = (await harness.Node.Detector.PollAsync(null, CancellationToken.None)).Snapshot;
        Assert.False((await harness.Node.Detector.PollAsync(now, CancellationToken.None)).Everything);
    }

    [Theory, PostgresVersions]
    public async Task What_was_seen_on_another_server_tells_nothing_of_this_one(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, a FROM src");
        var catalog = new StreamTableCatalog(harness.Database.Control, "test");
        var image = await catalog.LoadAsync(CancellationToken.None);
        Assert.False(await catalog.HasChangedAsync(image, CancellationToken.None));
        var here = (await harness.Node.Detector.PollAsync(null, CancellationToken.None)).Snapshot;
        // What a primary had seen that was lost before its standby, which has been running for another time, got the last transactions.
        var elsewhere = $"900000000000:900000000000:@{double.Parse(here.Split('@')[1], CultureInfo.InvariantCulture) - 1000}";
        await harness.ExecuteAsync("UPDATE src SET a = 0; SELECT pgtrickle.alter_stream_table('st', tier => 'cold')");
        Assert.True((await harness.Node.Detector.PollAsync(elsewhere, CancellationToken.None)).Everything);
        Assert.True(await catalog.HasChangedAsync(image with { Snapshot = elsewhere }, CancellationToken.None));
        var polled = await harness.Node.Detector.PollAsync(here, CancellationToken.None);
        Assert.False(polled.Everything);
        Assert.Single(polled.ChangedSources);
    }

    private static Task<long> TriggersAsync(RefreshHarness harness) => harness.Database.ScalarAsync<long>(
        "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'src'::regclass AND tgname LIKE 'pgtrickle%'");

    private static Task<long> LogRowsAsync(RefreshHarness harness) => harness.Database.Control.ScalarAsync<long>("SELECT count(*) FROM pgtrickle_changes.log");
}
