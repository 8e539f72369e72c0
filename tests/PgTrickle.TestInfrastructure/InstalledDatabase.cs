using Npgsql;
using PgTrickle.Postgres.Catalog;

namespace PgTrickle.TestInfrastructure;

/// <summary>
/// A database with schema pgtrickle installed, owned by a role that is no superuser. Stream tables and their sources are best created by
/// <see cref="User"/>, a role that owns nothing but what it creates in schema public.
/// </summary>
public sealed class InstalledDatabase : IAsyncDisposable
{
    /// <summary>Logs in for control connections: a member of pgtrickle, shared by all tests of a server.</summary>
    public const string ControlRole = "pgtrickle_control";

    /// <summary>The same for all databases of a server; authentication of test servers asks for none.</summary>
    public const string WorkerPassword = "worker";

    private static readonly DatabaseTemplate Installed = new(InstallAsync);

    private InstalledDatabase(TestDatabase database, string userRole)
    {
        Database = database;
        UserRole = userRole;
        User = database.As(userRole);
        ControlConnectionString = database.ConnectionString(ControlRole);
        WorkerConnectionString = database.ConnectionString(InstalledSchema.WorkerRole);
        Control = DatabaseConnections.Control(ControlConnectionString, "test control", Configure);
        Worker = DatabaseConnections.Worker(WorkerConnectionString, "test worker", Configure);
    }

    public TestDatabase Database { get; }

    /// <summary>What a node runs its own statements on, as role pgtrickle.</summary>
    public NpgsqlDataSource Control { get; }

    /// <summary>What a node refreshes on, as role pgtrickle_worker.</summary>
    public NpgsqlDataSource Worker { get; }

    /// <summary>For components that make their control connections themselves.</summary>
    public string ControlConnectionString { get; }

    /// <summary>For components that make their worker connections themselves.</summary>
    public string WorkerConnectionString { get; }

    /// <summary>A role that may create things in schema public, neither superuser nor owner of the database.</summary>
    public string UserRole { get; }

    /// <summary>The connections of <see cref="UserRole"/>.</summary>
    public NpgsqlDataSource User { get; }

    public static async Task<InstalledDatabase> CreateAsync(PostgresVersion version)
    {
        await EnsureRolesAsync(await TestServer.GetAsync(version));
        var database = await TestDatabase.CreateAsync(version, Installed);
        return new InstalledDatabase(database, await database.CreateRoleAsync("user"));
    }

    /// <summary>Makes the fixed roles of a server as its administrator would, once for all databases.</summary>
    public static Task EnsureRolesAsync(TestServer server)
    {
        ArgumentNullException.ThrowIfNull(server);
        return server.WithRolesLockedAsync(() => server.Maintenance.ExecuteAsync($"""
            DO $$
            BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{InstalledSchema.OwnerRole}') THEN
                    CREATE ROLE {InstalledSchema.OwnerRole} NOLOGIN;
                END IF;
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{InstalledSchema.WorkerRole}') THEN
                    CREATE ROLE {InstalledSchema.WorkerRole} LOGIN PASSWORD '{WorkerPassword}';
                END IF;
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ControlRole}') THEN
                    CREATE ROLE {ControlRole} LOGIN;
                    GRANT {InstalledSchema.WorkerRole} TO {InstalledSchema.OwnerRole};
                    GRANT {InstalledSchema.OwnerRole} TO {ControlRole};
                END IF;
            END $$
            """));
    }

    /// <summary>Runs statements as <see cref="UserRole"/>.</summary>
    public Task<int> ExecuteAsync(string sql, params object?[] parameters) => User.ExecuteAsync(sql, parameters);

    /// <summary>Runs a query as <see cref="UserRole"/>.</summary>
    public Task<QueryResult> QueryAsync(string sql, params object?[] parameters) => User.QueryAsync(sql, parameters);

    /// <summary>Runs a query of one value as <see cref="UserRole"/>.</summary>
    public Task<T?> ScalarAsync<T>(string sql, params object?[] parameters) => User.ScalarAsync<T>(sql, parameters);

    /// <summary>Creates another role that may create things in schema public.</summary>
    public Task<string> CreateRoleAsync(string stem = "role") => Database.CreateRoleAsync(stem);

    /// <summary>The connections of a role.</summary>
    public NpgsqlDataSource As(string role) => Database.As(role);

    public async ValueTask DisposeAsync()
    {
        await Control.DisposeAsync();
        await Worker.DisposeAsync();
        await Database.DisposeAsync();
    }

    private static async Task InstallAsync(TestDatabase database)
    {
        await database.Server.WithRolesLockedAsync(() =>
            database.Server.Maintenance.ExecuteAsync($"GRANT {InstalledSchema.OwnerRole} TO {database.OwnerRole}"));
        await new Installer().InstallAsync(database.ConnectionString(), new InstallOptions { WorkerPassword = WorkerPassword });
    }

    private static void Configure(NpgsqlConnectionStringBuilder builder)
    {
        builder.MaxPoolSize = 20;
        builder.CommandTimeout = 300;
        builder.IncludeErrorDetail = true;
        builder.ConnectionIdleLifetime = 10;
        builder.ConnectionPruningInterval = 5;
    }
}
