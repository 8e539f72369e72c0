using PgTrickle.Clients.Tests.Setup;
using PgTrickle.TestInfrastructure;
using PgTrickle.TestInfrastructure.Gateways;

namespace PgTrickle.Clients.Tests;

public sealed class NodePgTests
{
    [ClientTheory(Client.NodePg), PostgresVersions]
    public async Task A_failed_call_is_an_exception_and_the_connection_answers_the_next_query(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        Assert.Equal(["bad 22012", "next 42", "made 1"], await RunAsync(fixture, "simple"));
        Assert.Equal(0, await fixture.CountAsync("bad"));
        Assert.True(await fixture.Database.Superuser.ScalarAsync<bool>("SELECT is_populated FROM pgtrickle.stream_table_state"));
    }

    [ClientTheory(Client.NodePg), PostgresVersions]
    public async Task Named_statements_are_called_again_after_one_has_failed(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        Assert.Equal(["bad 22012", "next 42", "good none", "again 43"], await RunAsync(fixture, "prepared"));
    }

    [ClientTheory(Client.NodePg), PostgresVersions]
    public async Task Queries_that_are_queued_around_calls_get_their_own_answers(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        Assert.Equal(["1 call 2 22012 3 call 4"], await RunAsync(fixture, "queued"));
    }

    [ClientTheory(Client.NodePg), PostgresVersions]
    public async Task What_committed_with_a_failed_call_is_a_notice_and_all_results_arrive(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        Assert.Equal(["notice PGT02", "results 3 3", "next 42"], await RunAsync(fixture, "several"));
    }

    [ClientTheory(Client.NodePg)]
    [PostgresVersions("40001")]
    [PostgresVersions("57P01")]
    public async Task A_retry_loop_applies_nothing_twice(PostgresVersion version, string code)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await fixture.Database.ExecuteAsync("CREATE TABLE payments (amount int)");
        fixture.Node.FailureCode = code;
        Assert.Equal(["notice PGT02", "committed", "sole PGT03", "payments 1"], await RunAsync(fixture, "retry"));
        Assert.Equal(2, await fixture.Database.Superuser.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.commands WHERE kind = 'create'"));
    }

    [ClientTheory(Client.NodePg), PostgresVersions]
    public async Task Later_uses_of_a_pooled_connection_wait_too(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        Assert.Equal(["open 0", "open 0", "open 0", "bad 22012", "next 42"], await RunAsync(fixture, "pool"));
    }

    private static async Task<IReadOnlyList<string>> RunAsync(GatewayFixture fixture, string scenario)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Programs", "node-pg.cjs");
        var result = await InstalledClients.Of(Client.NodePg).RunAsync(fixture, [program, scenario]);
        Assert.True(result is { ExitCode: 0, Error: "" }, result.Error);
        return result.Lines;
    }
}
