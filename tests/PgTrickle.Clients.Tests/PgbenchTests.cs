using PgTrickle.Clients.Tests.Setup;
using PgTrickle.TestInfrastructure;
using PgTrickle.TestInfrastructure.Gateways;

namespace PgTrickle.Clients.Tests;

public sealed class PgbenchTests
{
    [ClientTheory(Client.Pgbench)]
    [PostgresVersions("simple")]
    [PostgresVersions("extended")]
    [PostgresVersions("prepared")]
    public async Task Transactions_of_many_clients_pass(PostgresVersion version, string protocol)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        var result = await RunAsync(fixture, protocol, "\\set k random(1, 1000)\nBEGIN;\nINSERT INTO u VALUES (:k);\nSELECT count(*) FROM t WHERE k = :k;\nEND;\n");
        Assert.Contains("number of transactions actually processed: 200/200", result.Output, StringComparison.Ordinal);
        Assert.Equal(200, await fixture.Database.ScalarAsync<long>("SELECT count(*) FROM u"));
    }

    [ClientTheory(Client.Pgbench), PostgresVersions]
    public async Task Pipelines_pass(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        var result = await RunAsync(fixture, "extended", "\\startpipeline\nINSERT INTO u VALUES (1);\nSELECT 1;\nINSERT INTO u VALUES (2);\n\\endpipeline\n");
        Assert.Contains("number of transactions actually processed: 200/200", result.Output, StringComparison.Ordinal);
        Assert.Equal(400, await fixture.Database.ScalarAsync<long>("SELECT count(*) FROM u"));
    }

    [ClientTheory(Client.Pgbench), PostgresVersions]
    public async Task Calls_in_a_pipeline_are_carried_out_before_it_ends(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await fixture.Connections.ExecuteAsync(Statements.Create);
        await RunAsync(fixture, "extended", "\\startpipeline\nINSERT INTO u VALUES (1);\nSELECT pgtrickle.refresh_stream_table('st');\nINSERT INTO u VALUES (2);\n\\endpipeline\n", 5);
        Assert.Equal(20, await fixture.Database.Superuser.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.commands WHERE kind = 'refresh' AND status = 'DONE'"));
        Assert.Equal(40, await fixture.Database.ScalarAsync<long>("SELECT count(*) FROM u"));
    }

    private static async Task<ClientResult> RunAsync(GatewayFixture fixture, string protocol, string script, int transactions = 50)
    {
        await fixture.Database.ExecuteAsync("CREATE TABLE u (x int)");
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, script);
            var result = await InstalledClients.Of(Client.Pgbench).RunAsync(fixture, ["-n", "-M", protocol, "-c", "4", "-t", $"{transactions}", "-f", file]);
            Assert.True(result.ExitCode == 0, result.Error);
            return result;
        }
        finally
        {
            File.Delete(file);
        }
    }
}
