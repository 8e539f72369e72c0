using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgTrickle.Gateway.Login;
using PgTrickle.Gateway.Outcomes;
using PgTrickle.Gateway.Peers;
using PgTrickle.Gateway.Relay;
using PgTrickle.Wire;
using PgTrickle.Wire.Backend;
using PgTrickle.Wire.Startup;

namespace PgTrickle.Gateway;

/// <summary>Listens for PostgreSQL clients and relays each to the server. Several may serve one database at a time. Thread-safe.</summary>
public sealed class GatewayServer : IAsyncDisposable
{
    private const int Backlog = 512;

    private static readonly TimeSpan DrainInterval = TimeSpan.FromMilliseconds(50);

    private readonly GatewayOptions _options;
    private readonly ServerDialer _dialer;
    private readonly CertificateSource? _certificates;
    private readonly CommandWatch _watch;
    private readonly GatewayMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Socket _listener;
    private readonly GatewayDirectory _directory;
    private readonly CancelForwarder _forwarder;
    private readonly CancellationTokenSource _stopped = new();
    private readonly ConcurrentDictionary<Task, Session?> _connections = new();
    private readonly ConcurrentDictionary<SessionKey, Session> _keys = new();
    private Task _accepting = Task.CompletedTask;
    private int _sessions;
    private volatile bool _draining;

    private GatewayServer(GatewayOptions options, NpgsqlDataSource control, GatewayMetrics metrics, ILogger logger, TimeProvider time, CommandHints hints)
    {
        _options = options;
        _dialer = new ServerDialer(options.Server);
        _certificates = options.Certificate is { } files ? new CertificateSource(files) : null;
        _watch = new CommandWatch(control, time) { Hints = hints };
        _metrics = metrics;
        _logger = logger;
        _time = time;
        _directory = new GatewayDirectory(control);
        _forwarder = new CancelForwarder(_directory);
        _listener = new Socket(options.Listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
    }

    /// <summary>Where it listens, with the port that it was given.</summary>
    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

    /// <summary>Sessions that are open or logging in.</summary>
    public int SessionCount => Volatile.Read(ref _sessions);

    /// <summary>Starts to listen.</summary>
    /// <param name="options">Its settings.</param>
    /// <param name="control">Sessions as role pgtrickle, for the outcomes of calls; stays the caller's.</param>
    /// <param name="metrics">What is counted.</param>
    /// <param name="logger">Told of what an operator should know.</param>
    /// <param name="time">The clock.</param>
    /// <param name="hints">Told of commands that nodes may want to look at.</param>
    /// <exception cref="SocketException">The address is in use, or not this machine's.</exception>
    public static GatewayServer Start(
        GatewayOptions options, NpgsqlDataSource control, GatewayMetrics metrics, ILogger logger, TimeProvider time, CommandHints? hints = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(metrics);
        var gateway = new GatewayServer(options, control, metrics, logger, time, hints ?? CommandHints.None);
        try
        {
            // A certificate that cannot be read is found out now and not by the first client.
            _ = gateway._certificates?.Context;
            gateway._listener.Bind(options.Listen);
            gateway._listener.Listen(Backlog);
        }
        catch
        {
            gateway._listener.Dispose();
            throw;
        }

        gateway._accepting = gateway.AcceptAsync();
        return gateway;
    }

    /// <summary>A command may have ended: sessions that wait look at once instead of a moment later. From any thread.</summary>
    public void LookForOutcomes() => _watch.LookNow();

    /// <summary>Tells the other gateways of the database where this one is, so that they pass on cancel requests that are meant for it.</summary>
    /// <param name="nodeId">The node's row in pgtrickle.cluster_members.</param>
    /// <param name="host">The name or address by which others reach it.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    public async Task AnnounceAsync(long nodeId, string host, CancellationToken cancellation = default)
    {
        var address = $"{host}:{EndPoint.Port}";
        await _directory.AnnounceAsync(nodeId, address, cancellation);
        _forwarder.Own = address;
    }

    /// <summary>Refuses new sessions, and ends the open ones at their next idle moment, or all of them when the limit is over.</summary>
    public async Task DrainAsync(TimeSpan limit, CancellationToken cancellation = default)
    {
        _draining = true;
        var since = _time.GetTimestamp();
        while (SessionCount > 0 && _time.GetElapsedTime(since) < limit)
        {
            foreach (var session in _keys.Values)
            {
                session.EndIfIdle();
            }

            await Task.Delay(DrainInterval, _time, cancellation);
        }

        await _stopped.CancelAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_connections.Keys);
        _stopped.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stopped.IsCancellationRequested)
        {
            try
            {
                var socket = await _listener.AcceptAsync(_stopped.Token);
                var connection = ServeAsync(socket);
                _connections[connection] = null;
                _ = connection.ContinueWith(done => _connections.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
            catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException error)
            {
                // Too many open files, for instance: others may close some.
                _logger.LogWarning(error, "A connection could not be accepted");
                await Task.Delay(DrainInterval, _time);
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await Task.Yield();
        using var owned = socket;
        Transport? client = null;
        var greeting = new ClientGreeting(_certificates, _options.RequireTls);
        try
        {
            Transport.Configure(socket);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stopped.Token);
            patience.CancelAfter(_options.LoginTimeout);
            if (await greeting.ReceiveAsync(socket, patience.Token) is not var (transport, packet))
            {
                return;
            }

            client = transport;
            patience.CancelAfter(Timeout.InfiniteTimeSpan);
            await OnPacketAsync(client, packet);
        }
        catch (ProtocolException error)
        {
            await RefuseAsync(greeting.Stream, new RefusedException(error.SqlState, error.Message));
        }
        catch (RefusedException error)
        {
            await RefuseAsync(greeting.Stream, error);
        }
        catch (OperationCanceledException)
        {
            await RefuseAsync(greeting.Stream, new RefusedException("57P01", "terminating connection due to administrator command", "The gateway is stopping, or the login took too long."));
        }
        catch (Exception error) when (error is IOException or SocketException or AuthenticationException or ObjectDisposedException)
        {
            // The client vanished, or does not like the certificate.
            _logger.LogDebug(error, "A connection ended");
        }
        catch (Exception error)
        {
            _logger.LogError(error, "A session failed");
            await RefuseAsync(greeting.Stream, new RefusedException("XX000", "internal error of the gateway"));
        }
        finally
        {
            if (client is not null)
            {
                await client.DisposeAsync();
            }
        }
    }

    private async Task OnPacketAsync(Transport client, InitialPacket packet)
    {
        switch (packet)
        {
            case CancelRequest request:
                await OnCancelAsync(request);
                break;
            case TlsMissing:
                throw new RefusedException("28000", "the gateway requires TLS", hint: "Connect with sslmode=require.");
            case StartupMessage startup:
                await OnStartupAsync(client, startup);
                break;
        }
    }

    private async Task OnCancelAsync(CancelRequest request)
    {
        var forwarded = CancelForwarder.Unwrap(request);
        var known = _keys.TryGetValue(SessionKey.Of(forwarded ?? request), out var session);
        _metrics.CountCancel(known);
        if (known)
        {
            await session!.CancelAsync(_stopped.Token);
        }
        else if (forwarded is null)
        {
            await _forwarder.ForwardAsync(request, _stopped.Token);
        }
    }

    private async Task OnStartupAsync(Transport client, StartupMessage startup)
    {
        var count = Interlocked.Increment(ref _sessions);
        _metrics.Sessions.Add(1);
        var session = new Session(client, _options, _dialer, _watch, _metrics, _time);
        try
        {
            if (_draining)
            {
                throw new RefusedException("57P03", "the gateway is being drained", hint: "Connect to another gateway.");
            }

            if (count > _options.MaxSessions)
            {
                throw new RefusedException("53300", "sorry, too many clients already", $"The gateway is set to {_options.MaxSessions} sessions.");
            }

            await session.RunAsync(startup, _certificates?.BindingHash, key => _keys[SessionKey.Of(key)] = session, _stopped.Token);
        }
        finally
        {
            Interlocked.Decrement(ref _sessions);
            _metrics.Sessions.Add(-1);
            if (session.ClientKey is { } key)
            {
                _keys.TryRemove(SessionKey.Of(key), out _);
            }
        }
    }

    private async Task RefuseAsync(Stream client, RefusedException reason)
    {
        _metrics.CountError(reason.SqlState);
        _logger.LogInformation("A session was refused or ended: {SqlState} {Message} {Detail}", reason.SqlState, reason.Message, reason.Detail);
        var writer = new WireWriter();
        ServerMessage.Of("FATAL", reason.SqlState, reason.Message, reason.Detail, reason.Hint).Write(writer);
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1), _time);
            await client.WriteAsync(writer.Written, patience.Token);
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // Whoever does not listen need not be told.
        }
    }
}
