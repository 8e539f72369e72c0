using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using PgTrickle.Wire.Scram;

namespace PgTrickle.Gateway.Login;

/// <summary>The gateway's certificate. Files that changed are read again at the next handshake; if that fails, the old certificate serves on.</summary>
internal sealed class CertificateSource(CertificateFiles files)
{
    private readonly Lock _lock = new();
    private Loaded? _loaded;

    /// <summary>The certificate with its chain, for a handshake.</summary>
    public SslStreamCertificateContext Context => Current().Context;

    /// <summary>What clients bind SCRAM to; null when the certificate allows no such thing.</summary>
    public byte[]? BindingHash => Current().Hash;

    private Loaded Current()
    {
        lock (_lock)
        {
            var stamp = (File.GetLastWriteTimeUtc(files.CertificatePath), File.GetLastWriteTimeUtc(files.KeyPath));
            if (_loaded?.Stamp != stamp)
            {
                try
                {
                    _loaded = Load(stamp);
                }
                catch (Exception error) when (_loaded is not null && error is IOException or System.Security.Cryptography.CryptographicException or UnauthorizedAccessException)
                {
                    // Certificate and key are replaced one after the other: in between they do not fit.
                    return _loaded!;
                }
            }

            return _loaded!;
        }
    }

    private Loaded Load((DateTime Certificate, DateTime Key) stamp)
    {
        var certificate = X509Certificate2.CreateFromPemFile(files.CertificatePath, files.KeyPath);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(files.CertificatePath);
        return new Loaded(stamp, SslStreamCertificateContext.Create(certificate, chain, offline: true), ChannelBinding.HashOf(certificate));
    }

    private sealed record Loaded((DateTime Certificate, DateTime Key) Stamp, SslStreamCertificateContext Context, byte[]? Hash);
}
