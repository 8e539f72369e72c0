using PgTrickle.Clients.Tests.Setup;
using PgTrickle.TestInfrastructure;
using PgTrickle.TestInfrastructure.Gateways;

namespace PgTrickle.Clients.Tests;

public sealed class JdbcTests
{
    [ClientTheory(Client.Jdbc)]
    [PostgresVersions("simple")]
    [PostgresVersions("extended")]
    public async Task A_failed_call_is_an_exception_and_the_connection_answers_the_next_query(PostgresVersion version, string mode)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        Assert.Equal(["bad 22012", "next 42", "made 1"], await RunAsync(fixture, "simple", mode));
        Assert.Equal(0, await fixture.CountAsync("bad"));
        Assert.True(await fixture.Database.Superuser.ScalarAsync<bool>("SELECT is_populated FROM pgtrickle.stream_table_state"));
    }

    [ClientTheory(Client.Jdbc), PostgresVersions]
    public async Task Prepared_statements_are_called_again_after_they_have_failed(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        Assert.Equal(["bad 22012", "next 42", "bad 22012", "next 42", "st none", "next 42", "bad 22012", "next 42"], await RunAsync(fixture, "prepared"));
        Assert.Equal(0, await fixture.CountAsync("bad"));
    }

    [ClientTheory(Client.Jdbc), PostgresVersions]
    public async Task A_batch_around_a_failed_call_has_committed_and_says_so(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        Assert.Equal(["counts [1, 0, 1]", "warnings [PGT02]", "rows 4"], await RunAsync(fixture, "batch"));
    }

    [ClientTheory(Client.Jdbc)]
    [PostgresVersions("40001")]
    [PostgresVersions("57P01")]
    public async Task A_retry_loop_applies_nothing_twice(PostgresVersion version, string code)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await fixture.Database.ExecuteAsync("CREATE TABLE payments (amount int)");
        fixture.Node.FailureCode = code;
        Assert.Equal(["committed", "sole PGT03", "payments 1"], await RunAsync(fixture, "retry"));
        Assert.Equal(2, await fixture.Database.Superuser.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.commands WHERE kind = 'create'"));
    }

    [ClientTheory(Client.Jdbc), PostgresVersions]
    public async Task The_driver_s_query_timeout_cancels_the_call_and_leaves_nothing(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await fixture.Node.HoldAsync();
        Assert.Equal(["timeout 57014", "next 42", "made 0"], await RunAsync(fixture, "timeout"));
    }

    [ClientTheory(Client.Jdbc), PostgresVersions]
    public async Task Copy_passes_both_ways(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        Assert.Equal(["copied 2", "read 5 6", "next 42"], await RunAsync(fixture, "copy"));
    }

    [ClientTheory(Client.Jdbc), PostgresVersions]
    public async Task A_cursor_that_is_read_in_pieces_survives_a_call_between_them(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        Assert.Equal(["sum 4560", "made 1"], await RunAsync(fixture, "cursor"));
    }

    private static async Task<IReadOnlyList<string>> RunAsync(GatewayFixture fixture, params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Programs", "Jdbc.java");
        var result = await InstalledClients.Of(Client.Jdbc).RunAsync(fixture, [program, .. arguments]);
        Assert.True(result is { ExitCode: 0, Error: "" }, result.Error);
        return result.Lines;
    }
}
