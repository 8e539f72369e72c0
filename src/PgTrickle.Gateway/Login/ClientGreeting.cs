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

    /// <summary>Reads up to the startup message or cancel request. Null: the client left without a word, as probes do.</summary>
    public async Task<(Transport Transport, InitialPacket Packet)?> ReceiveAsync(Socket socket, CancellationToken cancellation)
    {
        var peeked = new byte[1];
        if (await socket.ReceiveAsync(peeked, SocketFlags.Peek, cancellation) == 0)
        {
            return null;
        }

        Stream stream = new NetworkStream(socket, ownsSocket: false);
        var encrypted = false;
        if (peeked[0] == SslRequest.DirectTls)
        {
            stream = await EncryptAsync(stream, direct: true, cancellation);
            encrypted = true;
        }

        while (await ReadPacketAsync(stream, cancellation) is { } packet)
        {
            switch (packet)
            {
                case SslRequest when !encrypted && certificates is not null:
                    await AnswerAsync(stream, SslRequest.Accepted, cancellation);
                    if (socket.Available > 0 && !await StartsTlsAsync(socket, cancellation))
                    {
                        throw new ProtocolException("received unencrypted data after SSL request");
                    }

                    stream = await EncryptAsync(stream, direct: false, cancellation);
                    encrypted = true;
                    break;
                case SslRequest or GssEncRequest:
                    await AnswerAsync(stream, SslRequest.Refused, cancellation);
                    break;
                default:
                    return (new Transport(socket, stream), requireTls && !encrypted && packet is StartupMessage ? new TlsMissing() : packet);
            }
        }

        return null;
    }

    private static async Task<bool> StartsTlsAsync(Socket socket, CancellationToken cancellation)
    {
        var next = new byte[1];
        return await socket.ReceiveAsync(next, SocketFlags.Peek, cancellation) == 1 && next[0] == SslRequest.DirectTls;
    }

    private static ValueTask AnswerAsync(Stream stream, byte answer, CancellationToken cancellation) => stream.WriteAsync(new[] { answer }, cancellation);

    private async Task<Stream> EncryptAsync(Stream stream, bool direct, CancellationToken cancellation)
    {
        if (certificates is null)
        {
            throw new ProtocolException("this gateway does not offer TLS");
        }

        var secure = new SslStream(stream);
        await secure.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificateContext = certificates.Context,
                ApplicationProtocols = Protocols,
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                AllowRenegotiation = false,
            },
            cancellation);
        if (direct && secure.NegotiatedApplicationProtocol != Protocols[0])
        {
            throw new ProtocolException("received direct SSL connection request without ALPN protocol negotiation extension");
        }

        return secure;
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
