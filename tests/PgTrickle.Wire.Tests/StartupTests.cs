using System.Buffers;
using PgTrickle.Wire.Startup;

namespace PgTrickle.Wire.Tests;

public sealed class StartupTests
{
    [Fact]
    public void A_startup_message_is_read_as_it_was_written()
    {
        var message = new StartupMessage(ProtocolVersion.V32, [new("user", "ann"), new("database", "shop"), new("options", "-c a=b"), new("_pq_.x", "1")]);
        var read = Assert.IsType<StartupMessage>(Read(message.Write));
        Assert.Equal(message.Version, read.Version);
        Assert.Equal(message.Parameters.AsEnumerable(), read.Parameters);
        Assert.Equal("ann", read.User);
        Assert.Equal("shop", read.Database);
        Assert.Null(read["replication"]);
    }

    [Fact]
    public void The_database_is_named_like_the_role_unless_given() =>
        Assert.Equal("ann", new StartupMessage(ProtocolVersion.V30, [new("user", "ann"), new("database", "")]).Database);

    [Fact]
    public void Setting_a_parameter_replaces_all_of_its_name()
    {
        var message = new StartupMessage(ProtocolVersion.V30, [new("options", "a"), new("user", "ann"), new("options", "b")]);
        Assert.Equal("b", message["options"]);
        Assert.Equal("user=ann options=c", string.Join(' ', message.With("options", "c").Parameters.Select(pair => $"{pair.Key}={pair.Value}")));
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("database", true)]
    [InlineData("1", true)]
    [InlineData("on", true)]
    [InlineData("false", false)]
    [InlineData("off", false)]
    [InlineData("0", false)]
    [InlineData("no", false)]
    public void Replication_is_recognised_by_what_PostgreSQL_takes_for_true(string value, bool expected) =>
        Assert.Equal(expected, new StartupMessage(ProtocolVersion.V30, [new("user", "ann"), new("replication", value)]).IsReplication);

    [Fact]
    public void Requests_for_encryption_are_told_apart()
    {
        Assert.IsType<SslRequest>(Read(SslRequest.Write));
        Assert.IsType<GssEncRequest>(InitialPacket.Read(new ReadOnlySequence<byte>([0x04, 0xd2, 0x16, 0x30])));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(32)]
    [InlineData(256)]
    public void Cancel_keys_of_both_versions_are_read(int length)
    {
        var key = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();
        var read = Assert.IsType<CancelRequest>(Read(new CancelRequest(4711, key).Write));
        Assert.Equal(4711, read.ProcessId);
        Assert.Equal(key, read.Key.ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(257)]
    public void Cancel_keys_of_impossible_lengths_are_refused(int length) =>
        Assert.Throws<ProtocolException>(() => Read(new CancelRequest(1, new byte[length]).Write));

    [Theory]
    [InlineData(7)]
    [InlineData(10_001)]
    [InlineData(-1)]
    [InlineData(0x47455420)] // GET
    public void Lengths_that_no_client_sends_are_refused(int length) => Assert.Throws<ProtocolException>(() => InitialPacket.CheckLength(length));

    [Fact]
    public void Another_major_version_is_refused_as_a_missing_feature()
    {
        var error = Assert.Throws<ProtocolException>(() => InitialPacket.Read(new ReadOnlySequence<byte>([0, 2, 0, 0, 0])));
        Assert.Equal("0A000", error.SqlState);
    }

    [Fact]
    public void Secrets_are_not_printed()
    {
        Assert.DoesNotContain("7", new CancelRequest(1, new byte[] { 7, 7, 7, 7 }).ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("7", new Backend.BackendKeyData(1, new byte[] { 7, 7, 7, 7 }).ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("pencil", new Frontend.PasswordMessage("pencil").ToString(), StringComparison.Ordinal);
    }

    private static InitialPacket Read(Action<WireWriter> write)
    {
        var packet = Bytes.Of(write);
        Assert.Equal(packet.Length, System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(packet));
        return InitialPacket.Read(new ReadOnlySequence<byte>(packet.AsMemory(4)));
    }
}
