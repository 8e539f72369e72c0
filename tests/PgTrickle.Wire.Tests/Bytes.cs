using System.Buffers;
using System.Text;

namespace PgTrickle.Wire.Tests;

internal static class Bytes
{
    /// <summary>What a writer has written.</summary>
    public static byte[] Of(Action<WireWriter> write)
    {
        var writer = new WireWriter();
        write(writer);
        return writer.Written.ToArray();
    }

    /// <summary>The body of the one message that a writer has written.</summary>
    public static ReadOnlySequence<byte> BodyOf(Action<WireWriter> write)
    {
        var buffer = new ReadOnlySequence<byte>(Of(write));
        Assert.True(Frame.TryRead(ref buffer, int.MaxValue, out var frame));
        Assert.True(buffer.IsEmpty);
        return frame.Body;
    }

    /// <summary>The same bytes, cut into segments of the given lengths, over and over.</summary>
    public static ReadOnlySequence<byte> Cut(byte[] bytes, params IReadOnlyList<int> lengths)
    {
        if (bytes.Length == 0)
        {
            return ReadOnlySequence<byte>.Empty;
        }

        Segment? first = null;
        Segment? last = null;
        for (var (at, i) = (0, 0); at < bytes.Length; i++)
        {
            var length = Math.Min(Math.Max(1, lengths[i % lengths.Count]), bytes.Length - at);
            last = new Segment(bytes.AsMemory(at, length), last);
            first ??= last;
            at += length;
        }

        return new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);
    }

    public static string Text(ReadOnlySequence<byte> bytes) => Encoding.UTF8.GetString(bytes);

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous is not null)
            {
                RunningIndex = previous.RunningIndex + previous.Memory.Length;
                previous.Next = this;
            }
        }
    }
}
