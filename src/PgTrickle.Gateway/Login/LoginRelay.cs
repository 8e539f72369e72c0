using System.Buffers;
using System.Text;
using PgTrickle.Gateway.Relay;
using PgTrickle.Wire;
using PgTrickle.Wire.Backend;
using PgTrickle.Wire.Frontend;
using PgTrickle.Wire.Scram;
using PgTrickle.Wire.Startup;

namespace PgTrickle.Gateway.Login;

/// <summary>
/// Relays a login. Everything but SCRAM passes as it is. SCRAM passes where client and server see the same channel: no TLS on the way to the server, or the same
/// certificate on both. Elsewhere the proof would not fit: the gateway asks for the password, over the client's TLS or within the machine, and logs in itself, bound
/// to the server's certificate. A client without TLS from elsewhere is not asked for it; it is not offered the bound mechanism, and then libpq gets through.
/// </summary>
internal sealed class LoginRelay(Transport client, Transport server, byte[]? ownCertificateHash, bool trustsLoopback)
{
    /// <summary>PostgreSQL's limit on a SASL message is 1024, that on tokens of GSSAPI 65535.</summary>
    private const int LongestAnswer = 64 * 1024;

    /// <summary>Errors and parameters of a server that is being logged in to.</summary>
    private const int LongestRequest = 1 << 20;

    /// <summary>Whether the startup message has options that are not the client's: that they are refused is no news for the client.</summary>
    public bool HasOwnOptions { get; init; }

    private ScramClient? _ownLogin;
    private bool _hidesBinding;

    /// <summary>Forwards the startup message and relays until the session is ready.</summary>
    /// <param name="startup">The client's, with the options of the gateway.</param>
    /// <param name="disguise">Makes the key that the client is given out of the server's.</param>
    /// <param name="cancellation">Ends the login.</param>
    /// <returns>The server's key, if it gave one; null when either side gave up. The client has been told why.</returns>
    /// <exception cref="OptionsRefusedException">The server, a pooler, takes no options. The client has been told nothing.</exception>
    public async Task<LoginResult?> RunAsync(StartupMessage startup, Func<BackendKeyData, BackendKeyData> disguise, CancellationToken cancellation)
    {
        var supported = startup.Version > ProtocolVersion.V32 ? startup with { Version = ProtocolVersion.V32 } : startup;
        var packet = new WireWriter();
        supported.Write(packet);
        await server.SendAsync(packet, cancellation);
        var negotiated = supported == startup;
        BackendKeyData? key = null;
        for (var isFirst = true; await server.ReadFrameAsync(LongestRequest, cancellation) is { } frame; isFirst = false)
        {
            if (isFirst && HasOwnOptions && frame.Type == BackendType.ErrorResponse && OptionsRefusedException.IsMeantBy(ServerMessage.Read(frame.Body)))
            {
                throw new OptionsRefusedException();
            }

            var answer = new WireWriter();
            if (!negotiated && frame.Type is not (BackendType.NegotiateProtocolVersion or BackendType.ErrorResponse))
            {
                new NegotiateProtocolVersion(ProtocolVersion.V32, []).Write(answer);
            }

            negotiated = true;
            switch (frame.Type)
            {
                case BackendType.Authentication:
                    if (!await AuthenticateAsync(AuthenticationRequest.Read(frame.Body), answer, cancellation))
                    {
                        return null;
                    }

                    continue;
                case BackendType.BackendKeyData:
                    key = BackendKeyData.Read(frame.Body);
                    disguise(key).Write(answer);
                    break;
                default:
                    Copy(frame, answer);
                    break;
            }

            await client.SendAsync(answer, cancellation);
            if (frame.Type == BackendType.ErrorResponse)
            {
                return null;
            }

            if (frame.Type == BackendType.ReadyForQuery)
            {
                return new LoginResult(key);
            }
        }

        throw new RefusedException("08006", "the server closed the connection during the login");
    }

    /// <summary>Relays one request and the client's answer to it; false when the client left.</summary>
    private async Task<bool> AuthenticateAsync(AuthenticationRequest request, WireWriter toClient, CancellationToken cancellation)
    {
        if (_ownLogin is not null && request.Kind is AuthenticationKind.SaslContinue or AuthenticationKind.SaslFinal && await ContinueOwnAsync(request, cancellation))
        {
            return true;
        }

        if (request.Kind == AuthenticationKind.Sasl)
        {
            var mechanisms = request.Mechanisms();
            if (server.IsEncrypted && (client.IsEncrypted ? !SharesCertificate() : trustsLoopback && client.IsLocal))
            {
                return await LogInAsync(mechanisms, toClient, cancellation);
            }

            if (!client.IsEncrypted)
            {
                _hidesBinding = mechanisms.Contains(ScramClient.MechanismPlus);
                request = AuthenticationRequest.Sasl(mechanisms.Where(mechanism => mechanism != ScramClient.MechanismPlus));
            }
        }

        request.Write(toClient);
        await client.SendAsync(toClient, cancellation);
        if (!request.ExpectsAnswer)
        {
            return true;
        }

        var answer = await ReadAnswerAsync(cancellation);
        if (answer is not { } frame)
        {
            return false;
        }

        if (request.Kind == AuthenticationKind.Sasl && _hidesBinding && SaslInitialResponse.Read(frame.Body).Message.Span is [(byte)'y', ..])
        {
            throw new RefusedException(
                "28000", "the login cannot be relayed without TLS", "The driver vouches that it could bind its login to a channel, which the server takes for an attack.",
                "Connect to the gateway with TLS.");
        }

        var copy = new WireWriter();
        Copy(frame, copy);
        await server.SendAsync(copy, cancellation);
        return true;
    }

    private bool SharesCertificate() =>
        ownCertificateHash is not null && server.RemoteCertificate is { } certificate && ownCertificateHash.AsSpan().SequenceEqual(ChannelBinding.HashOf(certificate) ?? []);

    /// <summary>Takes the password from the client and begins a login of the gateway's own with it.</summary>
    private async Task<bool> LogInAsync(IReadOnlyCollection<string> mechanisms, WireWriter toClient, CancellationToken cancellation)
    {
        new AuthenticationRequest(AuthenticationKind.CleartextPassword, default).Write(toClient);
        await client.SendAsync(toClient, cancellation);
        if (await ReadAnswerAsync(cancellation) is not { } frame)
        {
            return false;
        }

        var password = PasswordMessage.Read(frame.Body).Password;
        var binding = mechanisms.Contains(ScramClient.MechanismPlus) ? ChannelBinding.HashOf(server.RemoteCertificate!) : null;
        _ownLogin = binding is null ? ScramClient.Unbound(password) : ScramClient.Bound(password, binding);
        var first = new WireWriter();
        SaslInitialResponse.Write(first, binding is not null ? ScramClient.MechanismPlus : ScramClient.Mechanism, _ownLogin.FirstMessage);
        await server.SendAsync(first, cancellation);
        return true;
    }

    private async Task<bool> ContinueOwnAsync(AuthenticationRequest request, CancellationToken cancellation)
    {
        var message = Encoding.UTF8.GetString(request.Data.Span);
        if (request.Kind == AuthenticationKind.SaslFinal)
        {
            _ownLogin!.Verify(message);
            return true;
        }

        var final = new WireWriter();
        SaslResponse.Write(final, _ownLogin!.FinalMessage(message));
        await server.SendAsync(final, cancellation);
        return true;
    }

    private async Task<Frame?> ReadAnswerAsync(CancellationToken cancellation)
    {
        var frame = await client.ReadFrameAsync(LongestAnswer, cancellation);
        return frame is null or { Type: FrontendType.Password } ? frame : throw new ProtocolException($"expected a password response, got message type {frame.Value.Type}");
    }

    private static void Copy(Frame frame, WireWriter writer) => writer.Message(frame.Type, body => body.Bytes(frame.Body.ToArray()));
}

/// <summary>A login has succeeded.</summary>
/// <param name="ServerKey">What the server cancels by; null when it gave none.</param>
internal sealed record LoginResult(BackendKeyData? ServerKey);
