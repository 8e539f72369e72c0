using PgTrickle.Gateway.Tests.Setup;
using PgTrickle.TestInfrastructure;
using PgTrickle.TestInfrastructure.Gateways;
using PgTrickle.Wire;
using PgTrickle.Wire.Frontend;
using PgTrickle.Wire.Startup;

namespace PgTrickle.Gateway.Tests.Sessions;

/// <summary>What the protocol allows and the drivers of the other tests do not do.</summary>
public sealed class ProtocolTests
{
    private const string Create = "SELECT pgtrickle.create_stream_table('st', 'SELECT k, v FROM t', '1m')";
    private const string CreateBad = "SELECT pgtrickle.create_stream_table('bad', 'SELECT k, v FROM t', '1m')";

    [Theory, PostgresVersions]
    public async Task Version_3_2_and_its_long_keys_are_negotiated_as_the_server_does(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var client = await RawClient.LogInAsync(fixture, ProtocolVersion.V32);
        Assert.Equal(version.Major >= 18 ? 32 : 4, client.Key!.Key.Length);
        Assert.Equal(version.Major >= 18 ? null : ProtocolVersion.V30, client.Negotiated?.Newest);

        await client.SendAsync(writer => QueryMessage.Write(writer, "SELECT pg_sleep(600)"));
        await fixture.UntilRunningAsync("SELECT pg_sleep(600)");
        await CancelAsync(fixture, client);
        Assert.Equal("TE(57014)ZI", await client.ReceiveUntilAsync(BackendType.ReadyForQuery));
    }

    [Theory, PostgresVersions]
    public async Task A_version_of_the_future_is_negotiated_down(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var client = await RawClient.LogInAsync(fixture, new ProtocolVersion(3, 9999), ("_pq_.future", "1"));
        Assert.Equal(version.Major >= 18 ? ProtocolVersion.V32 : ProtocolVersion.V30, client.Negotiated?.Newest);
        await client.SendAsync(writer => QueryMessage.Write(writer, "SELECT 42"));
        Assert.Equal("TD(42)CZI", await client.ReceiveUntilAsync(BackendType.ReadyForQuery));
    }

    [Theory, PostgresVersions]
    public async Task A_wrong_key_cancels_nothing(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await fixture.Node.HoldAsync();
        await using var client = await RawClient.LogInAsync(fixture, ProtocolVersion.V30);
        await client.SendAsync(writer => QueryMessage.Write(writer, Create));
        await fixture.UntilPendingAsync();
        await CancelAsync(fixture, client, key => [.. key.Select(value => (byte)~value)]);
        fixture.Node.Release();
        Assert.Equal("TDCZI", await client.ReceiveUntilAsync(BackendType.ReadyForQuery));
    }

    [Theory, PostgresVersions]
    public async Task A_cancel_request_that_reaches_another_gateway_is_passed_on(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var other = fixture.StartAnother();
        foreach (var gateway in new[] { fixture.Gateway, other })
        {
            var node = await fixture.Database.Superuser.ScalarAsync<long>(
                "INSERT INTO pgtrickle.cluster_members (node_name, address, system_name, roles, token_hash, state) VALUES ($1, $1, 's', '{gateway}', '', 'joined') RETURNING node_id",
                gateway.EndPoint.ToString());
            await gateway.AnnounceAsync(node, "127.0.0.1");
        }

        await fixture.Node.HoldAsync();
        await using var client = await RawClient.LogInAsync(fixture, ProtocolVersion.V32);
        await client.SendAsync(writer => QueryMessage.Write(writer, Create));
        await fixture.UntilPendingAsync();
        await using var canceller = await RawClient.ConnectAsync(other.EndPoint.Port);
        await canceller.SendAsync(new CancelRequest(client.Key!.ProcessId, client.Key.Key).Write);
        Assert.Equal("TE(57014)ZI", await client.ReceiveUntilAsync(BackendType.ReadyForQuery));
    }

    [Theory, PostgresVersions]
    public async Task Nothing_behind_a_call_runs_before_its_outcome(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await fixture.Node.HoldAsync();
        await using var client = await RawClient.LogInAsync(fixture, ProtocolVersion.V30);
        await client.SendAsync(writer =>
        {
            Extended(writer, CreateBad);
            Extended(writer, "INSERT INTO t VALUES (9, 9)");
            QueryMessage.Write(writer, "SELECT 42");
        });
        await fixture.UntilPendingAsync();
        Assert.Equal(2, await fixture.Database.ScalarAsync<long>("SELECT count(*) FROM t"));
        fixture.Node.Release();
        Assert.Equal("12TE(22012)ZI", await client.ReceiveUntilAsync(BackendType.ReadyForQuery));
        Assert.Equal("12nCZI", await client.ReceiveUntilAsync(BackendType.ReadyForQuery));
        Assert.Equal("TD(42)CZI", await client.ReceiveUntilAsync(BackendType.ReadyForQuery));
    }

    [Theory, PostgresVersions]
    public async Task A_commit_that_was_sent_ahead_holds_back_what_follows(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await fixture.Node.HoldAsync();
        await using var client = await RawClient.LogInAsync(fixture, ProtocolVersion.V30);
        await client.SendAsync(writer =>
        {
            foreach (var sql in new[] { "BEGIN", Create, "COMMIT", "INSERT INTO t VALUES (9, 9)" })
            {
                QueryMessage.Write(writer, sql);
            }
        });
        await fixture.UntilPendingAsync();
        Assert.Equal(2, await fixture.Database.ScalarAsync<long>("SELECT count(*) FROM t"));
        Assert.Equal("CZT", await client.ReceiveUntilAsync(BackendType.ReadyForQuery));
        Assert.Equal("TDCZT", await client.ReceiveUntilAsync(BackendType.ReadyForQuery));
        fixture.Node.Release();
        Assert.Equal("CZI", await client.ReceiveUntilAsync(BackendType.ReadyForQuery));
        Assert.Equal("CZI", await client.ReceiveUntilAsync(BackendType.ReadyForQuery));
        Assert.Equal(3, await fixture.Database.ScalarAsync<long>("SELECT count(*) FROM t"));
    }

    [Theory, PostgresVersions]
    public async Task A_client_that_flushes_gets_its_results_before_the_transaction_ends(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var client = await RawClient.LogInAsync(fixture, ProtocolVersion.V30);
        await client.SendAsync(writer =>
        {
            ParseMessage.Write(writer, "", CreateBad);
            BindMessage.Write(writer, "", "");
            ExecuteMessage.Write(writer, "");
            writer.Message(FrontendType.Flush, _ => { });
        });
        Assert.Equal("12DC", await client.ReceiveUntilAsync(BackendType.CommandComplete));
        await client.SendAsync(SyncMessage.Write);
        Assert.Equal("N(PGT02)ZI", await client.ReceiveUntilAsync(BackendType.ReadyForQuery));
        Assert.Equal(1, await fixture.CountAsync("bad"));
    }

    [Theory, PostgresVersions]
    public async Task Copy_by_extended_messages_passes_although_the_server_ignores_a_sync(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var client = await RawClient.LogInAsync(fixture, ProtocolVersion.V30);
        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync(writer => Extended(writer, "COPY t FROM STDIN -- pgtrickle"));
            Assert.Equal("12nG", await client.ReceiveUntilAsync(BackendType.CopyInResponse));
            var row = $"{100 + i}\t1\n";
            await client.SendAsync(writer =>
            {
                writer.Message(FrontendType.CopyData, body => body.Bytes(System.Text.Encoding.ASCII.GetBytes(row)));
                writer.Message(FrontendType.CopyDone, _ => { });
                SyncMessage.Write(writer);
            });
            Assert.Equal("CZI", await client.ReceiveUntilAsync(BackendType.ReadyForQuery));
        }

        await client.SendAsync(writer => QueryMessage.Write(writer, "SELECT count(*) FROM t"));
        Assert.Equal("TD(4)CZI", await client.ReceiveUntilAsync(BackendType.ReadyForQuery));
    }

    [Theory, PostgresVersions]
    public async Task Results_beyond_the_limit_are_released_and_the_failure_is_a_warning(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version, options => options with { WithheldLimit = 10_000 });
        await using var client = await RawClient.LogInAsync(fixture, ProtocolVersion.V30);
        await client.SendAsync(writer => QueryMessage.Write(writer, $"{CreateBad}; SELECT 'x' || repeat('y', 100) FROM generate_series(1, 1000)"));
        var seen = await client.ReceiveUntilAsync(BackendType.ReadyForQuery);
        Assert.EndsWith("CN(PGT02)ZI", seen, StringComparison.Ordinal);
        Assert.Equal(1001, seen.Count(letter => letter == 'D'));
    }

    [Theory, PostgresVersions]
    public async Task Notifications_survive_results_that_an_error_replaces(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version, options => options with { KeepAlive = TimeSpan.FromMilliseconds(20) });
        await fixture.Node.HoldAsync();
        await using var client = await RawClient.LogInAsync(fixture, ProtocolVersion.V30);
        await client.SendAsync(writer => QueryMessage.Write(writer, "LISTEN c"));
        await client.ReceiveUntilAsync(BackendType.ReadyForQuery);
        await client.SendAsync(writer => QueryMessage.Write(writer, CreateBad));
        await fixture.UntilPendingAsync();
        await fixture.Database.ExecuteAsync("NOTIFY c");
        await fixture.Database.Superuser.ExecuteAsync("SELECT pg_sleep(0.3)");
        fixture.Node.Release();
        Assert.Equal("TAE(22012)ZI", await client.ReceiveUntilAsync(BackendType.ReadyForQuery));
    }

    [Theory, PostgresVersions]
    public async Task A_client_that_leaves_does_not_stop_what_was_accepted(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await fixture.Node.HoldAsync();
        await using (var client = await RawClient.LogInAsync(fixture, ProtocolVersion.V30))
        {
            await client.SendAsync(writer => QueryMessage.Write(writer, Create));
            await fixture.UntilPendingAsync();
        }

        await Eventually.TrueAsync(() => fixture.Gateway.SessionCount == 0, "the session has ended");
        fixture.Node.Release();
        await Eventually.TrueAsync(
            async () => await fixture.Database.Superuser.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.commands WHERE status = 'DONE'") == 1, "the command is done");
        Assert.Equal(1, await fixture.CountAsync("st"));
    }

    [Theory, PostgresVersions]
    public async Task The_client_s_own_options_count(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var client = await RawClient.LogInAsync(fixture, ProtocolVersion.V30, ("options", "-c geqo=off --work_mem=123kB"));
        await client.SendAsync(writer => QueryMessage.Write(writer, "SELECT current_setting('geqo') || current_setting('work_mem') || length(current_setting('pgtrickle.session'))"));
        Assert.Equal("TD(off123kB32)CZI", await client.ReceiveUntilAsync(BackendType.ReadyForQuery));
    }

    [Theory, PostgresVersions]
    public async Task A_forged_mark_changes_nothing(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var client = await RawClient.LogInAsync(fixture, ProtocolVersion.V30);
        const string forged = "DO $$ BEGIN RAISE INFO USING ERRCODE = 'PGT01', MESSAGE = '999999999'; RAISE INFO USING ERRCODE = 'PGT01', MESSAGE = 'x'; END $$";
        await client.SendAsync(writer => QueryMessage.Write(writer, forged));
        Assert.Equal("N(PGT01)CZI", await client.ReceiveUntilAsync(BackendType.ReadyForQuery));
    }

    private static void Extended(WireWriter writer, string sql)
    {
        ParseMessage.Write(writer, "", sql);
        BindMessage.Write(writer, "", "");
        writer.Message((byte)'D', body => body.Byte((byte)'P').CString(""));
        ExecuteMessage.Write(writer, "");
        SyncMessage.Write(writer);
    }

    private static async Task CancelAsync(GatewayFixture fixture, RawClient client, Func<byte[], byte[]>? change = null)
    {
        await using var canceller = await RawClient.ConnectAsync(fixture.Port);
        var key = client.Key!.Key.ToArray();
        await canceller.SendAsync(new CancelRequest(client.Key.ProcessId, change?.Invoke(key) ?? key).Write);
        await Assert.ThrowsAsync<EndOfStreamException>(canceller.ReceiveAsync);
    }
}
