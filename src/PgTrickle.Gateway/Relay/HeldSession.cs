using System.Globalization;
using PgTrickle.Gateway.Calls;
using PgTrickle.Gateway.Outcomes;
using PgTrickle.Wire;
using PgTrickle.Wire.Backend;
using PgTrickle.Wire.Frontend;

namespace PgTrickle.Gateway.Relay;

/// <summary>
/// A session whose results are withheld: the client's messages wait, so the gateway may put messages of its own to the server. What the server says meanwhile that is no answer
/// to them (notifications, a shutdown) is withheld as well.
/// </summary>
internal sealed class HeldSession(
    Transport client, Transport server, Conversation conversation, Withheld withheld, int processId, ICommandOutcomes outcomes, Func<Task> cancelAtServer,
    GatewayOptions options, TimeProvider time) : IHeldSession
{
    /// <summary>Longer than anything that a server says unasked.</summary>
    private const int LongestMessage = 1 << 20;

    /// <summary>A name that no driver gives to its own statements; the unnamed statement is the client's.</summary>
    private const string Statement = "pgtrickle_take_back";

    private static readonly TimeSpan BlockerInterval = TimeSpan.FromMilliseconds(50);

    private bool _serverIsGone;

    public async Task KeepAliveAsync(CancellationToken cancellation)
    {
        // With more work under way the server is not idle, and a Sync would end a transaction that the client has begun.
        if (!_serverIsGone && conversation.IsServerQuiet)
        {
            var sync = new WireWriter();
            SyncMessage.Write(sync);
            await AskAsync(sync, static _ => false, cancellation);
        }
    }

    public async Task TellAsync(ServerMessage message, CancellationToken cancellation)
    {
        var writer = new WireWriter();
        message.Write(writer);
        await client.SendAsync(writer, cancellation);
    }

    public async Task<bool> TakeBackAsync(long command, CancellationToken cancellation)
    {
        if (_serverIsGone || !conversation.IsServerQuiet)
        {
            return false;
        }

        var writer = new WireWriter();
        ParseMessage.Write(writer, Statement, "SELECT pgtrickle._take_back($1)");
        BindMessage.Write(writer, Statement, Statement, command.ToString(CultureInfo.InvariantCulture));
        ExecuteMessage.Write(writer, Statement);
        new CloseMessage(true, Statement).Write(writer);
        SyncMessage.Write(writer);
        var succeeded = true;
        var asked = AskAsync(
            writer,
            frame =>
            {
                succeeded &= frame.Type != BackendType.ErrorResponse;
                return frame.Type is not (BackendType.ParameterStatus or BackendType.NotificationResponse);
            },
            cancellation);
        await UnblockAsync(asked, cancellation);
        return await asked && succeeded;
    }

    /// <summary>The table may be locked by its own fill, which is of no use any more.</summary>
    private async Task UnblockAsync(Task asked, CancellationToken cancellation)
    {
        var since = time.GetTimestamp();
        var gaveUp = false;
        while (await Task.WhenAny(asked, Task.Delay(BlockerInterval, time, cancellation)) != asked)
        {
            cancellation.ThrowIfCancellationRequested();
            if (time.GetElapsedTime(since) < options.TakeBackTimeout)
            {
                await outcomes.CancelBlockersAsync(processId, cancellation);
            }
            else if (!gaveUp)
            {
                gaveUp = true;
                await cancelAtServer();
            }
        }
    }

    /// <summary>Puts messages of ours to the server and reads up to its ReadyForQuery. False: the server has closed the connection.</summary>
    /// <param name="messages">They end with a Sync.</param>
    /// <param name="isAnswer">Tells what is not for the client.</param>
    /// <param name="cancellation">Ends the session.</param>
    private async Task<bool> AskAsync(WireWriter messages, Func<Frame, bool> isAnswer, CancellationToken cancellation)
    {
        try
        {
            await server.SendAsync(messages, cancellation);
            while (await server.ReadFrameAsync(LongestMessage, cancellation) is { } frame)
            {
                if (frame.Type == BackendType.ReadyForQuery)
                {
                    return true;
                }

                if (!isAnswer(frame))
                {
                    var copy = new WireWriter().Message(frame.Type, body => body.Bytes(frame.Body.FirstSpan));
                    withheld.Add(new(copy.Written));
                }
            }
        }
        catch (IOException)
        {
            // The outcome is waited for all the same; then the client is told what the server said last.
        }

        _serverIsGone = true;
        return false;
    }
}
