using System.Net;
using System.Net.Sockets;
using System.Text;
using PgTrickle.Gateway.Relay;
using PgTrickle.TestInfrastructure.Gateways;
using PgTrickle.Wire;
using PgTrickle.Wire.Backend;
using PgTrickle.Wire.Startup;

namespace PgTrickle.Gateway.Tests.Setup;

/// <summary>A client that sends exactly what a test says, for what no driver does.</summary>
internal sealed class RawClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Transport _transport;
    private readonly CancellationTokenSource _patience = new(Patience);

    private RawClient(Transport transport) => _transport = transport;

    public BackendKeyData? Key { get; private set; }

    public NegotiateProtocolVersion? Negotiated { get; private set; }

    /// <summary>Opens a connection and sends nothing.</summary>
    public static async Task<RawClient> ConnectAsync(int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        return new RawClient(new Transport(socket, new NetworkStream(socket)));
    }

    /// <summary>Begins a session as the database's owner.</summary>
    public static async Task<RawClient> LogInAsync(GatewayFixture fixture, ProtocolVersion version, params (string Name, string Value)[] parameters)
    {
        var client = await ConnectAsync(fixture.Port);
        var startup = new StartupMessage(version, [
            new("user", fixture.Database.OwnerRole), new("database", fixture.Database.Name), .. parameters.Select(pair => KeyValuePair.Create(pair.Name, pair.Value)),
        ]);
        await client.SendAsync(startup.Write);
        while (true)
        {
            var frame = await client.ReceiveAsync();
            switch (frame.Type)
            {
                case BackendType.BackendKeyData:
                    client.Key = BackendKeyData.Read(frame.Body);
                    break;
                case BackendType.NegotiateProtocolVersion:
                    client.Negotiated = NegotiateProtocolVersion.Read(frame.Body);
                    break;
                case BackendType.ErrorResponse:
                    throw new InvalidOperationException(ServerMessage.Read(frame.Body).ToString());
                case BackendType.ReadyForQuery:
                    return client;
            }
        }
    }

    public async Task SendAsync(Action<WireWriter> write)
    {
        var writer = new WireWriter();
        write(writer);
        await _transport.SendAsync(writer, _patience.Token);
    }

    /// <summary>The next message; an exception when the connection was closed.</summary>
    public async Task<Frame> ReceiveAsync() => await _transport.ReadFrameAsync(int.MaxValue, _patience.Token) ?? throw new EndOfStreamException();

    /// <summary>The next messages up to one of a type, as their letters; errors and notices with their SQLSTATE, rows with their first value.</summary>
    public async Task<string> ReceiveUntilAsync(byte type)
    {
        var seen = new StringBuilder();
        while (true)
        {
            var frame = await ReceiveAsync();
            seen.Append((char)frame.Type);
            if (frame.Type is BackendType.ErrorResponse or BackendType.NoticeResponse)
            {
                seen.Append('(').Append(ServerMessage.Read(frame.Body).SqlState).Append(')');
            }
            else if (frame.Type == (byte)'D' && frame.Body.FirstSpan is [_, _, _, _, _, > 0 and var length, ..])
            {
                seen.Append('(').Append(Encoding.UTF8.GetString(frame.Body.Slice(6, length))).Append(')');
            }
            else if (frame.Type == BackendType.ReadyForQuery)
            {
                seen.Append((char)ReadyForQuery.Read(frame.Body).Status);
            }

            if (frame.Type == type)
            {
                return seen.ToString();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _transport.DisposeAsync();
        _patience.Dispose();
    }
}
