using PgTrickle.Gateway.Tests.Setup;
using PgTrickle.TestInfrastructure;
using PgTrickle.TestInfrastructure.Gateways;
using PgTrickle.Wire;
using PgTrickle.Wire.Frontend;
using Xunit.Abstractions;

namespace PgTrickle.Gateway.Tests.Sessions;

public sealed class GarbageTests(ITestOutputHelper output)
{
    private const int Sessions = 60;

    /// <summary>The fixture fails when the gateway logs a fault of its own.</summary>
    [Theory, PostgresVersions]
    public async Task Garbage_ends_its_own_session_and_nothing_else(PostgresVersion version)
    {
        var random = Seed.Random(output);
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var witness = await RawClient.LogInAsync(fixture, ProtocolVersion.V30);
        for (var i = 0; i < Sessions; i++)
        {
            await using var client = await RawClient.LogInAsync(fixture, ProtocolVersion.V32);
            var bytes = Mutated(random);
            await client.SendAsync(writer => writer.Bytes(bytes));
        }

        await Eventually.TrueAsync(() => fixture.Gateway.SessionCount == 1, "all sessions of garbage have ended");
        await witness.SendAsync(writer => QueryMessage.Write(writer, "SELECT 42"));
        Assert.Equal("TD(42)CZI", await witness.ReceiveUntilAsync((byte)'Z'));
    }

    private static byte[] Mutated(Random random)
    {
        var writer = new WireWriter();
        ParseMessage.Write(writer, "s", "SELECT pgtrickle.refresh_stream_table('none')");
        BindMessage.Write(writer, "", "s");
        ExecuteMessage.Write(writer, "");
        SyncMessage.Write(writer);
        QueryMessage.Write(writer, "COPY t FROM STDIN");
        writer.Message(FrontendType.CopyData, body => body.CString("1"));
        writer.Message(FrontendType.CopyDone, _ => { });
        new CloseMessage(true, "s").Write(writer);
        QueryMessage.Write(writer, "SELECT 1");
        var bytes = writer.Written.ToArray();
        for (var edits = random.Next(1, 6); edits > 0; edits--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        return bytes[..random.Next(1, bytes.Length + 1)];
    }
}
