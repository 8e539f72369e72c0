using System.Net;

namespace PgTrickle.Gateway;

/// <summary>Settings of a gateway.</summary>
public sealed record GatewayOptions
{
    /// <summary>Where clients connect; port 0 takes a free one.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>The server that sessions are relayed to.</summary>
    public required ServerAddress Server { get; init; }

    /// <summary>The database in which calls are made synchronous: the one of the control connection. Sessions with other databases are relayed and nothing else.</summary>
    public required string Database { get; init; }

    /// <summary>PEM files for TLS with clients; null offers none. They are read again when they change.</summary>
    public CertificateFiles? Certificate { get; init; }

    /// <summary>Refuses clients that do not use TLS.</summary>
    public bool RequireTls { get; init; }

    /// <summary>
    /// Whether a client on this machine may be asked for its password without TLS, where the server's TLS keeps its login from being relayed. Nobody but the machine's
    /// administrator can listen there.
    /// </summary>
    public bool TrustsLoopback { get; init; } = true;

    /// <summary>Sessions at once; a further one is refused with 53300.</summary>
    public int MaxSessions { get; init; } = 1000;

    /// <summary>How long a client may take to log in, the server's part included.</summary>
    public TimeSpan LoginTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How many bytes of results are withheld at most while the outcome of a call is not known; beyond, they are released, and a failure is a warning.</summary>
    public int WithheldLimit { get; init; } = 1 << 20;

    /// <summary>How often a session that waits for an outcome tells the server that it is alive: less than any sensible idle_session_timeout.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How often the client is told, by a NOTICE, that its call goes on.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a failed creation may take to be removed again.</summary>
    public TimeSpan TakeBackTimeout { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>A certificate chain and its key.</summary>
/// <param name="CertificatePath">PEM, the server's certificate first.</param>
/// <param name="KeyPath">PEM, not encrypted.</param>
public sealed record CertificateFiles(string CertificatePath, string KeyPath);
