using System.Buffers;
using PgTrickle.Wire.Backend;
using PgTrickle.Wire.Frontend;

namespace PgTrickle.Wire.Tests;

public sealed class FrameTests
{
    private static readonly byte[] Stream = Bytes.Of(writer =>
    {
        QueryMessage.Write(writer, "SELECT 1");
        SyncMessage.Write(writer);
        new ReadyForQuery(TransactionStatus.Idle).Write(writer);
    });

    [Fact]
    public void A_stream_yields_the_same_frames_wherever_it_is_cut()
    {
        for (var length = 1; length <= Stream.Length; length++)
        {
            var buffer = Bytes.Cut(Stream, length);
            var frames = new List<(byte, string)>();
            while (Frame.TryRead(ref buffer, 100, out var frame))
            {
                frames.Add((frame.Type, Bytes.Text(frame.Body)));
            }

            Assert.Equal([((byte)'Q', "SELECT 1\0"), ((byte)'S', ""), ((byte)'Z', "I")], frames);
            Assert.True(buffer.IsEmpty);
        }
    }

    [Fact]
    public void An_incomplete_frame_stays_in_the_buffer()
    {
        for (var length = 0; length < 14; length++)
        {
            var buffer = new ReadOnlySequence<byte>(Stream, 0, length);
            Assert.False(Frame.TryRead(ref buffer, 100, out _));
            Assert.Equal(length, buffer.Length);
        }
    }

    [Fact]
    public void A_frame_beyond_the_limit_is_refused_before_it_has_arrived()
    {
        var buffer = new ReadOnlySequence<byte>(Stream, 0, 5);
        var error = Assert.Throws<ProtocolException>(() => Frame.TryRead(ref buffer, 8, out _));
        Assert.Equal("08P01", error.SqlState);
    }

    [Theory]
    [InlineData(new byte[] { 81, 0, 0, 0, 3 })]
    [InlineData(new byte[] { 81, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 81, 255, 255, 255, 255 })]
    [InlineData(new byte[] { 81, 128, 0, 0, 0 })]
    public void A_length_less_than_itself_is_refused(byte[] header)
    {
        Assert.Throws<ProtocolException>(() => FrameHeader.TryRead(new ReadOnlySequence<byte>(header), out _));
        Assert.Throws<ProtocolException>(() => FrameHeader.TryRead(Bytes.Cut(header, 2), out _));
    }

    [Fact]
    public void The_longest_message_of_the_protocol_has_a_length_that_does_not_overflow()
    {
        Assert.True(FrameHeader.TryRead(new ReadOnlySequence<byte>([100, 127, 255, 255, 255]), out var header));
        Assert.Equal(int.MaxValue - 4, header.BodyLength);
        Assert.Equal(1L + int.MaxValue, header.TotalLength);
    }

    [Fact]
    public void A_string_with_a_zero_is_not_written() =>
        Assert.Throws<ArgumentException>(() => Bytes.Of(writer => QueryMessage.Write(writer, "SELECT 1\0; DROP TABLE t")));
}
