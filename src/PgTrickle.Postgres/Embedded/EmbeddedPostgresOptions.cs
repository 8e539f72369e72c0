namespace PgTrickle.Postgres.Embedded;

/// <summary>How clients of an embedded server prove who they are.</summary>
public enum EmbeddedAuthentication
{
    /// <summary>SCRAM-SHA-256 passwords.</summary>
    Scram,

    /// <summary>Everybody who can reach the loopback port is believed: for servers of tests, whose data is worth nothing.</summary>
    Trust,
}

/// <summary>
/// What an embedded server should be like. A class and not a record: a record would print its password in ToString.
/// </summary>
public sealed class EmbeddedPostgresOptions
{
    /// <summary>The major version wanted, 15 to 18; null takes the newest that is installed, and the newest supported if there is none.</summary>
    public int? MajorVersion { get; init; }

    /// <summary>A folder with postgres, initdb and pg_ctl that is used without looking further; null looks for one.</summary>
    public string? BinDirectory { get; init; }

    /// <summary>Where the data lives. It is initialised when empty and kept when the server stops. Null uses a temporary folder.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>Keeps a temporary data directory after the server has stopped, for a look at its log.</summary>
    public bool KeepTemporaryData { get; init; }

    /// <summary>The loopback port; null takes a free one, and another one should somebody else be faster.</summary>
    public int? Port { get; init; }

    /// <summary>The bootstrap superuser's name.</summary>
    public string SuperuserName { get; init; } = "postgres";

    /// <summary>
    /// The superuser's password. Null generates one; with a <see cref="DataDirectory"/> it is kept in a file there that only
    /// the server's operating system user can read, so that the next start knows it.
    /// </summary>
    public string? SuperuserPassword { get; init; }

    /// <summary>How clients authenticate; applies when the data directory is initialised.</summary>
    public EmbeddedAuthentication Authentication { get; init; } = EmbeddedAuthentication.Scram;

    /// <summary>Server settings by name, as with <c>postgres -c name=value</c>. They prevail over postgresql.conf.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>How long the server may take until it accepts connections, crash recovery included.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>The machine as the embedded server sees it.</summary>
    public EmbeddedHost Host { get; init; } = EmbeddedHost.Current;
}
