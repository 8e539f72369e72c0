using System.Net;
using System.Security.Cryptography.X509Certificates;
using Npgsql;
using PgTrickle.Gateway;
using Xunit;

namespace PgTrickle.TestInfrastructure.Gateways;

/// <summary>A gateway in front of a server that asks for passwords.</summary>
public sealed class LoginFixture : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly NpgsqlDataSource _control;
    private readonly GatewayMetrics _metrics = new();
    private readonly ErrorLog _errors = new();

    private LoginFixture(TlsServer server, SslMode serverMode, CertificatePair? certificate, Func<GatewayOptions, GatewayOptions> configure)
    {
        Server = server;
        _folder = Directory.CreateTempSubdirectory("gateway");
        _control = NpgsqlDataSource.Create(server.Postgres.ConnectionString());
        Files = new CertificateFiles(Path.Combine(_folder.FullName, "tls.crt"), Path.Combine(_folder.FullName, "tls.key"));
        if (certificate is not null)
        {
            Replace(certificate);
        }

        var options = new GatewayOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Server = new ServerAddress("localhost", server.Postgres.Port, serverMode, Write("root.crt", server.Certificate.Certificate)),
            Database = "postgres",
            Certificate = certificate is null ? null : Files,
        };
        Gateway = GatewayServer.Start(configure(options), _control, _metrics, _errors, TimeProvider.System);
    }

    public TlsServer Server { get; }

    public GatewayServer Gateway { get; }

    public CertificateFiles Files { get; }

    public static async Task<LoginFixture> StartAsync(
        PostgresVersion version, SslMode serverMode, CertificatePair? certificate, Func<GatewayOptions, GatewayOptions>? configure = null) =>
        new(await TlsServer.GetAsync(version), serverMode, certificate, configure ?? (options => options));

    /// <summary>A gateway that shows the server's own certificate.</summary>
    public static async Task<LoginFixture> StartWithServerCertificateAsync(PostgresVersion version)
    {
        var server = await TlsServer.GetAsync(version);
        return new LoginFixture(server, SslMode.VerifyFull, server.Certificate, options => options);
    }

    /// <summary>Puts another certificate in the place of the gateway's.</summary>
    public void Replace(CertificatePair certificate)
    {
        Write("tls.crt", certificate.Certificate);
        Write("tls.key", certificate.Key);
    }

    public string Write(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Logs in through the gateway and returns who the server says is there, whether by TLS, and the certificate that the gateway has shown.</summary>
    public async Task<(string User, bool ServerTls, string? Thumbprint)> LogInAsync(string user, SslMode mode, Action<NpgsqlConnectionStringBuilder>? configure = null, string password = TlsServer.Password)
    {
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1", Port = Gateway.EndPoint.Port, Database = "postgres", Username = user, Password = password, SslMode = mode, Pooling = false,
        };
        configure?.Invoke(builder);
        string? thumbprint = null;
        var sourceBuilder = new NpgsqlDataSourceBuilder(builder.ConnectionString);
        if (mode == SslMode.Require)
        {
            sourceBuilder.UseSslClientAuthenticationOptionsCallback(tls => tls.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            {
                thumbprint = (certificate as X509Certificate2)?.Thumbprint;
                return true;
            });
        }

        await using var source = sourceBuilder.Build();
        var row = (await source.QueryAsync("SELECT current_user::text, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")).Rows[0];
        return ((string)row[0]!, (bool)row[1]!, thumbprint);
    }

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await _control.DisposeAsync();
        _metrics.Dispose();
        _folder.Delete(recursive: true);
        Assert.Empty(_errors.Entries);
    }
}
