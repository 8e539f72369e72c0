using PgTrickle.TestInfrastructure;
using PgTrickle.Workloads.Running;

namespace PgTrickle.Workloads.Tests;

/// <summary>A database with the schema installed, and stream tables that one node refreshes; all the superuser's.</summary>
internal sealed class WorkloadDatabase : IAsyncDisposable
{
    private readonly InstalledDatabase _database;

    private WorkloadDatabase(InstalledDatabase database, StreamTables streamTables)
    {
        _database = database;
        StreamTables = streamTables;
    }

    public StreamTables StreamTables { get; }

    public static async Task<WorkloadDatabase> CreateAsync(PostgresVersion version)
    {
        var database = await InstalledDatabase.CreateAsync(version);
        var superuser = database.Database.Server.Postgres.ConnectionString(database.Database.Name);
        return new(database, await StreamTables.OpenAsync(database.Database.Superuser, superuser));
    }

    public async ValueTask DisposeAsync()
    {
        await StreamTables.DisposeAsync();
        await _database.DisposeAsync();
    }
}
