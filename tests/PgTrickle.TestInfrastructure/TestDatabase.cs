using System.Collections.Concurrent;
using Npgsql;

namespace PgTrickle.TestInfrastructure;

/// <summary>
/// A database of one test's own, with an owner who is no superuser and may not create roles. Dropped, with everything that is connected to it, on disposal.
/// </summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, NpgsqlDataSource> _roles = new();

    private TestDatabase(TestServer server, string name, string ownerRole)
    {
        Server = server;
        Name = name;
        OwnerRole = ownerRole;
        Superuser = server.DataSource(name, null);
        Owner = As(ownerRole);
    }

    public TestServer Server { get; }

    public PostgresVersion Version => Server.Version;

    public string Name { get; }

    /// <summary>The database's owner: LOGIN and nothing else.</summary>
    public string OwnerRole { get; }

    /// <summary>The superuser's connections.</summary>
    public NpgsqlDataSource Superuser { get; }

    /// <summary>The owner's connections, what a test uses unless rights are its subject.</summary>
    public NpgsqlDataSource Owner { get; }

    /// <summary>Creates a database, empty or a copy of a template.</summary>
    public static async Task<TestDatabase> CreateAsync(PostgresVersion version, DatabaseTemplate? template = null)
    {
        var server = await TestServer.GetAsync(version);
        var source = template is null ? "template0" : await server.TemplateAsync(template);
        var owner = await server.CreateRoleAsync("owner");
        var name = server.UniqueName("test");
        await server.Maintenance.ExecuteAsync($"CREATE DATABASE {name} OWNER {owner} TEMPLATE {source}");
        return new TestDatabase(server, name, owner);
    }

    /// <summary>The connections of a role to this database, pooled until disposal.</summary>
    public NpgsqlDataSource As(string role) => _roles.GetOrAdd(role, name => Server.DataSource(Name, name));

    /// <summary>The connection string of a role, of the owner if none is given: for processes and components that open their own connections.</summary>
    public string ConnectionString(string? role = null) => Server.Postgres.ConnectionString(Name, role ?? OwnerRole);

    /// <summary>Creates a role with LOGIN and a unique name that may use and create things in this database's schema public.</summary>
    public async Task<string> CreateRoleAsync(string stem = "role", string attributes = "")
    {
        var role = await Server.CreateRoleAsync(stem, attributes);
        await Superuser.ExecuteAsync($"GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {Name} TO {role}");
        await Superuser.ExecuteAsync($"GRANT USAGE, CREATE ON SCHEMA public TO {role}");
        return role;
    }

    /// <summary>Runs statements as the owner; returns the number of rows they changed.</summary>
    public Task<int> ExecuteAsync(string sql, params object?[] parameters) => Owner.ExecuteAsync(sql, parameters);

    /// <summary>Runs a query as the owner.</summary>
    public Task<QueryResult> QueryAsync(string sql, params object?[] parameters) => Owner.QueryAsync(sql, parameters);

    /// <summary>Runs a query of one value as the owner.</summary>
    public Task<T?> ScalarAsync<T>(string sql, params object?[] parameters) => Owner.ScalarAsync<T>(sql, parameters);

    /// <summary>Asserts that two queries yield the same multiset of rows in one snapshot, seen as superuser.</summary>
    public async Task AssertSameMultisetAsync(string actual, string expected)
    {
        await using var connection = await Superuser.OpenConnectionAsync();
        await MultisetAssert.SameAsync(connection, actual, expected);
    }

    public async ValueTask DisposeAsync()
    {
        await RollBackPreparedAsync();
        await CloseConnectionsAsync();
        await Server.Maintenance.ExecuteAsync($"DROP DATABASE IF EXISTS {Name} WITH (FORCE)");
    }

    /// <summary>Closes what this object has opened: a database that somebody is connected to can't be copied.</summary>
    internal async Task CloseConnectionsAsync()
    {
        await Superuser.DisposeAsync();
        foreach (var connections in _roles.Values)
        {
            await connections.DisposeAsync();
        }
    }

    /// <summary>Not even FORCE drops a database with prepared transactions.</summary>
    private async Task RollBackPreparedAsync()
    {
        var prepared = await Server.Maintenance.QueryAsync("SELECT gid FROM pg_prepared_xacts WHERE database = $1", Name);
        foreach (var row in prepared.Rows)
        {
            await Superuser.ExecuteAsync($"ROLLBACK PREPARED '{((string)row[0]!).Replace("'", "''", StringComparison.Ordinal)}'");
        }
    }
}
