using Npgsql;
using PgTrickle.Postgres.Ports;
using PgTrickle.Postgres.Refresh;
using PgTrickle.Postgres.Tests.Refresh;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Concurrency;

/// <summary>Nodes that meet on one stream table, writers that overlap refreshes, DDL in the middle of one.</summary>
public sealed class ConflictTests
{
    private const string Source = "CREATE TABLE src (id int PRIMARY KEY, a int); INSERT INTO src SELECT n, n FROM generate_series(1, 100) AS n;";

    [Theory, PostgresVersions]
    public async Task Two_nodes_that_refresh_one_stream_table_at_once_apply_each_change_once(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await using var second = await harness.AddNodeAsync();
        await harness.CreateAsync("st", "SELECT count(*) AS n, sum(a) AS total FROM src");
        await harness.ExecuteAsync("INSERT INTO src VALUES (200, 1000)");

        // The first holds the row; the second is refused at once, and finds nothing to do when it comes again.
        await harness.RefreshPausedAsync(async _ =>
        {
            var refusal = await Assert.ThrowsAsync<PostgresException>(() => second.RefreshPausedAsync(_ => Task.CompletedTask, _ => Task.CompletedTask, [harness.Id("st")]));
            Assert.Equal(PostgresErrorCodes.LockNotAvailable, refusal.SqlState);
        }, "st");
        Assert.Equal(RefreshAction.NoData, (await second.Engine.RefreshAsync(new([harness.Id("st")], RefreshInitiator.Scheduler), CancellationToken.None)).Members[0].Action);
        await harness.CompareAsync();

        // The second has its snapshot before the first commits, and wants the row after: 40001.
        await harness.ExecuteAsync("INSERT INTO src VALUES (201, 1000)");
        await using var late = await second.Worker.OpenConnectionAsync();
        await late.ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ");
        await late.ScalarAsync<string>("SELECT pg_current_snapshot()::text");
        await harness.RefreshAsync("st");
        var conflict = await Assert.ThrowsAsync<PostgresException>(() => late.ExecuteAsync(
            "SELECT pgtrickle.refresh_open($1, $2, $3, 'AUTO')", new[] { harness.Id("st") }, second.Identity.NodeId, second.Identity.Token.ToArray()));
        Assert.Equal(PostgresErrorCodes.SerializationFailure, conflict.SqlState);
        await late.ExecuteAsync("ROLLBACK");
        await harness.CompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task Many_nodes_that_refresh_all_the_time_stay_right(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT a % 5 AS k, count(*) AS n, sum(a) AS total FROM src GROUP BY a % 5");
        var nodes = new List<TestNode>();
        for (var index = 0; index < 3; index++)
        {
            nodes.Add(await harness.AddNodeAsync(new RefreshEngineOptions { Retries = 100 }));
        }

        for (var round = 0; round < 10; round++)
        {
            await harness.ExecuteAsync($"UPDATE src SET a = a + 1 WHERE id % 10 = {round}; INSERT INTO src VALUES ({1000 + round}, {round})");
            await Task.WhenAll(nodes.Select(node => node.Engine.RefreshAsync(new([harness.Id("st")], RefreshInitiator.Scheduler), CancellationToken.None)));
            await harness.CompareAsync();
        }

        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }
    }

    [Theory, PostgresVersions]
    public async Task A_row_held_by_a_node_that_is_no_member_any_more_is_freed(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, a FROM src");
        await using var frozen = await harness.AddNodeAsync();
        await harness.ExecuteAsync("UPDATE src SET a = 0");
        await using var held = await frozen.Worker.OpenConnectionAsync();
        await held.ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ");
        await held.ExecuteAsync(
            "SELECT pgtrickle.refresh_open($1, $2, $3, 'AUTO')", new[] { harness.Id("st") }, frozen.Identity.NodeId, frozen.Identity.Token.ToArray());

        // As long as it is a member it is only busy.
        await using (var patient = await harness.AddNodeAsync(new RefreshEngineOptions { Retries = 2 }))
        {
            var failure = await Assert.ThrowsAsync<RefreshFailedException>(() => patient.Engine.RefreshAsync(new([harness.Id("st")], RefreshInitiator.Scheduler), CancellationToken.None));
            Assert.Equal(FailureKind.Transient, failure.Kind);
        }

        await harness.Database.Control.ExecuteAsync("DELETE FROM pgtrickle.cluster_members WHERE node_id = $1", frozen.Identity.NodeId);
        Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("st")).Action);
        await harness.CompareAsync();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => held.ExecuteAsync("SELECT 1"));
    }

    [Theory, PostgresVersions]
    public async Task A_transaction_that_commits_after_later_ones_were_consumed_is_not_lost(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, a FROM src");
        await using var slow = await harness.Database.User.OpenConnectionAsync();
        await slow.ExecuteAsync("BEGIN; UPDATE src SET a = -1 WHERE id = 1; SAVEPOINT s; DELETE FROM src WHERE id = 2; ROLLBACK TO s");
        await using var prepared = await harness.Database.User.OpenConnectionAsync();
        await prepared.ExecuteAsync("BEGIN; UPDATE src SET a = -3 WHERE id = 3; PREPARE TRANSACTION 'later'");
        for (var round = 0; round < 3; round++)
        {
            await harness.ExecuteAsync($"UPDATE src SET a = a + 1 WHERE id > 50; INSERT INTO src VALUES ({1000 + round}, 0)");
            await harness.RefreshAndCompareAsync();
            await harness.Engine.CleanUpAsync(CancellationToken.None);
        }

        await slow.ExecuteAsync("COMMIT");
        await harness.RefreshAndCompareAsync();
        await prepared.ExecuteAsync("COMMIT PREPARED 'later'");
        await harness.RefreshAndCompareAsync();
        Assert.Equal(RefreshAction.NoData, (await harness.RefreshAsync("st")).Action);
    }

    [Theory]
    [PostgresVersions("TRUNCATE other")]
    [PostgresVersions("ALTER TABLE other ALTER u TYPE bigint")]
    [PostgresVersions("DROP TABLE more; CREATE TABLE part_2 PARTITION OF part FOR VALUES IN (2)")]
    [PostgresVersions("ALTER TABLE part DETACH PARTITION part_1")]
    [PostgresVersions("ALTER TABLE part ATTACH PARTITION more FOR VALUES IN (2)")]
    public async Task What_an_old_snapshot_would_read_wrongly_makes_the_refresh_start_again(PostgresVersion version, string ddl)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source + """
            CREATE TABLE other (id int PRIMARY KEY, v int, u int); INSERT INTO other SELECT n, n, n FROM generate_series(1, 50) AS n;
            CREATE TABLE part (id int, k int) PARTITION BY LIST (k); CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
            CREATE TABLE more (id int, k int); INSERT INTO more VALUES (1, 2), (2, 2); INSERT INTO part SELECT n, 1 FROM generate_series(1, 20) AS n;
            """);
        await harness.CreateAsync("st", "SELECT s.id, o.v, p.k FROM src s JOIN other o ON o.id = s.id JOIN part p ON p.id = s.id");
        await harness.ExecuteAsync("UPDATE src SET a = a + 1; UPDATE src SET id = id + 1000 WHERE id < 5");
        var conflict = await Assert.ThrowsAsync<PostgresException>(() => harness.Node.RefreshPausedAsync(
            _ => harness.ExecuteAsync(ddl), _ => Task.CompletedTask, [harness.Id("st")]));
        Assert.Equal(PostgresErrorCodes.SerializationFailure, conflict.SqlState);
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task A_plain_table_or_one_beneath_a_node_that_is_truncated_makes_the_refresh_start_again(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source + "CREATE TABLE other (id int PRIMARY KEY, v int); INSERT INTO other SELECT n, n % 5 FROM generate_series(1, 50) AS n;");
        await harness.CreateAsync("joined", "SELECT s.id, o.v FROM src s JOIN other o ON o.id = s.id");
        await harness.CreateAsync("grouped", "SELECT s.id, x.n FROM src s JOIN (SELECT v, count(*) AS n FROM other GROUP BY v) AS x ON x.v = s.a");
        foreach (var name in (string[])["joined", "grouped"])
        {
            // The first refresh leaves a stamp, by which the next knows that there are neither partitions nor children.
            foreach (var change in (string[])["UPDATE src SET a = 3 WHERE id > 90", "UPDATE src SET a = a + 1; UPDATE src SET id = id + 1000 WHERE id < 5"])
            {
                await harness.RefreshAndCompareAsync();
                await harness.ExecuteAsync(change);
            }

            var conflict = await Assert.ThrowsAsync<PostgresException>(() => harness.Node.RefreshPausedAsync(
                _ => harness.ExecuteAsync("TRUNCATE other; INSERT INTO other SELECT n, n % 3 FROM generate_series(10, 40) AS n"), _ => Task.CompletedTask, [harness.Id(name)]));
            Assert.Equal(PostgresErrorCodes.SerializationFailure, conflict.SqlState);
            await harness.RefreshAndCompareAsync();
            Assert.Equal("a source was truncated", await harness.HistoryAsync<string>(name, "fallback_reason"));
        }
    }

    [Theory, PostgresVersions]
    public async Task A_node_that_takes_over_a_creation_anywhere_brings_it_to_its_end(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source + "CREATE TABLE other (id int PRIMARY KEY);");
        var id = await harness.DefineAsync("st", "SELECT s.id, s.a FROM src s JOIN other o ON o.id = s.id");
        await using var second = await harness.AddNodeAsync();
        // A writer keeps the second source's trigger from being made, so that the first node stops halfway.
        await using (var writer = await harness.Database.User.OpenConnectionAsync())
        {
            await writer.ExecuteAsync("BEGIN; INSERT INTO other VALUES (1); INSERT INTO src VALUES (500, 1)");
            await using var hasty = await harness.AddNodeAsync(new RefreshEngineOptions { SetupRetries = 1 });
            var failure = await Assert.ThrowsAsync<RefreshFailedException>(() => hasty.Engine.InitializeAsync(id, true, CancellationToken.None));
            Assert.Equal((FailureKind.Transient, PostgresErrorCodes.LockNotAvailable), (failure.Kind, failure.SqlState));
            await writer.ExecuteAsync("COMMIT");
        }

        await harness.ExecuteAsync("INSERT INTO other VALUES (2), (3)");
        await second.Engine.InitializeAsync(id, fill: false, CancellationToken.None);
        await harness.ExecuteAsync("DELETE FROM src WHERE id = 2");
        await Task.WhenAll(
            harness.Engine.InitializeAsync(id, true, CancellationToken.None),
            second.Engine.InitializeAsync(id, true, CancellationToken.None));
        await harness.CompareAsync();
        await harness.ExecuteAsync("INSERT INTO other VALUES (4); UPDATE src SET a = 0");
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task A_stream_table_dropped_during_its_refresh_goes_after_it(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, a FROM src");
        await harness.ExecuteAsync("UPDATE src SET a = 0");
        Task? drop = null;
        await harness.RefreshPausedAsync(
            async _ =>
            {
                drop = harness.ExecuteAsync("SELECT pgtrickle.drop_stream_table('st')");
                await Eventually.TrueAsync(
                    async () => await harness.Database.Database.Superuser.ScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE NOT granted") > 0, "the drop waits");
            }, "st");
        await drop!;
        var failure = await Assert.ThrowsAsync<RefreshFailedException>(() => harness.RefreshAsync("st"));
        Assert.Equal((FailureKind.Permanent, PostgresErrorCodes.UndefinedTable), (failure.Kind, failure.SqlState));
        await harness.Engine.CleanUpAsync(CancellationToken.None);
        Assert.Equal(0, await harness.Database.ScalarAsync<long>("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'src'::regclass AND tgname LIKE 'pgtrickle%'"));
    }

    [Theory, PostgresVersions]
    public async Task A_connection_that_is_lost_before_the_commit_leaves_nothing_and_one_lost_in_the_pool_is_not_noticed(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT a % 3 AS k, count(*) AS n, sum(a) AS total FROM src GROUP BY a % 3");
        await harness.ExecuteAsync("UPDATE src SET a = a + 1");
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => harness.RefreshPausedAsync(
            connection => harness.Database.Control.ExecuteAsync("SELECT pg_terminate_backend($1)", connection.ProcessID), "st"));
        Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("st")).Action);
        await harness.CompareAsync();

        await harness.ExecuteAsync("UPDATE src SET a = a + 1");
        await harness.Database.Control.ExecuteAsync(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'pgtrickle_worker' AND datname = current_database()");
        Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("st")).Action);
        await harness.CompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task One_failing_member_keeps_its_whole_group_as_it_was(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("fine", "SELECT id, a FROM src");
        await harness.CreateAsync("fails", "SELECT id, 100 / a AS q FROM fine");
        await harness.ExecuteAsync("UPDATE src SET a = 7 WHERE id = 1; INSERT INTO src VALUES (300, 0)");
        var failure = await Assert.ThrowsAsync<RefreshFailedException>(() => harness.RefreshAllAsync("fine", "fails"));
        Assert.Equal((FailureKind.Query, harness.Id("fails")), (failure.Kind, failure.PgtId));
        Assert.Equal("DIFFERENTIAL", await harness.StateAsync<string>("fails", "effective_refresh_mode"));
        Assert.Equal(100, await harness.Database.ScalarAsync<long>("SELECT count(*) FROM fine"));
        Assert.Equal(0, await harness.Database.ScalarAsync<long>("SELECT count(*) FROM fine WHERE a = 7 AND id = 1"));
        await harness.ExecuteAsync("UPDATE src SET a = 4 WHERE id = 300");
        await harness.RefreshAllAsync("fine", "fails");
        await harness.CompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task A_column_that_is_captured_anew_while_a_writer_is_open_misses_none_of_his_changes(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, "CREATE TABLE src (id int PRIMARY KEY, a int, b int); INSERT INTO src SELECT n, n, n FROM generate_series(1, 20) AS n;");
        await harness.CreateAsync("first", "SELECT id, a FROM src");
        await using var before = await harness.Database.User.OpenConnectionAsync();
        await before.ExecuteAsync("BEGIN; UPDATE src SET b = -1, a = -1 WHERE id = 1");
        await using var idle = await harness.Database.User.OpenConnectionAsync();
        await idle.ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
        var creating = harness.CreateAsync("second", "SELECT id, b FROM src");
        await before.ExecuteAsync("UPDATE src SET b = -2 WHERE id = 2; COMMIT");
        await creating;
        await idle.ExecuteAsync("UPDATE src SET b = -3 WHERE id = 3; COMMIT");
        await harness.RefreshAndCompareAsync();
        Assert.Equal(2, await harness.Database.Control.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.captures"));
    }
}
