using Microsoft.Extensions.Time.Testing;
using Npgsql;
using PgTrickle.Gateway.Tests.Setup;
using PgTrickle.TestInfrastructure;
using PgTrickle.TestInfrastructure.Gateways;
using PgTrickle.Wire;
using PgTrickle.Wire.Frontend;

namespace PgTrickle.Gateway.Tests.Sessions;

/// <summary>What a client sees of a wait that is long, or that leads nowhere.</summary>
public sealed class WaitingTests
{
    private const string Create = "SELECT pgtrickle.create_stream_table('st', 'SELECT k, v FROM t', '1m')";

    [Theory, PostgresVersions]
    public async Task A_long_fill_is_announced_before_its_results(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(
            version, options => options with { KeepAlive = TimeSpan.FromMilliseconds(20), ProgressInterval = TimeSpan.FromMilliseconds(50) });
        await fixture.Node.HoldAsync();
        await using var client = await RawClient.LogInAsync(fixture, ProtocolVersion.V30);
        await client.SendAsync(writer => QueryMessage.Write(writer, Create));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(i == 0 ? "TN(00000)" : "N(00000)", await client.ReceiveUntilAsync(BackendType.NoticeResponse));
        }

        fixture.Node.Release();
        Assert.EndsWith("DCZI", await client.ReceiveUntilAsync(BackendType.ReadyForQuery), StringComparison.Ordinal);
    }

    [Theory, PostgresVersions]
    public async Task When_the_catalog_stays_out_of_reach_the_results_come_with_a_warning_and_the_session_goes_on(PostgresVersion version)
    {
        var clock = new FakeTimeProvider();
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var gateway = fixture.StartAnother(time: clock);
        await fixture.Node.HoldAsync();
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(fixture.ConnectionString) { Port = gateway.EndPoint.Port }.ConnectionString);
        await using var connection = await source.OpenConnectionAsync();
        var warnings = new List<string>();
        connection.Notice += (_, notice) => warnings.Add($"{notice.Notice.SqlState} {notice.Notice.Detail}");
        var running = connection.ExecuteAsync(Create);
        await fixture.UntilPendingAsync();
        await fixture.SetCatalogReachableAsync(false);
        await ForwardUntilAsync(running);
        await running;
        Assert.StartsWith("PGT02 SQLSTATE 08006.", Assert.Single(warnings, warning => !warning.StartsWith("00000", StringComparison.Ordinal)), StringComparison.Ordinal);

        await fixture.SetCatalogReachableAsync(true);
        fixture.Node.Release();
        warnings.Clear();
        var next = connection.ExecuteAsync("SELECT pgtrickle.refresh_stream_table('st')");
        await ForwardUntilAsync(next);
        await next;
        Assert.DoesNotContain(warnings, warning => warning.StartsWith("PGT", StringComparison.Ordinal));
        Assert.Equal(2, await fixture.Database.Superuser.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.commands WHERE status = 'DONE'"));

        Task ForwardUntilAsync(Task task) => Eventually.TrueAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                return task.IsCompleted;
            },
            "the call has returned");
    }
}
