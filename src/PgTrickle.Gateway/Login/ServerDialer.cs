using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Npgsql;
using PgTrickle.Gateway.Relay;
using PgTrickle.Wire;
using PgTrickle.Wire.Startup;

namespace PgTrickle.Gateway.Login;

/// <summary>Opens connections to the server, with TLS as its settings ask for.</summary>
internal sealed class ServerDialer(ServerAddress address)
{
    /// <summary>Connects.</summary>
    /// <exception cref="RefusedException">The server is out of reach, or its TLS is not what the settings demand.</exception>
    public async Task<Transport> ConnectAsync(CancellationToken cancellation)
    {
        Socket? socket = null;
        try
        {
            socket = await DialAsync(cancellation);
            return new Transport(socket, await EncryptAsync(new NetworkStream(socket, ownsSocket: false), cancellation));
        }
        catch (Exception error) when (error is SocketException or IOException or AuthenticationException)
        {
            socket?.Dispose();
            throw new RefusedException("08006", "the gateway could not connect to the server", error.Message, inner: error);
        }
        catch
        {
            socket?.Dispose();
            throw;
        }
    }

    private async Task<Socket> DialAsync(CancellationToken cancellation)
    {
        if (address.IsUnixSocket)
        {
            var local = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await local.ConnectAsync(new UnixDomainSocketEndPoint($"{address.Host}/.s.PGSQL.{address.Port}"), cancellation);
            return local;
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        Transport.Configure(socket);
        await socket.ConnectAsync(new DnsEndPoint(address.Host, address.Port), cancellation);
        return socket;
    }

    private async Task<Stream> EncryptAsync(NetworkStream stream, CancellationToken cancellation)
    {
        if (address.TlsMode is SslMode.Disable or SslMode.Allow || address.IsUnixSocket)
        {
            return stream;
        }

        var request = new WireWriter();
        SslRequest.Write(request);
        await stream.WriteAsync(request.Written, cancellation);
        var answer = new byte[1];
        await stream.ReadExactlyAsync(answer, cancellation);
        if (answer[0] != SslRequest.Accepted)
        {
            return address.TlsMode == SslMode.Prefer
                ? stream
                : throw new RefusedException("08006", "the server does not offer TLS, which the gateway's settings require");
        }

        var secure = new SslStream(stream);
        await secure.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = address.Host,
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                ApplicationProtocols = [new SslApplicationProtocol(SslRequest.ApplicationProtocol)],
                RemoteCertificateValidationCallback = (_, certificate, chain, errors) => IsTrusted(certificate as X509Certificate2, chain, errors),
            },
            cancellation);
        return secure;
    }

    /// <summary>As libpq has it: up to Require any certificate will do, VerifyCA wants a known authority, VerifyFull the right name as well.</summary>
    private bool IsTrusted(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (address.TlsMode is not (SslMode.VerifyCA or SslMode.VerifyFull))
        {
            return true;
        }

        if (certificate is null || chain is null || (address.TlsMode == SslMode.VerifyFull && errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)))
        {
            return false;
        }

        if (address.RootCertificate is not { } file)
        {
            return !errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors);
        }

        using var trusted = new X509Chain();
        trusted.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        trusted.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        trusted.ChainPolicy.CustomTrustStore.ImportFromPemFile(file);
        trusted.ChainPolicy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore);
        return trusted.Build(certificate);
    }
}
