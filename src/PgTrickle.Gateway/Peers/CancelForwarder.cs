using System.Data.Common;
using System.Globalization;
using System.Net.Sockets;
using PgTrickle.Wire;
using PgTrickle.Wire.Startup;

namespace PgTrickle.Gateway.Peers;

/// <summary>
/// Passes cancel requests on that name no session of this gateway: behind one address a request may reach any of several. All others are asked, since a
/// key of version 3.0 has no room for a name without becoming guessable. A forwarded request is longer by a mark and is not passed on again.
/// </summary>
internal sealed class CancelForwarder(GatewayDirectory directory)
{
    /// <summary>Anybody can send requests with wrong keys: so many are passed on at a time, and the others are dropped.</summary>
    private const int AtOnce = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _room = new(AtOnce, AtOnce);

    /// <summary>This gateway's address as the others know it; null while it is not announced.</summary>
    public string? Own { get; set; }

    private static ReadOnlySpan<byte> Mark => "pgtrickle-forward"u8;

    /// <summary>The request without its mark, or null when it comes from a client.</summary>
    public static CancelRequest? Unwrap(CancelRequest request) => request.Key.Span.EndsWith(Mark) ? request with { Key = request.Key[..^Mark.Length] } : null;

    /// <summary>Asks all other gateways.</summary>
    public async Task ForwardAsync(CancelRequest request, CancellationToken cancellation)
    {
        if (Own is not { } own || request.Key.Length + Mark.Length > CancelRequest.LongestKey || !await _room.WaitAsync(TimeSpan.Zero, cancellation))
        {
            return;
        }

        try
        {
            var packet = new WireWriter();
            (request with { Key = (byte[])[.. request.Key.Span, .. Mark] }).Write(packet);
            var others = await directory.OthersAsync(own, cancellation);
            await Task.WhenAll(others.Select(address => SendAsync(address, packet.Written, cancellation)));
        }
        catch (DbException)
        {
            // Cancelling is a wish: without the catalog it is not granted.
        }
        finally
        {
            _room.Release();
        }
    }

    private static async Task SendAsync(string address, ReadOnlyMemory<byte> packet, CancellationToken cancellation)
    {
        var colon = address.LastIndexOf(':');
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(address[..colon], int.Parse(address.AsSpan(colon + 1), CultureInfo.InvariantCulture), patience.Token);
            await socket.SendAsync(packet, patience.Token);

            // It closes when it is done, so that the client learns it when all are.
            await socket.ReceiveAsync(new byte[1], patience.Token);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException or FormatException)
        {
            // That gateway is gone, and its sessions with it.
        }
    }
}
