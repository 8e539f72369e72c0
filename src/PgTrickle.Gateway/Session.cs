using System.Net.Sockets;
using System.Security.Cryptography;
using PgTrickle.Gateway.Calls;
using PgTrickle.Gateway.Login;
using PgTrickle.Gateway.Outcomes;
using PgTrickle.Gateway.Relay;
using PgTrickle.Wire;
using PgTrickle.Wire.Backend;
using PgTrickle.Wire.Frontend;
using PgTrickle.Wire.Startup;

namespace PgTrickle.Gateway;

/// <summary>One client's session with the server, from its startup message to its end.</summary>
internal sealed class Session(Transport client, GatewayOptions options, ServerDialer dialer, ICommandOutcomes outcomes, GatewayMetrics metrics, TimeProvider time)
{
    private const int SettingBytes = 16;

    private readonly Conversation _conversation = new(time);
    private volatile ServerPump? _serverPump;
    private volatile bool _ending;
    private BackendKeyData? _serverKey;

    /// <summary>What this session's client cancels by; null until it has logged in.</summary>
    public BackendKeyData? ClientKey { get; private set; }

    /// <summary>Logs in and relays until either side leaves.</summary>
    /// <param name="startup">What the client began with.</param>
    /// <param name="ownCertificateHash">What the client may have bound its login to.</param>
    /// <param name="register">Called with the key that the client is given, before it is given.</param>
    /// <param name="cancellation">Ends the session at once.</param>
    public async Task RunAsync(StartupMessage startup, byte[]? ownCertificateHash, Action<BackendKeyData> register, CancellationToken cancellation)
    {
        if (startup.IsReplication)
        {
            throw new RefusedException(
                "0A000", "the gateway does not relay replication connections", hint: "Connect to the server directly: replication has no calls to wait for.");
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(options.LoginTimeout);
        if (await LogInAsync(startup, ownCertificateHash, register, patience.Token) is not { } connected)
        {
            return;
        }

        await using var server = connected;
        metrics.SessionsBegun.Add(1);
        patience.CancelAfter(Timeout.InfiniteTimeSpan);
        await RelayAsync(server, cancellation);
    }

    /// <summary>Cancels what the session does: the wait for an outcome, or what the server runs.</summary>
    public async Task CancelAsync(CancellationToken cancellation)
    {
        if (_conversation.OnCancel())
        {
            _serverPump?.CancelHold();
        }
        else
        {
            await CancelAtServerAsync(cancellation);
        }
    }

    /// <summary>Ends the session if the client loses nothing by it.</summary>
    public void EndIfIdle()
    {
        if (_serverPump is not null && _conversation.IsIdle)
        {
            _ending = true;
            client.Reader.CancelPendingRead();
        }
    }

    /// <summary>Logs in with a setting that asks for calls to be waited for; without it, where a pooler in front of the server takes none. Null: either side gave up.</summary>
    private async Task<Transport?> LogInAsync(StartupMessage startup, byte[]? ownCertificateHash, Action<BackendKeyData> register, CancellationToken cancellation)
    {
        var marked = Marked(startup);
        try
        {
            return await TryAsync(marked);
        }
        catch (OptionsRefusedException)
        {
            return await TryAsync(startup);
        }

        async Task<Transport?> TryAsync(StartupMessage message)
        {
            var server = await dialer.ConnectAsync(cancellation);
            LoginResult? login = null;
            try
            {
                var relay = new LoginRelay(client, server, ownCertificateHash, options.TrustsLoopback) { HasOwnOptions = message != startup };
                login = await relay.RunAsync(message, Disguise, cancellation);
                return login is null ? null : server;
            }
            finally
            {
                if (login is null)
                {
                    await server.DisposeAsync();
                }
            }
        }

        BackendKeyData Disguise(BackendKeyData key)
        {
            _serverKey = key;
            ClientKey = new BackendKeyData(key.ProcessId, RandomNumberGenerator.GetBytes(key.Key.Length));
            register(ClientKey);
            return ClientKey;
        }
    }

    private async Task RelayAsync(Transport server, CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var withheld = new Withheld();
        var held = new HeldSession(
            client, server, _conversation, withheld, _serverKey?.ProcessId ?? 0, outcomes, () => CancelAtServerAsync(ended.Token), options, time);
        var serverPump = new ServerPump(
            client, server, _conversation, withheld, (settlement, replaceable) => new Hold(settlement, replaceable, held, outcomes, options, time),
            options.WithheldLimit, metrics);
        _serverPump = serverPump;
        var clientPump = new ClientPump(client, server, _conversation, metrics) { ShouldEnd = () => _ending && _conversation.IsIdle };
        var fromClient = clientPump.RunAsync(ended.Token);
        var fromServer = serverPump.RunAsync(ended.Token);
        var first = await Task.WhenAny(fromClient, fromServer);
        if (first == fromClient && fromClient.IsCompletedSuccessfully)
        {
            await SayGoodbyeAsync(server, cancellation);
        }

        await ended.CancelAsync();
        await IgnoreAsync(first == fromClient ? fromServer : fromClient);
        await first;
    }

    /// <summary>The client has left, or has to: the server is told, so that it need not find out.</summary>
    private async Task SayGoodbyeAsync(Transport server, CancellationToken cancellation)
    {
        try
        {
            if (_ending && _conversation.IsIdle)
            {
                var notice = new WireWriter();
                ServerMessage.Of("FATAL", "57P01", "terminating connection due to administrator command", "The gateway is being drained.").Write(notice);
                await client.SendAsync(notice, cancellation);
            }

            if (_conversation.IsServerQuiet)
            {
                var terminate = new WireWriter();
                TerminateMessage.Write(terminate);
                await server.SendAsync(terminate, cancellation);
            }
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException)
        {
            // Gone by itself.
        }
    }

    private async Task CancelAtServerAsync(CancellationToken cancellation)
    {
        if (_serverKey is not { } key)
        {
            return;
        }

        await using var transport = await dialer.ConnectAsync(cancellation);
        var request = new WireWriter();
        new CancelRequest(key.ProcessId, key.Key).Write(request);
        await transport.SendAsync(request, cancellation);

        // The server closes the connection when it has sent the signal: libpq waits for that, too.
        await transport.ReadFrameAsync(FrameHeader.Length, cancellation);
    }

    /// <summary>The session's functions know by a setting that somebody waits. It survives DISCARD ALL; it is a hint and no secret.</summary>
    private StartupMessage Marked(StartupMessage startup)
    {
        if (startup.Database != options.Database)
        {
            return startup;
        }

        // In front, so that nothing in the client's own options can spoil it.
        var setting = $"-c pgtrickle.session={Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SettingBytes))}";
        return startup.With("options", startup["options"] is { Length: > 0 } own ? $"{setting} {own}" : setting);
    }

    /// <summary>The other direction ends as a consequence; what it says about it is no news.</summary>
    private static async Task IgnoreAsync(Task task)
    {
        try
        {
            await task;
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or SocketException or ObjectDisposedException or ProtocolException or System.Data.Common.DbException)
        {
            // See above.
        }
    }
}
