using PgTrickle.Cli.Demo;
using PgTrickle.Cli.Demo.Writing;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Cli.Tests.Demo;

public sealed class WorkloadTests(ITestOutputHelper output)
{
    [Theory]
    [PostgresVersions]
    public async Task Writers_commit_roll_back_and_keep_transactions_open(PostgresVersion version)
    {
        await using var database = await TablesAsync(version);
        var workload = new Workload(database.Owner, Seed.Random(output).Next(), TimeProvider.System);
        await workload.PrepareAsync(CancellationToken.None);

        // It writes until the test has seen enough of every kind.
        using var enough = new CancellationTokenSource();
        var running = workload.RunAsync(4, TimeSpan.FromMinutes(5), CancellationToken.None, enough.Token);
        await Eventually.TrueAsync(
            () => running.IsFaulted || workload.Counters is { Committed: > 50, RolledBack: > 2, Changes: > 200, Long: > 0 }, "all shapes of transactions were seen");
        await enough.CancelAsync();
        await running;

        Assert.Equal(0, await database.Superuser.ScalarAsync<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"));
    }

    [Theory]
    [PostgresVersions]
    public async Task Every_step_runs_and_changes_rows(PostgresVersion version)
    {
        await using var database = await TablesAsync(version);
        var random = Seed.Random(output);
        var workload = new Workload(database.Owner, random.Next(), TimeProvider.System);
        await workload.PrepareAsync(CancellationToken.None);
        await using var connection = await database.Owner.OpenConnectionAsync();
        var session = new WriteSession(connection, random, workload.Keys);

        foreach (var step in WorkloadStep.All)
        {
            var changed = 0;
            for (var attempt = 0; attempt < 200 && changed == 0; attempt++)
            {
                changed += await step.RunAsync(session, CancellationToken.None);
            }

            Assert.True(changed > 0, $"'{step.Name}' never changed a row.");
        }
    }

    [Theory]
    [PostgresVersions]
    public async Task The_initial_rows_follow_from_the_seed(PostgresVersion version)
    {
        await using var first = await TablesAsync(version);
        await using var second = await TablesAsync(version);
        var seed = Seed.Random(output).Next();

        await new Workload(first.Owner, seed, TimeProvider.System).PrepareAsync(CancellationToken.None);
        await new Workload(second.Owner, seed, TimeProvider.System).PrepareAsync(CancellationToken.None);

        const string contents = """
            SELECT md5(string_agg(o::text, '' ORDER BY o.id)) FROM orders o
            UNION ALL SELECT md5(string_agg(c.customer_id || c.name || c.tier, '' ORDER BY c.customer_id)) FROM customers c
            UNION ALL SELECT md5(string_agg(e.event_id || e.event_type || coalesce(e.payload::text, ''), '' ORDER BY e.event_id)) FROM raw_events e
            """;
        Assert.Equal((await first.QueryAsync(contents)).Column<string>(), (await second.QueryAsync(contents)).Column<string>());
    }

    [Theory]
    [PostgresVersions]
    public async Task An_error_that_is_no_conflict_ends_the_run(PostgresVersion version)
    {
        await using var database = await TablesAsync(version);
        var workload = new Workload(database.Owner, Seed.Random(output).Next(), TimeProvider.System);
        await workload.PrepareAsync(CancellationToken.None);
        await database.ExecuteAsync("""
            CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'capture failed' USING ERRCODE = 'XX000'; END $$;
            CREATE TRIGGER fail AFTER INSERT ON orders FOR EACH STATEMENT EXECUTE FUNCTION fail();
            """);

        var failure = await Assert.ThrowsAsync<Npgsql.PostgresException>(
            () => workload.RunAsync(3, TimeSpan.FromMinutes(5), CancellationToken.None, CancellationToken.None));

        Assert.Equal("capture failed", failure.MessageText);
    }

    private static async Task<TestDatabase> TablesAsync(PostgresVersion version)
    {
        var database = await TestDatabase.CreateAsync(version);
        foreach (var statement in PatternScript.Load().Where(statement => statement.Kind == PatternStatementKind.Table))
        {
            await database.ExecuteAsync(statement.Sql);
        }

        return database;
    }
}
