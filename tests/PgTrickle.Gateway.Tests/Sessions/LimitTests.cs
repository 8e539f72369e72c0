using System.Diagnostics.Metrics;
using Npgsql;
using PgTrickle.Gateway.Tests.Setup;
using PgTrickle.TestInfrastructure;
using PgTrickle.TestInfrastructure.Gateways;
using PgTrickle.Wire;
using PgTrickle.Wire.Frontend;
using PgTrickle.Wire.Startup;

namespace PgTrickle.Gateway.Tests.Sessions;

public sealed class LimitTests
{
    [Theory, PostgresVersions]
    public async Task A_session_too_many_is_refused_and_leaves_room_when_it_is_gone(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version, options => options with { MaxSessions = 2 });
        await using var first = await RawClient.LogInAsync(fixture, ProtocolVersion.V30);
        await using (await RawClient.LogInAsync(fixture, ProtocolVersion.V30))
        {
            var error = await Assert.ThrowsAsync<InvalidOperationException>(() => RawClient.LogInAsync(fixture, ProtocolVersion.V30));
            Assert.Contains("FATAL 53300", error.Message, StringComparison.Ordinal);
        }

        await Eventually.TrueAsync(() => fixture.Gateway.SessionCount == 1, "there is room");
        await using var third = await RawClient.LogInAsync(fixture, ProtocolVersion.V30);
    }

    [Theory, PostgresVersions]
    public async Task A_client_that_says_nothing_is_sent_away(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version, options => options with { LoginTimeout = TimeSpan.FromMilliseconds(200) });
        await using var client = await RawClient.ConnectAsync(fixture.Port);
        await Assert.ThrowsAsync<EndOfStreamException>(client.ReceiveAsync);
    }

    [Theory, PostgresVersions]
    public async Task A_large_message_before_the_login_is_refused_unread(PostgresVersion version)
    {
        await using var login = await LoginFixture.StartAsync(version, SslMode.Disable, certificate: null);
        await using var client = await RawClient.ConnectAsync(login.Gateway.EndPoint.Port);
        await client.SendAsync(new StartupMessage(ProtocolVersion.V30, [new("user", "ann"), new("database", "postgres")]).Write);
        Assert.Equal(BackendType.Authentication, (await client.ReceiveAsync()).Type);
        await client.SendAsync(writer => writer.Byte(FrontendType.Password).Int32(int.MaxValue));
        Assert.Equal("E(08P01)", await client.ReceiveUntilAsync(BackendType.ErrorResponse));
    }

    [Theory, PostgresVersions]
    public async Task A_drained_gateway_ends_sessions_when_they_are_idle(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var idle = await RawClient.LogInAsync(fixture, ProtocolVersion.V30);
        await using var busy = await RawClient.LogInAsync(fixture, ProtocolVersion.V30);
        await busy.SendAsync(writer => QueryMessage.Write(writer, "BEGIN"));
        await busy.ReceiveUntilAsync(BackendType.ReadyForQuery);
        var drained = fixture.Gateway.DrainAsync(TimeSpan.FromSeconds(60));

        Assert.Equal("E(57P01)", await idle.ReceiveUntilAsync(BackendType.ErrorResponse));
        await Assert.ThrowsAsync<EndOfStreamException>(idle.ReceiveAsync);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => RawClient.LogInAsync(fixture, ProtocolVersion.V30));
        Assert.Contains("FATAL 57P03", refused.Message, StringComparison.Ordinal);

        await busy.SendAsync(writer => QueryMessage.Write(writer, "SELECT 42"));
        Assert.Equal("TD(42)CZT", await busy.ReceiveUntilAsync(BackendType.ReadyForQuery));
        Assert.False(drained.IsCompleted);
        await busy.SendAsync(writer => QueryMessage.Write(writer, "COMMIT"));
        Assert.Equal("CZIE(57P01)", await busy.ReceiveUntilAsync(BackendType.ErrorResponse));
        await drained;
    }

    [Theory, PostgresVersions]
    public async Task A_drained_gateway_does_not_wait_for_ever(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var busy = await RawClient.LogInAsync(fixture, ProtocolVersion.V30);
        await busy.SendAsync(writer => QueryMessage.Write(writer, "BEGIN"));
        await busy.ReceiveUntilAsync(BackendType.ReadyForQuery);
        await fixture.Gateway.DrainAsync(TimeSpan.FromMilliseconds(200));
        Assert.Equal("E(57P01)", await busy.ReceiveUntilAsync(BackendType.ErrorResponse));
    }

    [Theory, PostgresVersions]
    public async Task A_server_that_is_out_of_reach_is_named_so(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version, options => options with { Server = options.Server with { Port = 1 } });
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => RawClient.LogInAsync(fixture, ProtocolVersion.V30));
        Assert.Contains("FATAL 08006: the gateway could not connect to the server", error.Message, StringComparison.Ordinal);
    }

    [Theory, PostgresVersions]
    public async Task A_session_that_the_server_ends_tells_the_client_why(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var client = await RawClient.LogInAsync(fixture, ProtocolVersion.V30);
        await fixture.Database.Superuser.ExecuteAsync("SELECT pg_terminate_backend($1)", client.Key!.ProcessId);
        Assert.Equal("E(57P01)", await client.ReceiveUntilAsync(BackendType.ErrorResponse));
        await Assert.ThrowsAsync<EndOfStreamException>(client.ReceiveAsync);
    }

    [Theory, PostgresVersions]
    public async Task Sessions_holds_and_bytes_are_counted(PostgresVersion version)
    {
        var sums = new System.Collections.Concurrent.ConcurrentDictionary<string, long>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == GatewayMetrics.MeterName)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        // Sessions of tests beside this one may end while it listens: only what begins counts.
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) =>
            sums.AddOrUpdate(instrument.Name, Math.Max(value, 0), (_, sum) => sum + Math.Max(value, 0)));
        listener.Start();
        await using var fixture = await GatewayFixture.StartAsync(version);
        await fixture.Connections.ExecuteAsync("SELECT pgtrickle.create_stream_table('st', 'SELECT k, v FROM t', '1m')");
        foreach (var name in new[] { "sessions", "sessions.begun", "holds", "bytes.to_server", "bytes.to_client" })
        {
            Assert.True(sums.GetValueOrDefault($"pgtrickle.gateway.{name}") > 0, name);
        }
    }
}
