using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PgTrickle.Wire.Scram;

/// <summary>Channel binding of type tls-server-end-point (RFC 5929, section 4): a hash of the server's certificate.</summary>
public static class ChannelBinding
{
    /// <summary>The type's name in SCRAM.</summary>
    public const string Type = "tls-server-end-point";

    /// <summary>
    /// Hashes a certificate with the hash of its signature; with SHA-256 where that is MD5 or SHA-1. Null when the signature's algorithm names no
    /// hash (Ed25519): then there is no such binding.
    /// </summary>
    public static byte[]? HashOf(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        var raw = certificate.RawDataMemory.Span;
        return certificate.SignatureAlgorithm.Value switch
        {
            // sha384WithRSAEncryption, ecdsa-with-SHA384
            "1.2.840.113549.1.1.12" or "1.2.840.10045.4.3.3" => SHA384.HashData(raw),

            // sha512WithRSAEncryption, ecdsa-with-SHA512
            "1.2.840.113549.1.1.13" or "1.2.840.10045.4.3.4" => SHA512.HashData(raw),

            // md5, sha1 and sha256 with RSA, ecdsa with SHA1 and SHA256
            "1.2.840.113549.1.1.4" or "1.2.840.113549.1.1.5" or "1.2.840.113549.1.1.11" or "1.2.840.10045.4.1" or "1.2.840.10045.4.3.2" => SHA256.HashData(raw),
            _ => null,
        };
    }
}
