using System.Buffers;
using PgTrickle.Gateway.Calls;
using PgTrickle.Wire;
using PgTrickle.Wire.Backend;

namespace PgTrickle.Gateway.Relay;

/// <summary>
/// From server to client. Messages pass as they lie in the buffer. From the moment at which a function has announced a command, results are withheld: up
/// to ReadyForQuery, or until there are too many, or the client is asked for COPY data. When the transaction has ended, the outcome decides what becomes of them.
/// </summary>
internal sealed class ServerPump(
    Transport client, Transport server, Conversation conversation, Withheld withheld, Func<Settlement, bool, Hold> beginHold, int withheldLimit, GatewayMetrics metrics)
{
    /// <summary>No notice of ours is longer; longer ones are somebody else's.</summary>
    private const int LongestMark = 4096;

    private bool _withholds;

    /// <summary>Whether something of the results behind a mark has been given out already, so that no error can take their place.</summary>
    private bool _gaveResults;

    /// <summary>Bytes of the message in progress that are still to come.</summary>
    private long _passing;

    private Settlement? _settlement;
    private volatile Hold? _hold;

    /// <summary>Why the scan of a buffer stopped before a message.</summary>
    private enum Stop
    {
        End,
        Mark,
        Commit,
        CopyIn,
        Ready,
    }

    /// <summary>Ends the wait for an outcome, if there is one.</summary>
    public void CancelHold() => _hold?.Cancel();

    /// <summary>Relays until the server closes the connection.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var result = await server.Reader.ReadAsync(cancellation);
            var buffer = result.Buffer;
            var (length, stop) = Scan(buffer);
            await GiveAsync(buffer.Slice(0, length), cancellation);
            var rest = buffer.Slice(length);
            if (stop == Stop.End)
            {
                server.Reader.AdvanceTo(rest.Start, rest.End);
                if (result.IsCompleted)
                {
                    await ReleaseAsync(cancellation);
                    return;
                }
            }
            else
            {
                // Whole, or the scan would not have stopped here.
                var message = rest;
                Frame.TryRead(ref rest, int.MaxValue, out var frame);
                await OnMessageAsync(stop, message.Slice(0, FrameHeader.Length + frame.Body.Length), frame, cancellation);
                var ready = stop == Stop.Ready ? ReadyForQuery.Read(frame.Body) : null;
                server.Reader.AdvanceTo(rest.Start);
                if (ready is not null)
                {
                    await OnReadyAsync(ready, cancellation);
                }
            }
        }
    }

    /// <summary>How many bytes need nothing but to be passed on, and what comes after them.</summary>
    private (long Length, Stop Stop) Scan(ReadOnlySequence<byte> buffer)
    {
        var rest = buffer;
        var stop = Stop.End;
        while (!rest.IsEmpty && stop == Stop.End)
        {
            if (_passing > 0)
            {
                var count = Math.Min(_passing, rest.Length);
                _passing -= count;
                rest = rest.Slice(count);
                continue;
            }

            if (!FrameHeader.TryRead(rest, out var header))
            {
                break;
            }

            if (header.BodyLength <= LongestMark && header.Type is BackendType.NoticeResponse or BackendType.CommandComplete or BackendType.ReadyForQuery or BackendType.CopyInResponse or BackendType.ErrorResponse)
            {
                if (rest.Length < header.TotalLength)
                {
                    break;
                }

                stop = Look(new Frame(header.Type, rest.Slice(FrameHeader.Length, header.BodyLength)));
            }

            _passing = stop == Stop.End ? header.TotalLength : 0;
        }

        return (buffer.Length - rest.Length, stop);
    }

    private Stop Look(Frame frame)
    {
        switch (frame.Type)
        {
            case BackendType.NoticeResponse:
                return IsMark(frame) ? Stop.Mark : Stop.End;
            case BackendType.CommandComplete:
                return conversation.HasMarks && CommandComplete.Read(frame.Body).Tag == "COMMIT" ? Stop.Commit : Stop.End;
            case BackendType.CopyInResponse:
                return Stop.CopyIn;
            case BackendType.ErrorResponse:
                conversation.OnError();
                return Stop.End;
            default:
                _settlement = conversation.OnReady(ReadyForQuery.Read(frame.Body).Status);
                if (_settlement is not null || _withholds)
                {
                    return Stop.Ready;
                }

                _gaveResults = false;
                return Stop.End;
        }
    }

    private static bool IsMark(Frame frame)
    {
        var body = frame.Body.IsSingleSegment ? frame.Body.FirstSpan : frame.Body.ToArray();
        return body.IndexOf("CPGT01\0"u8) >= 0 && Mark.From(ServerMessage.Read(frame.Body)) is not null;
    }

    private async ValueTask OnMessageAsync(Stop stop, ReadOnlySequence<byte> message, Frame frame, CancellationToken cancellation)
    {
        switch (stop)
        {
            case Stop.Mark:
                // Without a ReadyForQuery to come the client may wait for these results before it goes on.
                conversation.OnMark(Mark.From(ServerMessage.Read(frame.Body))!);
                _withholds = conversation.OwesReady && !_gaveResults;
                _gaveResults = !_withholds;
                break;
            case Stop.Commit:
                conversation.OnCommit();
                _withholds = conversation.OwesReady;
                await GiveAsync(message, cancellation);
                break;
            case Stop.CopyIn:
                await GiveAsync(message, cancellation);
                await ReleaseAsync(cancellation);
                conversation.OnCopyIn();
                break;
        }
    }

    private async Task OnReadyAsync(ReadyForQuery ready, CancellationToken cancellation)
    {
        var last = new WireWriter();
        if (_settlement is { } settlement)
        {
            var verdict = await WaitAsync(settlement, cancellation);
            if (verdict.Error is { } error)
            {
                last.Bytes(withheld.Asides().Span);
                error.Write(last);
                withheld.Clear();
            }

            var warnings = new WireWriter();
            foreach (var warning in verdict.Warnings)
            {
                warning.Write(warnings);
            }

            await client.SendAsync(warnings, cancellation);
        }

        await ReleaseAsync(cancellation);
        ready.Write(last);
        (_settlement, _gaveResults) = (null, false);
        await client.SendAsync(last, cancellation);
        conversation.OnSettled();
    }

    private async Task<Verdict> WaitAsync(Settlement settlement, CancellationToken cancellation)
    {
        metrics.Holds.Add(1);
        var started = TimeProvider.System.GetTimestamp();
        try
        {
            var hold = beginHold(settlement, _withholds && !_gaveResults);
            _hold = hold;
            return await hold.RunAsync(cancellation);
        }
        finally
        {
            _hold = null;
            metrics.Holds.Add(-1);
            metrics.HoldDuration.Record(TimeProvider.System.GetElapsedTime(started).TotalSeconds);
        }
    }

    /// <summary>Gives the client what the server has sent, or withholds it.</summary>
    private async ValueTask GiveAsync(ReadOnlySequence<byte> bytes, CancellationToken cancellation)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        if (!_withholds)
        {
            metrics.BytesToClient.Add(bytes.Length);
            await client.SendAsync(bytes, cancellation);
            return;
        }

        withheld.Add(bytes);
        if (withheld.Length > withheldLimit)
        {
            await ReleaseAsync(cancellation);
        }
    }

    /// <summary>Gives the client what was withheld, and withholds no more.</summary>
    private async ValueTask ReleaseAsync(CancellationToken cancellation)
    {
        if (withheld.Length > 0)
        {
            metrics.BytesToClient.Add(withheld.Length);
            await client.Stream.WriteAsync(withheld.All, cancellation);
            withheld.Clear();
        }

        _gaveResults |= _withholds;
        _withholds = false;
    }
}
