using System.Collections.Concurrent;
using Npgsql;
using PgTrickle.Postgres.Embedded;

namespace PgTrickle.TestInfrastructure;

/// <summary>
/// The one server of a major version in this test process, shared by all its tests. It is started by whoever asks first, and stopped by
/// its watchdog when the process ends.
/// </summary>
public sealed class TestServer
{
    private static readonly ConcurrentDictionary<int, Lazy<Task<TestServer>>> Servers = new();

    /// <summary>Roles are shared by all databases of a server, and PostgreSQL does not serialise their creation.</summary>
    private readonly SemaphoreSlim _roles = new(1, 1);

    private readonly ConcurrentDictionary<DatabaseTemplate, Lazy<Task<string>>> _templates = new();
    private int _counter;

    private TestServer(PostgresVersion version, EmbeddedPostgres postgres)
    {
        Version = version;
        Postgres = postgres;
        Maintenance = DataSource("postgres", null);
    }

    public PostgresVersion Version { get; }

    public EmbeddedPostgres Postgres { get; }

    /// <summary>The superuser's connections to the database postgres.</summary>
    public NpgsqlDataSource Maintenance { get; }

    /// <summary>The shared server of a version.</summary>
    public static Task<TestServer> GetAsync(PostgresVersion version)
    {
        ArgumentNullException.ThrowIfNull(version);
        return Servers.GetOrAdd(version.Major, _ => new Lazy<Task<TestServer>>(() => StartAsync(version))).Value;
    }

    /// <summary>
    /// Options of a server for tests: nothing survives a power cut, many connections, prepared transactions. Tests that need a server of their own
    /// (to crash it, to change its settings) start one with these.
    /// </summary>
    public static EmbeddedPostgresOptions Options(PostgresVersion version, IReadOnlyDictionary<string, string>? settings = null)
    {
        ArgumentNullException.ThrowIfNull(version);
        var merged = new Dictionary<string, string>
        {
            ["fsync"] = "off",
            ["synchronous_commit"] = "off",
            ["full_page_writes"] = "off",
            ["max_connections"] = "300",
            ["max_prepared_transactions"] = "50",
            ["shared_buffers"] = "64MB",
            ["wal_level"] = "replica",
            ["max_wal_size"] = "4GB",
            ["checkpoint_timeout"] = "1h",
        };
        foreach (var (name, value) in settings ?? new Dictionary<string, string>())
        {
            merged[name] = value;
        }

        return new EmbeddedPostgresOptions { MajorVersion = version.Major, Settings = merged, Authentication = EmbeddedAuthentication.Trust };
    }

    /// <summary>A name that nothing else in this server has: roles are global, and tests run in parallel.</summary>
    public string UniqueName(string stem) => $"{stem}_{Interlocked.Increment(ref _counter)}";

    /// <summary>Connections of a role to a database; null is the superuser. The caller disposes them.</summary>
    public NpgsqlDataSource DataSource(string database, string? role, Action<NpgsqlConnectionStringBuilder>? configure = null)
    {
        var builder = new NpgsqlConnectionStringBuilder(Postgres.ConnectionString(database, role))
        {
            MaxPoolSize = 40,
            Timeout = 60,
            CommandTimeout = 300,
            IncludeErrorDetail = true,
            ConnectionIdleLifetime = 10,
            ConnectionPruningInterval = 5,
        };
        configure?.Invoke(builder);
        return NpgsqlDataSource.Create(builder);
    }

    /// <summary>Creates a role with LOGIN and a unique name, and returns the name.</summary>
    /// <param name="stem">The beginning of the name.</param>
    /// <param name="attributes">More attributes as in CREATE ROLE, for instance CREATEROLE.</param>
    public async Task<string> CreateRoleAsync(string stem = "role", string attributes = "")
    {
        var name = UniqueName(stem);
        await WithRolesLockedAsync(() => Maintenance.ExecuteAsync($"CREATE ROLE {name} LOGIN {attributes}"));
        return name;
    }

    /// <summary>Creates a role of a fixed name, shared by all tests of this server, unless it exists.</summary>
    public Task EnsureRoleAsync(string name, string attributes = "NOLOGIN") => WithRolesLockedAsync(async () =>
    {
        if (await Maintenance.ScalarAsync<long>("SELECT count(*) FROM pg_roles WHERE rolname = $1", name) == 0)
        {
            await Maintenance.ExecuteAsync($"CREATE ROLE {new NpgsqlCommandBuilder().QuoteIdentifier(name)} {attributes}");
        }
    });

    /// <summary>Runs something that creates, changes or grants roles while no other test of this process does.</summary>
    public async Task WithRolesLockedAsync(Func<Task> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        await _roles.WaitAsync();
        try
        {
            await action();
        }
        finally
        {
            _roles.Release();
        }
    }

    /// <summary>The database that a template has been prepared in, once for all.</summary>
    internal Task<string> TemplateAsync(DatabaseTemplate template) =>
        _templates.GetOrAdd(template, key => new Lazy<Task<string>>(() => PrepareAsync(key))).Value;

    private static async Task<TestServer> StartAsync(PostgresVersion version) =>
        new(version, await EmbeddedPostgres.StartAsync(Options(version)));

    private async Task<string> PrepareAsync(DatabaseTemplate template)
    {
        var database = await TestDatabase.CreateAsync(Version);
        await template.Prepare(database);
        await database.CloseConnectionsAsync();
        return database.Name;
    }
}
