using System.Buffers;
using PgTrickle.Gateway.Calls;
using PgTrickle.Wire;

namespace PgTrickle.Gateway.Relay;

/// <summary>
/// From client to server. Messages are forwarded as they lie in the buffer; only those that begin a statement are looked at. A message that may not run
/// before the outcome of a call stays in the buffer until that is known.
/// </summary>
internal sealed class ClientPump(Transport client, Transport server, Conversation conversation, GatewayMetrics metrics)
{
    /// <summary>A statement that is longer passes in pieces: only whether it mentions calls is found out.</summary>
    private const int LongestKept = 256 * 1024;

    /// <summary>What a client may send ahead while it has to wait; then nothing more is read.</summary>
    private const int LongestAhead = 1 << 20;

    /// <summary>Bytes of the message in progress that are still to come.</summary>
    private long _passing;

    private LongStatement? _long;

    /// <summary>Whether the pump may end the session at an idle moment.</summary>
    public Func<bool> ShouldEnd { get; init; } = static () => false;

    /// <summary>Relays until the client leaves, or the session is told to end.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        conversation.Released = client.Reader.CancelPendingRead;
        while (true)
        {
            var result = await client.Reader.ReadAsync(cancellation);
            var buffer = result.Buffer;
            var length = Accept(buffer, out var waits);
            if (length > 0)
            {
                await server.SendAsync(buffer.Slice(0, length), cancellation);
                metrics.BytesToServer.Add(length);
            }

            var rest = buffer.Slice(length);
            if (ShouldEnd() || (waits && rest.FirstSpan[0] == FrontendType.Terminate))
            {
                return;
            }

            // A client that must wait may only send so much ahead; that it leaves is noticed all the same as long as it has not.
            var full = waits && rest.Length > LongestAhead;
            client.Reader.AdvanceTo(rest.Start, full ? rest.Start : rest.End);
            if (result.IsCompleted)
            {
                return;
            }

            if (full)
            {
                await conversation.WhenReleasedAsync().WaitAsync(cancellation);
            }
        }
    }

    /// <summary>How many bytes of the buffer may be forwarded now.</summary>
    private long Accept(ReadOnlySequence<byte> buffer, out bool waits)
    {
        waits = false;
        var rest = buffer;
        while (!rest.IsEmpty)
        {
            if (_passing > 0)
            {
                rest = rest.Slice(Pass(rest));
                continue;
            }

            if (!FrameHeader.TryRead(rest, out var header))
            {
                waits = conversation.MustWait(rest.FirstSpan[0]);
                break;
            }

            if (conversation.MustWait(header.Type))
            {
                waits = true;
                break;
            }

            var looksAt = Conversation.LooksAt(header.Type);
            if (looksAt && header.TotalLength > rest.Length && header.TotalLength <= LongestKept)
            {
                break;
            }

            if (looksAt && header.TotalLength > LongestKept)
            {
                _long = new LongStatement(header.Type);
                conversation.OnLongMessage();
            }
            else
            {
                conversation.OnClient(header.Type, looksAt ? rest.Slice(FrameHeader.Length, header.BodyLength) : default);
            }

            _passing = header.TotalLength;
        }

        return buffer.Length - rest.Length;
    }

    /// <summary>Lets what is there of the message in progress pass.</summary>
    private long Pass(ReadOnlySequence<byte> rest)
    {
        var count = Math.Min(_passing, rest.Length);
        _long?.Look(rest.Slice(0, count));
        _passing -= count;
        if (_passing == 0 && _long is { } statement)
        {
            _long = null;
            statement.Tell(conversation);
        }

        return count;
    }
}
