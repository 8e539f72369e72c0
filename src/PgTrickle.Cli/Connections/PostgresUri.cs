using System.Diagnostics.CodeAnalysis;
using Npgsql;

namespace PgTrickle.Cli.Connections;

/// <summary>
/// Reads <c>postgresql://user:password@host:port/database?name=value</c>, as libpq has it
/// (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS), into Npgsql's settings.
/// </summary>
internal static class PostgresUri
{
    private static readonly string[] Schemes = ["postgresql://", "postgres://"];

    /// <summary>Names of libpq whose meaning Npgsql has under another name. Others are tried as they are.</summary>
    private static readonly Dictionary<string, string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["user"] = "Username",
        ["dbname"] = "Database",
        ["sslmode"] = "SSL Mode",
        ["sslrootcert"] = "Root Certificate",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["sslpassword"] = "SSL Password",
        ["sslnegotiation"] = "SSL Negotiation",
        ["channel_binding"] = "Channel Binding",
        ["connect_timeout"] = "Timeout",
        ["application_name"] = "Application Name",
        ["client_encoding"] = "Client Encoding",
        ["passfile"] = "Passfile",
        ["target_session_attrs"] = "Target Session Attributes",
        ["load_balance_hosts"] = "Load Balance Hosts",
    };

    public static bool IsUri(string text) => Schemes.Any(scheme => text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase));

    /// <exception cref="FormatException">It is no such URI, or names a parameter that can't be honoured. The message holds no part of the password.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string uri)
    {
        var scheme = Schemes.FirstOrDefault(known => uri.StartsWith(known, StringComparison.OrdinalIgnoreCase))
            ?? throw new FormatException("The connection URI must begin with postgresql://.");
        var rest = uri[scheme.Length..];
        var (beforeQuery, query) = Cut(rest, rest.IndexOf('?', StringComparison.Ordinal));
        var (authority, database) = Cut(beforeQuery, beforeQuery.IndexOf('/', StringComparison.Ordinal));
        var at = authority.LastIndexOf('@');
        var builder = new NpgsqlConnectionStringBuilder();
        if (at >= 0)
        {
            var credentials = authority[..at];
            var (user, password) = Cut(credentials, credentials.IndexOf(':', StringComparison.Ordinal));
            builder.Username = Decode(user);
            builder.Password = password.Length == 0 ? null : Decode(password);
        }

        SetHosts(builder, authority[(at + 1)..]);
        if (database.Length > 0)
        {
            builder.Database = Decode(database);
        }

        foreach (var parameter in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = Cut(parameter, parameter.IndexOf('=', StringComparison.Ordinal));
            SetParameter(builder, Decode(name), Decode(value));
        }

        return builder;
    }

    /// <summary>The same server, role and database as a URI without the password.</summary>
    [SuppressMessage("Design", "CA1055:URI-like return values should not be strings", Justification = "Text for people; System.Uri would normalise it.")]
    public static string WithoutSecrets(NpgsqlConnectionStringBuilder connection) => Print(connection, password: null);

    /// <summary>The same with the password: for throwaway servers only.</summary>
    [SuppressMessage("Design", "CA1055:URI-like return values should not be strings", Justification = "Text for people; System.Uri would normalise it.")]
    public static string WithPassword(NpgsqlConnectionStringBuilder connection) => Print(connection, connection.Password);

    private static string Print(NpgsqlConnectionStringBuilder connection, string? password)
    {
        var secret = password is null ? string.Empty : ":" + Uri.EscapeDataString(password);
        var user = connection.Username is { Length: > 0 } name ? Uri.EscapeDataString(name) + secret + "@" : string.Empty;
        var host = connection.Host ?? "localhost";
        var place = host.Contains(',', StringComparison.Ordinal) || (host.Contains(':', StringComparison.Ordinal) && !IsIpv6(host))
            ? host
            : $"{(IsIpv6(host) ? $"[{host}]" : Uri.EscapeDataString(host))}:{connection.Port}";
        return $"postgresql://{user}{place}/{Uri.EscapeDataString(connection.Database ?? connection.Username ?? string.Empty)}";
    }

    private static bool IsIpv6(string host) => host.Count(character => character == ':') > 1;

    private static void SetHosts(NpgsqlConnectionStringBuilder builder, string hosts)
    {
        if (hosts.Contains(',', StringComparison.Ordinal))
        {
            builder.Host = Decode(hosts);
            return;
        }

        var bracket = hosts.IndexOf(']', StringComparison.Ordinal);
        var colon = hosts.IndexOf(':', bracket + 1);
        var (host, port) = Cut(hosts, colon);
        builder.Host = host.Length == 0 ? "localhost" : Decode(host.Trim('[', ']'));
        if (port.Length > 0)
        {
            builder.Port = int.TryParse(port, out var number) && number is > 0 and < 65536
                ? number
                : throw new FormatException($"'{port}' is not a port.");
        }
    }

    private static void SetParameter(NpgsqlConnectionStringBuilder builder, string name, string value)
    {
        try
        {
            builder[Names.GetValueOrDefault(name, name)] = name.Equals("sslmode", StringComparison.OrdinalIgnoreCase)
                ? value.Replace("-", string.Empty, StringComparison.Ordinal)
                : value;
        }
        catch (ArgumentException)
        {
            throw new FormatException($"The parameter '{name}' of the connection URI is unknown or its value can't be used.");
        }
    }

    private static (string Before, string After) Cut(string text, int position) =>
        position < 0 ? (text, string.Empty) : (text[..position], text[(position + 1)..]);

    private static string Decode(string text) => Uri.UnescapeDataString(text);
}
