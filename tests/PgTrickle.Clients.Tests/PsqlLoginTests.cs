using System.Globalization;
using Npgsql;
using PgTrickle.Clients.Tests.Setup;
using PgTrickle.TestInfrastructure;
using PgTrickle.TestInfrastructure.Gateways;

namespace PgTrickle.Clients.Tests;

public sealed class PsqlLoginTests
{
    private static readonly CertificatePair Own = CertificatePair.Create("gateway");

    [ClientTheory(Client.Psql)]
    [PostgresVersions("disable", SslMode.Disable)]
    [PostgresVersions("disable", SslMode.VerifyFull)]
    [PostgresVersions("require", SslMode.Disable)]
    [PostgresVersions("require", SslMode.VerifyFull)]
    public async Task Psql_logs_in_with_and_without_TLS(PostgresVersion version, string clientMode, SslMode serverMode)
    {
        await using var fixture = await LoginFixture.StartAsync(version, serverMode, Own);
        var result = await LogInAsync(fixture, clientMode, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
        Assert.Equal((0, serverMode == SslMode.Disable ? "f\n" : "t\n", ""), (result.ExitCode, result.Output, result.Error));
    }

    [ClientTheory(Client.Psql), PostgresVersions]
    public async Task Libpq_logs_in_by_its_own_proof_where_no_password_is_asked_for_in_the_clear(PostgresVersion version)
    {
        await using var fixture = await LoginFixture.StartAsync(version, SslMode.VerifyFull, Own, options => options with { TrustsLoopback = false });
        var result = await LogInAsync(fixture, "disable", "SELECT current_user");
        Assert.Equal((0, "ann\n", ""), (result.ExitCode, result.Output, result.Error));
    }

    private static Task<ClientResult> LogInAsync(LoginFixture fixture, string mode, string sql) => InstalledClients.Of(Client.Psql).RunAsync(
        ["-X", "-At", "-c", sql],
        input: null,
        ("PGHOST", "127.0.0.1"), ("PGPORT", fixture.Gateway.EndPoint.Port.ToString(CultureInfo.InvariantCulture)), ("PGUSER", "ann"), ("PGDATABASE", "postgres"),
        ("PGPASSWORD", TlsServer.Password), ("PGSSLMODE", mode));
}
