using System.Buffers;
using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using PgTrickle.Gateway.Relay;
using PgTrickle.Wire;
using PgTrickle.Wire.Startup;

namespace PgTrickle.Gateway.Login;

/// <summary>
/// The beginning of a connection: requests for encryption are answered until a startup message or a cancel request comes. Packets are read to the byte, so that
/// nothing that was sent in the clear ends up behind the TLS handshake (CVE-2021-23214).
/// </summary>
internal sealed class ClientGreeting(CertificateSource? certificates, bool requireTls)
{
    private static readonly List<SslApplicationProtocol> Protocols = [new(SslRequest.ApplicationProtocol)];

    /// <summary>The way to the client as far as it has been agreed on; a refusal goes there.</summary>
    public Stream Stream { get; private set; } = Stream.Null;

    /// <summary>Reads up to the startup message or cancel request. Null: the client left without a word, as probes do.</summary>
    public async Task<(Transport Transport, InitialPacket Packet)?> ReceiveAsync(Socket socket, CancellationToken cancellation)
    {
        var peeked = new byte[1];
        if (await socket.ReceiveAsync(peeked, SocketFlags.Peek, cancellation) == 0)
        {
            return null;
        }

        Stream = new NetworkStream(socket, ownsSocket: false);
        if (peeked[0] == SslRequest.DirectTls)
        {
            await EncryptAsync(cancellation);
            if (((SslStream)Stream).NegotiatedApplicationProtocol != Protocols[0])
            {
                throw new ProtocolException("received direct SSL connection request without ALPN protocol negotiation extension");
            }
        }

        while (await ReadPacketAsync(Stream, cancellation) is { } packet)
        {
            switch (packet)
            {
                case SslRequest when Stream is not SslStream && certificates is not null:
                    await AnswerAsync(SslRequest.Accepted, cancellation);
                    if (socket.Available > 0 && !await StartsTlsAsync(socket, cancellation))
                    {
                        throw new ProtocolException("received unencrypted data after SSL request");
                    }

                    await EncryptAsync(cancellation);
                    break;
                case SslRequest or GssEncRequest:
                    await AnswerAsync(SslRequest.Refused, cancellation);
                    break;
                default:
                    return (new Transport(socket, Stream), requireTls && Stream is not SslStream && packet is StartupMessage ? new TlsMissing() : packet);
            }
        }

        return null;
    }

    private static async Task<bool> StartsTlsAsync(Socket socket, CancellationToken cancellation)
    {
        var next = new byte[1];
        return await socket.ReceiveAsync(next, SocketFlags.Peek, cancellation) == 1 && next[0] == SslRequest.DirectTls;
    }

    private ValueTask AnswerAsync(byte answer, CancellationToken cancellation) => Stream.WriteAsync(new[] { answer }, cancellation);

    private async Task EncryptAsync(CancellationToken cancellation)
    {
        if (certificates is null)
        {
            throw new ProtocolException("this gateway does not offer TLS");
        }

        var secure = new SslStream(Stream);
        var settings = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = certificates.Context,
            ApplicationProtocols = Protocols,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            AllowRenegotiation = false,
        };
        try
        {
            await secure.AuthenticateAsServerAsync(settings, cancellation);
        }
        catch
        {
            // Whatever is said now, neither side would understand.
            Stream = Stream.Null;
            await secure.DisposeAsync();
            throw;
        }

        Stream = secure;
    }

    private static async Task<InitialPacket?> ReadPacketAsync(Stream stream, CancellationToken cancellation)
    {
        var head = new byte[sizeof(int)];
        if (await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellation) < head.Length)
        {
            return null;
        }

        var body = new byte[InitialPacket.CheckLength(BinaryPrimitives.ReadInt32BigEndian(head)) - sizeof(int)];
        return await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, cancellation) < body.Length
            ? null
            : InitialPacket.Read(new ReadOnlySequence<byte>(body));
    }
}

/// <summary>A session was asked for in the clear where TLS is required.</summary>
internal sealed record TlsMissing : InitialPacket;
