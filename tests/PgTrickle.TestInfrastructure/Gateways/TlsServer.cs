using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Npgsql;
using PgTrickle.Postgres.Embedded;

namespace PgTrickle.TestInfrastructure.Gateways;

/// <summary>A server with TLS and passwords, one a version for the whole process. Role <c>ann</c> logs in with SCRAM, <c>mary</c> with md5, <c>clara</c> with her password in the clear.</summary>
public sealed class TlsServer
{
    public const string Password = "pencil-ü";

    private static readonly ConcurrentDictionary<int, Lazy<Task<TlsServer>>> Servers = new();

    private TlsServer(EmbeddedPostgres postgres, CertificatePair certificate)
    {
        Postgres = postgres;
        Certificate = certificate;
    }

    public EmbeddedPostgres Postgres { get; }

    /// <summary>What the server shows; issued for localhost.</summary>
    public CertificatePair Certificate { get; }

    public static Task<TlsServer> GetAsync(PostgresVersion version) =>
        Servers.GetOrAdd(version.Major, _ => new Lazy<Task<TlsServer>>(() => StartAsync(version))).Value;

    private static async Task<TlsServer> StartAsync(PostgresVersion version)
    {
        var postgres = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions
        {
            MajorVersion = version.Major,
            Settings = new Dictionary<string, string> { ["fsync"] = "off", ["shared_buffers"] = "16MB" },
        });
        var certificate = CertificatePair.Create("server");
        await using var superuser = NpgsqlDataSource.Create(postgres.ConnectionString());

        // Written by the server itself: the key must belong to the user that it runs as.
        await WriteAsync(superuser, certificate.Certificate, "cat > server.crt");
        await WriteAsync(superuser, certificate.Key, "umask 077; cat > server.key");
        await WriteAsync(superuser, "host all mary 127.0.0.1/32 md5\nhost all clara 127.0.0.1/32 password\n", "cat - pg_hba.conf > hba && cat hba > pg_hba.conf");
        await superuser.ExecuteAsync($"CREATE ROLE ann LOGIN PASSWORD '{Password}'");
        await superuser.ExecuteAsync($"CREATE ROLE clara LOGIN PASSWORD '{Password}'");
        await superuser.ExecuteAsync($"SET password_encryption = md5; CREATE ROLE mary LOGIN PASSWORD '{Password}'");
        await superuser.ExecuteAsync("ALTER SYSTEM SET ssl = on");
        await superuser.ExecuteAsync("SELECT pg_reload_conf()");
        await Eventually.TrueAsync(async () => await superuser.ScalarAsync<string>("SHOW ssl") == "on", "the server has TLS");
        return new TlsServer(postgres, certificate);
    }

    private static async Task WriteAsync(NpgsqlDataSource superuser, string text, string program) =>
        await superuser.ExecuteAsync($"COPY (SELECT unnest(string_to_array('{text.TrimEnd()}', E'\\n'))) TO PROGRAM '{program}'");
}

/// <summary>A certificate for localhost and its key, in PEM.</summary>
public sealed record CertificatePair(string Certificate, string Key, string Thumbprint)
{
    public static CertificatePair Create(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        return new CertificatePair(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem(), certificate.Thumbprint);
    }
}
