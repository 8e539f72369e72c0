using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using PgTrickle.Clients.Tests.Setup;
using PgTrickle.Postgres.Catalog;
using PgTrickle.Postgres.Cluster;
using PgTrickle.Postgres.Ports;
using PgTrickle.Postgres.Refresh;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Clients.Tests;

/// <summary>Dumps hold stream tables, too: where one is restored, tables can be written to, and nodes go on. Of the oldest server, since pg_dump reads none that is newer than itself.</summary>
public sealed class DumpTests
{
    private const string Chain = "SELECT k % 2 AS half, sum(n)::bigint AS n FROM counted GROUP BY 1";

    private static readonly PostgresVersion Oldest = new(InstalledSchema.OldestServer);

    [ClientFact(Client.PgDump)]
    public async Task A_restored_database_takes_writes_and_its_stream_tables_are_maintained()
    {
        await using var original = await InstalledDatabase.CreateAsync(Oldest);
        await original.ExecuteAsync("""
            CREATE TABLE other (id int); CREATE TABLE src (k int, "a b" text, day timestamptz DEFAULT now());
            CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
            CREATE VIEW seen AS SELECT k, "a b", day FROM src WHERE k < 100;
            INSERT INTO src SELECT n % 5, 'x' || n FROM generate_series(1, 20) AS n
            """);
        string[] definitions =
        [
            """SELECT pgtrickle.create_stream_table('counted', 'SELECT k, count(*) AS n, max("a b") AS last FROM seen GROUP BY k')""",
            """SELECT pgtrickle.create_stream_table('rows', 'SELECT twice(k) AS k, "a b" FROM src WHERE day <= now()')""",
            $"SELECT pgtrickle.create_stream_table('chain', '{Chain}')",
        ];
        foreach (var definition in definitions)
        {
            await original.ExecuteAsync(definition);
        }

        await using (var before = await NodeAsync(original.ControlConnectionString))
        {
            await before.RefreshAllAsync();
        }

        await using var copy = await TestDatabase.CreateAsync(Oldest);
        await CopyAsync(original.Database, copy);
        await using var writer = copy.As(original.UserRole);
        await writer.ExecuteAsync("INSERT INTO src VALUES (1, 'y'), (6, 'z'); DELETE FROM src WHERE k = 2; TRUNCATE other");

        await using var node = await NodeAsync(copy.ConnectionString(InstalledDatabase.ControlRole));
        await node.RefreshAllAsync();
        await CompareAsync(copy);
        Assert.Equal(0, await copy.Superuser.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.captures WHERE status = 'RETIRING'"));
        await writer.ExecuteAsync("UPDATE src SET \"a b\" = 'zz' WHERE k = 3; INSERT INTO src VALUES (7, 'new')");
        var actions = await node.RefreshAllAsync();
        Assert.All(actions, action => Assert.Equal(RefreshAction.Differential, action));
        await CompareAsync(copy);
    }

    private static async Task CompareAsync(TestDatabase database)
    {
        await database.AssertSameMultisetAsync("SELECT k, n, last FROM counted", "SELECT k, count(*), max(\"a b\") FROM seen GROUP BY k");
        await database.AssertSameMultisetAsync("SELECT k, \"a b\" FROM rows", "SELECT twice(k), \"a b\" FROM src");
        await database.AssertSameMultisetAsync("SELECT half, n FROM chain", Chain);
    }

    private static async Task CopyAsync(TestDatabase from, TestDatabase to)
    {
        var address = new NpgsqlConnectionStringBuilder(from.Superuser.ConnectionString);
        (string, string)[] Target(TestDatabase database) =>
        [
            ("PGHOST", address.Host!), ("PGPORT", address.Port.ToString(CultureInfo.InvariantCulture)), ("PGUSER", address.Username!), ("PGDATABASE", database.Name), ("PGSSLMODE", "disable"),
        ];
        var dump = await InstalledClients.Of(Client.PgDump).RunAsync([], null, Target(from));
        Assert.True(dump.ExitCode == 0, dump.Error);
        var restore = await InstalledClients.Of(Client.Psql).RunAsync(["-X", "-q", "-v", "ON_ERROR_STOP=1"], dump.Output.Replace("CREATE SCHEMA public;", "", StringComparison.Ordinal), Target(to));
        Assert.True(restore.ExitCode == 0, restore.Error);
        await to.Superuser.ExecuteAsync("ANALYZE");
    }

    private static async Task<Node> NodeAsync(string controlConnection)
    {
        var control = DatabaseConnections.Control(controlConnection, "test");
        var identity = await new PostgresClusterDirectory(control).RegisterAsync(
            new NodeDescription("test", $"test:{Guid.NewGuid():N}", "test", ["worker"], 4), CancellationToken.None);
        return new Node(control, await NodeConnections.OpenAsync(controlConnection, identity, 4, CancellationToken.None), identity);
    }

    /// <summary>A node, as far as a dump matters to it.</summary>
    private sealed class Node(NpgsqlDataSource control, NodeConnections connections, NodeIdentity identity) : IAsyncDisposable
    {
        private readonly RefreshEngine engine = new(connections, identity, TimeProvider.System, NullLogger<RefreshEngine>.Instance);

        /// <summary>Reads the catalog, then fills or refreshes its stream tables in the order of their creation, and cleans up.</summary>
        public async Task<IReadOnlyList<RefreshAction>> RefreshAllAsync()
        {
            var actions = new List<RefreshAction>();
            foreach (var table in (await new StreamTableCatalog(control, "test").LoadAsync(CancellationToken.None)).StreamTables)
            {
                var outcome = table.IsPopulated
                    ? await engine.RefreshAsync(new([table.PgtId], RefreshInitiator.Scheduler), CancellationToken.None)
                    : await engine.InitializeAsync(table.PgtId, fill: true, CancellationToken.None);
                actions.Add(outcome.Members[^1].Action);
            }

            await engine.CleanUpAsync(CancellationToken.None);
            return actions;
        }

        public async ValueTask DisposeAsync()
        {
            await connections.DisposeAsync();
            await control.DisposeAsync();
        }
    }
}
