using PgTrickle.Postgres.Catalog;
using PgTrickle.Postgres.Ports;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Catalog;

public sealed class CommandQueueTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    [Theory, PostgresVersions]
    public async Task Each_command_is_claimed_once_in_order_one_at_a_time_for_a_stream_table(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        var queue = new CommandQueue(database.Control);
        await database.ExecuteAsync("CREATE TABLE t (x int)");
        for (var index = 0; index < 20; index++)
        {
            await database.ExecuteAsync($"SELECT pgtrickle.create_stream_table('s{index}', 'SELECT x FROM t'); SELECT pgtrickle.refresh_stream_table('s{index}')");
        }

        var claims = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => queue.ClaimAsync(Long, 4, default)));

        var claimed = claims.SelectMany(claim => claim).ToList();
        Assert.Equal(claimed.Count, claimed.Select(command => command.CommandId).Distinct().Count());
        Assert.All(claimed, command => Assert.Equal("create", command.Kind));
        Assert.All(claims, claim => Assert.Equal(claim.OrderBy(command => command.CommandId), claim));
        var first = claimed.First();
        Assert.True(await queue.CompleteAsync(first, default));
        Assert.False(await queue.CompleteAsync(first, default));
        var rest = await queue.ClaimAsync(Long, 100, default);
        Assert.Contains(rest, command => command.Kind == "refresh" && command.PgtId == first.PgtId);
        Assert.Single(rest, command => command.Kind == "refresh");
    }

    [Theory, PostgresVersions]
    public async Task A_claim_that_ran_out_goes_to_another_and_the_first_can_no_longer_finish(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        var queue = new CommandQueue(database.Control);
        await database.ExecuteAsync("CREATE TABLE t (x int); SELECT pgtrickle.create_stream_table('s', 'SELECT x FROM t')");
        var lost = Assert.Single(await queue.ClaimAsync(TimeSpan.Zero, 10, default));
        var taken = Assert.Single(await queue.ClaimAsync(Long, 10, default));
        Assert.Equal(lost.CommandId, taken.CommandId);
        Assert.Equal(CommandLease.Lost, await queue.RenewAsync(lost, Long, default));
        Assert.False(await queue.CompleteAsync(lost, default));
        Assert.Equal(CommandLease.Held, await queue.RenewAsync(taken, Long, default));
        Assert.Empty(await queue.ClaimAsync(Long, 10, default));
        Assert.True(await queue.FailAsync(taken, new RefreshFailedException(taken.PgtId!.Value, FailureKind.Permanent, "0A000", "no", "why", "how"), default));
        Assert.Equal(CommandLease.Ended, await queue.RenewAsync(taken, Long, default));
        var row = (await database.QueryAsync("SELECT status, error_code, error_message, error_detail, error_hint FROM pgtrickle.commands")).Rows[0];
        Assert.Equal(["FAILED", "0A000", "no", "why", "how"], row);
    }

    [Theory, PostgresVersions]
    public async Task Only_claims_and_outcomes_do_without_the_disk(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await using var control = DatabaseConnections.Control(database.ControlConnectionString, "one session", builder =>
        {
            builder.MaxPoolSize = 1;
            builder.NoResetOnClose = true;
            builder.Options += " -c synchronous_commit=local";
        });
        var queue = new CommandQueue(control);
        await database.ExecuteAsync("CREATE TABLE t (x int); SELECT pgtrickle.create_stream_table('s', 'SELECT x FROM t')");
        var command = Assert.Single(await queue.ClaimAsync(Long, 10, default));
        Assert.Equal("local", await control.ScalarAsync<string>("SHOW synchronous_commit"));
        Assert.True(await queue.CompleteAsync(command, default));
        Assert.Equal("local", await control.ScalarAsync<string>("SHOW synchronous_commit"));
    }

    [Theory, PostgresVersions]
    public async Task A_command_is_not_seen_before_its_transaction_commits(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        var queue = new CommandQueue(database.Control);
        await using var connection = await database.User.OpenConnectionAsync();
        await connection.ExecuteAsync("BEGIN; CREATE TABLE t (x int); SELECT pgtrickle.create_stream_table('s', 'SELECT x FROM t')");
        Assert.Empty(await queue.ClaimAsync(Long, 10, default));
        await connection.ExecuteAsync("SELECT pgtrickle.drop_stream_table('s'); SELECT pgtrickle.create_stream_table('s', 'SELECT x + 1 AS x FROM t'); COMMIT");
        Assert.Equal(["create", "drop"], (await queue.ClaimAsync(Long, 10, default)).Select(command => command.Kind).Order());
    }
}
