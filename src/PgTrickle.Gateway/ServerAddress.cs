using Npgsql;

namespace PgTrickle.Gateway;

/// <summary>Where the server is, and how much its TLS is trusted.</summary>
/// <param name="Host">A name, an address, or a folder with its Unix socket.</param>
/// <param name="Port">The port, also for the name of the socket.</param>
/// <param name="TlsMode">As for Npgsql.</param>
/// <param name="RootCertificate">A PEM file with the authorities that are trusted for VerifyCA and VerifyFull; null takes those of the system.</param>
public sealed record ServerAddress(string Host, int Port, SslMode TlsMode, string? RootCertificate = null)
{
    /// <summary>Takes over from a connection string where its server is.</summary>
    public static ServerAddress From(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        return new ServerAddress(builder.Host ?? "localhost", builder.Port, builder.SslMode, builder.RootCertificate);
    }

    /// <summary>Whether <see cref="Host"/> is a folder.</summary>
    public bool IsUnixSocket => Host.StartsWith('/');
}
