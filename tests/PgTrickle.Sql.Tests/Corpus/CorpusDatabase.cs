using System.Collections.Concurrent;
using Npgsql;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Sql.Tests.Corpus;

/// <summary>One database a version, with the tables that the corpus reads; views are made in transactions that are rolled back.</summary>
public sealed class CorpusDatabase : IAsyncLifetime
{
    private readonly ConcurrentDictionary<PostgresVersion, Lazy<Task<TestDatabase>>> _databases = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var database in _databases.Values)
        {
            await (await database.Value).DisposeAsync();
        }
    }

    /// <summary>A superuser's session under an empty search path, as views are read in.</summary>
    public async Task<NpgsqlConnection> ConnectAsync(PostgresVersion version)
    {
        var database = await _databases.GetOrAdd(version, v => new Lazy<Task<TestDatabase>>(() => CreateAsync(v))).Value;
        var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync("SET search_path = ''");
        return connection;
    }

    /// <summary>The canonical text of a view with this query, made and dropped again. Warnings about outer names don't matter.</summary>
    public static async Task<string> CanonicalAsync(NpgsqlConnection connection, string query)
    {
        ArgumentNullException.ThrowIfNull(connection);
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync($"CREATE VIEW scratch.v AS {query}");
        var text = await connection.ScalarAsync<string>("SELECT pg_catalog.pg_get_viewdef('scratch.v'::pg_catalog.regclass, false)");
        await transaction.RollbackAsync();
        return text!;
    }

    private static async Task<TestDatabase> CreateAsync(PostgresVersion version)
    {
        var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync("SET search_path = ''");
        await connection.ExecuteAsync(CorpusView.Schema);
        await connection.ReloadTypesAsync();
        return database;
    }
}
