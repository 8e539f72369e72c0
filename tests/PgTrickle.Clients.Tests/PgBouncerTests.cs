using Npgsql;
using PgTrickle.Clients.Tests.Setup;
using PgTrickle.TestInfrastructure;
using PgTrickle.TestInfrastructure.Gateways;

namespace PgTrickle.Clients.Tests;

/// <summary>PgBouncer in front of the gateway, which makes no difference, and between the gateway and the server, where calls can not be waited for.</summary>
public sealed class PgBouncerTests
{
    private static readonly string[] Ignored = ["ignore_startup_parameters = extra_float_digits"];

    [ClientTheory(Client.PgBouncer)]
    [PostgresVersions("session")]
    [PostgresVersions("transaction")]
    public async Task In_front_of_the_gateway_calls_are_waited_for_whoever_uses_the_connection(PostgresVersion version, string mode)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var bouncer = await InFrontAsync(fixture, mode);
        for (var i = 0; i < 3; i++)
        {
            await using var source = Connect(fixture, bouncer.Port);
            await source.ExecuteAsync($"SELECT pgtrickle.create_stream_table('st{i}', 'SELECT k, v FROM t', '1m')");
            Assert.Equal(0, await OpenAsync(fixture));
            var error = await Assert.ThrowsAsync<PostgresException>(() => source.ExecuteAsync(Statements.CreateBad));
            Assert.Equal("22012", error.SqlState);
            Assert.Equal(42, await source.ScalarAsync<int>("SELECT 42"));
        }

        Assert.Equal(0, await fixture.CountAsync("bad"));

        // One connection of PgBouncer's served all three.
        Assert.Equal(1, fixture.Gateway.SessionCount);
    }

    [ClientTheory(Client.PgBouncer), PostgresVersions]
    public async Task A_cancel_request_passes_through_both(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var bouncer = await InFrontAsync(fixture, "session");
        await fixture.Node.HoldAsync();
        await using var source = Connect(fixture, bouncer.Port);
        await using var connection = await source.OpenConnectionAsync();
        using var cancellation = new CancellationTokenSource();
        await using var command = new NpgsqlCommand(Statements.Create, connection);
        var running = command.ExecuteNonQueryAsync(cancellation.Token);
        await fixture.UntilPendingAsync();
        await cancellation.CancelAsync();
        var error = await Assert.ThrowsAsync<OperationCanceledException>(() => running);
        Assert.Equal("57014", Assert.IsType<PostgresException>(error.InnerException).SqlState);
        Assert.Equal(0, await fixture.CountAsync("st"));
        Assert.Equal(42, await connection.ScalarAsync<int>("SELECT 42"));
    }

    [ClientTheory(Client.PgBouncer, Client.Psql)]
    [PostgresVersions("session")]
    [PostgresVersions("transaction")]
    public async Task In_front_of_the_gateway_psql_goes_on_after_a_failed_call(PostgresVersion version, string mode)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var bouncer = await InFrontAsync(fixture, mode);
        var script = $"{Statements.CreateBad};\nSELECT 42;\nBEGIN;\nINSERT INTO t VALUES (3, 30);\n{Statements.CreateBad};\nCOMMIT;\nSELECT count(*) FROM t;\n";
        var result = await InstalledClients.Of(Client.Psql).RunAsync(fixture, ["-X", "-At", "-v", "VERBOSITY=verbose"], script, bouncer.Port);
        Assert.Equal(["42", "BEGIN", "INSERT 0 1", "COMMIT", "3"], result.Lines);
        Assert.Contains("ERROR:  22012: the fill failed", result.Error, StringComparison.Ordinal);
        Assert.Contains("WARNING:  PGT02", result.Error, StringComparison.Ordinal);
    }

    /// <summary>PgBouncer either refuses the setting by which a session tells that somebody waits, or drops it.</summary>
    [ClientTheory(Client.PgBouncer)]
    [PostgresVersions("session", "extra_float_digits")]
    [PostgresVersions("session", "extra_float_digits, options")]
    [PostgresVersions("transaction", "extra_float_digits")]
    [PostgresVersions("transaction", "extra_float_digits, options")]
    public async Task Between_gateway_and_server_calls_are_those_of_a_direct_connection(PostgresVersion version, string mode, string ignored)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var bouncer = await Bouncer.StartAsync(
            InstalledClients.Of(Client.PgBouncer).Path!, fixture.Database.Server.Postgres.Port, fixture.Database.OwnerRole,
            $"pool_mode = {mode}", $"ignore_startup_parameters = {ignored}");
        await using var gateway = fixture.StartAnother(options => options with { Server = options.Server with { Port = bouncer.Port } });
        await fixture.Node.HoldAsync();
        await using var source = Connect(fixture, gateway.EndPoint.Port);
        await using var connection = await source.OpenConnectionAsync();
        var notices = new List<string>();
        connection.Notice += (_, notice) => notices.Add(notice.Notice.Severity);
        await connection.ExecuteAsync(Statements.Create);
        await connection.ExecuteAsync(Statements.CreateBad);
        Assert.Equal(["NOTICE", "NOTICE"], notices);
        Assert.Equal(42, await connection.ScalarAsync<int>("SELECT 42"));
        Assert.Equal(2, await OpenAsync(fixture));
        fixture.Node.Release();
        await Eventually.TrueAsync(async () => await OpenAsync(fixture) == 0, "the calls are carried out");
        Assert.Equal(2, await fixture.CountAsync("st") + await fixture.CountAsync("bad"));
    }

    [ClientTheory(Client.PgBouncer), PostgresVersions]
    public async Task Between_gateway_and_server_statements_are_cancelled_where_they_run(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var bouncer = await Bouncer.StartAsync(
            InstalledClients.Of(Client.PgBouncer).Path!, fixture.Database.Server.Postgres.Port, fixture.Database.OwnerRole, Ignored);
        await using var gateway = fixture.StartAnother(options => options with { Server = options.Server with { Port = bouncer.Port } });
        await using var source = Connect(fixture, gateway.EndPoint.Port);
        await using var connection = await source.OpenConnectionAsync();
        using var cancellation = new CancellationTokenSource();
        await using var command = new NpgsqlCommand("SELECT pg_sleep(600)", connection);
        var running = command.ExecuteNonQueryAsync(cancellation.Token);
        await fixture.UntilRunningAsync("SELECT pg_sleep(600)");
        await cancellation.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => running);
        Assert.Equal(42, await connection.ScalarAsync<int>("SELECT 42"));
    }

    private static Task<Bouncer> InFrontAsync(GatewayFixture fixture, string mode) => Bouncer.StartAsync(
        InstalledClients.Of(Client.PgBouncer).Path!, fixture.Port, fixture.Database.OwnerRole, [$"pool_mode = {mode}", "default_pool_size = 1", .. Ignored]);

    private static NpgsqlDataSource Connect(GatewayFixture fixture, int port) => NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(fixture.ConnectionString) { Port = port, NoResetOnClose = true }.ConnectionString);

    private static Task<long> OpenAsync(GatewayFixture fixture) =>
        fixture.Database.Superuser.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.commands WHERE status NOT IN ('DONE', 'FAILED')");
}
