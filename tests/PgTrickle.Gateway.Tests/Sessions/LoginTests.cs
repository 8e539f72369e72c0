using System.Net.Security;
using System.Net.Sockets;
using Npgsql;
using PgTrickle.TestInfrastructure;
using PgTrickle.TestInfrastructure.Gateways;
using PgTrickle.Wire;
using PgTrickle.Wire.Startup;

namespace PgTrickle.Gateway.Tests.Sessions;

public sealed class LoginTests
{
    private static readonly CertificatePair Own = CertificatePair.Create("gateway");

    [Theory]
    [PostgresVersions(SslMode.Disable, SslMode.Disable)]
    [PostgresVersions(SslMode.Disable, SslMode.VerifyFull)]
    [PostgresVersions(SslMode.Require, SslMode.Disable)]
    [PostgresVersions(SslMode.Require, SslMode.VerifyFull)]
    public async Task Every_method_works_whatever_the_TLS_of_either_side(PostgresVersion version, SslMode clientMode, SslMode serverMode)
    {
        await using var fixture = await LoginFixture.StartAsync(version, serverMode, Own);
        foreach (var user in new[] { "ann", "mary", "clara" })
        {
            Assert.Equal((user, serverMode != SslMode.Disable, clientMode == SslMode.Require ? Own.Thumbprint : null), await fixture.LogInAsync(user, clientMode));
            var error = await Assert.ThrowsAsync<PostgresException>(() => fixture.LogInAsync(user, clientMode, password: "wrong"));
            Assert.Equal("28P01", error.SqlState);
        }
    }

    [Theory, PostgresVersions]
    public async Task Channel_binding_passes_when_the_gateway_shows_the_server_s_certificate(PostgresVersion version)
    {
        await using var fixture = await LoginFixture.StartWithServerCertificateAsync(version);
        var seen = await fixture.LogInAsync("ann", SslMode.Require, builder => builder.ChannelBinding = ChannelBinding.Require);
        Assert.Equal(("ann", true, fixture.Server.Certificate.Thumbprint), seen);
    }

    [Theory, PostgresVersions]
    public async Task Direct_TLS_is_understood(PostgresVersion version)
    {
        await using var fixture = await LoginFixture.StartAsync(version, SslMode.Disable, Own);
        var seen = await fixture.LogInAsync("ann", SslMode.Require, builder => builder.SslNegotiation = SslNegotiation.Direct);
        Assert.Equal(("ann", false, Own.Thumbprint), seen);
    }

    [Theory, PostgresVersions]
    public async Task Direct_TLS_without_the_name_of_the_protocol_is_refused(PostgresVersion version)
    {
        await using var fixture = await LoginFixture.StartAsync(version, SslMode.Disable, Own);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(fixture.Gateway.EndPoint);
        await using var tls = new SslStream(new NetworkStream(socket), leaveInnerStreamOpen: false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("localhost");
        Assert.Equal((byte)'E', await FirstByteAsync(socket, tls));
    }

    [Theory, PostgresVersions]
    public async Task A_new_certificate_is_used_without_a_restart(PostgresVersion version)
    {
        await using var fixture = await LoginFixture.StartAsync(version, SslMode.Disable, Own);
        Assert.Equal(Own.Thumbprint, (await fixture.LogInAsync("ann", SslMode.Require)).Thumbprint);
        var next = CertificatePair.Create("gateway");
        fixture.Replace(next);
        Assert.Equal(next.Thumbprint, (await fixture.LogInAsync("ann", SslMode.Require)).Thumbprint);

        fixture.Write("tls.key", "half written");
        Assert.Equal(next.Thumbprint, (await fixture.LogInAsync("ann", SslMode.Require)).Thumbprint);
    }

    [Theory, PostgresVersions]
    public async Task A_server_with_an_unknown_certificate_or_another_name_is_not_trusted(PostgresVersion version)
    {
        await using var unknown = await LoginFixture.StartAsync(version, SslMode.VerifyCA, Own);
        unknown.Write("root.crt", Own.Certificate);
        Assert.Equal("08006", (await Assert.ThrowsAsync<PostgresException>(() => unknown.LogInAsync("ann", SslMode.Disable))).SqlState);

        await using var renamed = await LoginFixture.StartAsync(
            version, SslMode.VerifyFull, Own, options => options with { Server = options.Server with { Host = "127.0.0.1" } });
        Assert.Equal("08006", (await Assert.ThrowsAsync<PostgresException>(() => renamed.LogInAsync("ann", SslMode.Disable))).SqlState);
    }

    [Theory, PostgresVersions]
    public async Task A_gateway_can_insist_on_TLS(PostgresVersion version)
    {
        await using var fixture = await LoginFixture.StartAsync(version, SslMode.Disable, Own, options => options with { RequireTls = true });
        Assert.Equal("28000", (await Assert.ThrowsAsync<PostgresException>(() => fixture.LogInAsync("ann", SslMode.Disable))).SqlState);
        Assert.Equal("ann", (await fixture.LogInAsync("ann", SslMode.Require)).User);
    }

    [Theory, PostgresVersions]
    public async Task Encryption_that_is_not_offered_is_declined_and_the_client_may_go_on(PostgresVersion version)
    {
        await using var fixture = await LoginFixture.StartAsync(version, SslMode.Disable, certificate: null);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(fixture.Gateway.EndPoint);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(new byte[] { 0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30 }); // GSSENCRequest
        Assert.Equal((byte)'N', await FirstByteAsync(socket, stream));
        await stream.WriteAsync(new byte[] { 0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f }); // SSLRequest
        Assert.Equal((byte)'N', await FirstByteAsync(socket, stream));
        var startup = new WireWriter();
        new StartupMessage(ProtocolVersion.V30, [new("user", "ann"), new("database", "postgres")]).Write(startup);
        await stream.WriteAsync(startup.Written);
        Assert.Equal(BackendType.Authentication, await FirstByteAsync(socket, stream));
    }

    [Theory, PostgresVersions]
    public async Task Words_in_the_clear_behind_the_request_for_TLS_are_refused(PostgresVersion version)
    {
        await using var fixture = await LoginFixture.StartAsync(version, SslMode.Disable, Own);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(fixture.Gateway.EndPoint);
        await using var stream = new NetworkStream(socket);
        var packets = new WireWriter();
        SslRequest.Write(packets);
        new StartupMessage(ProtocolVersion.V30, [new("user", "ann")]).Write(packets);
        await stream.WriteAsync(packets.Written);
        Assert.Equal((byte)'S', await FirstByteAsync(socket, stream));
        Assert.Equal((byte)'E', await FirstByteAsync(socket, stream));
    }

    [Theory]
    [PostgresVersions("GET / HTTP/1.1\r\n\r\n")]
    [PostgresVersions("\0\0\u0027\u0011")]
    [PostgresVersions("\0\0\0\u0004")]
    public async Task Other_protocols_are_refused_at_once(PostgresVersion version, string greeting)
    {
        await using var fixture = await LoginFixture.StartAsync(version, SslMode.Disable, Own);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(fixture.Gateway.EndPoint);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(System.Text.Encoding.Latin1.GetBytes(greeting));
        Assert.Equal((byte)'E', await FirstByteAsync(socket, stream));
    }

    [Theory, PostgresVersions]
    public async Task No_password_is_asked_for_in_the_clear(PostgresVersion version)
    {
        await using var fixture = await LoginFixture.StartAsync(version, SslMode.VerifyFull, Own, options => options with { TrustsLoopback = false });
        var error = await Assert.ThrowsAsync<PostgresException>(() => fixture.LogInAsync("ann", SslMode.Disable));
        Assert.Equal(("28000", "Connect to the gateway with TLS."), (error.SqlState, error.Hint));
    }

    private static async Task<byte> FirstByteAsync(Socket socket, Stream stream)
    {
        socket.ReceiveTimeout = 120_000;
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var first = new byte[1];
        await stream.ReadExactlyAsync(first, patience.Token);
        return first[0];
    }
}
