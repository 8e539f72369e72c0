using Npgsql;
using PgTrickle.Postgres.Ports;
using PgTrickle.Postgres.Refresh;
using PgTrickle.Postgres.Tests.Refresh;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Postgres.Tests.Concurrency;

/// <summary>
/// The invariant: after every refresh, for every concurrent history, a stream table is its query on the refresh's snapshot. Random writers, random refreshes,
/// alone and in groups, clean-up, stream tables that come and go; each refresh exports its snapshot, in which its query is then evaluated.
/// </summary>
public sealed class RandomHistoryTests(ITestOutputHelper output)
{
    private const int Writers = 4;
    private const int TransactionsOfAWriter = 120;

    /// <summary>Name, query over what there is, and the same over the tables alone.</summary>
    private static readonly (string Name, string Query, string? Expanded)[] Definitions =
    [
        ("filtered", "SELECT id, amount FROM orders WHERE amount > 3", null),
        ("joined", "SELECT o.id, o.amount, c.tier, c.v FROM orders o JOIN customer c ON c.id = o.customer_id", null),
        ("outer_joined", "SELECT c.id, c.tier, o.id AS order_id, o.amount FROM customer c LEFT JOIN orders o ON o.customer_id = c.id AND o.amount > 2", null),
        ("per_tier", "SELECT c.tier, count(*) AS n, sum(o.amount) AS total, min(o.amount) AS least, avg(c.v) AS mean FROM orders o JOIN customer c ON c.id = o.customer_id GROUP BY c.tier", null),
        ("bodies", "SELECT DISTINCT body FROM note", null),
        ("notes", "SELECT body, k FROM note WHERE k > 1", null),
        ("regions", "SELECT region, count(*) AS n, string_agg(v::text, ',' ORDER BY v) AS vs FROM part GROUP BY region", null),
        ("united", "SELECT k AS x FROM note UNION ALL SELECT v FROM part", null),
        ("counted", "SELECT count(*) AS n, sum(amount) AS total FROM orders", null),
        ("whole", "SELECT tier, rank() OVER (ORDER BY v DESC, id) AS place, id FROM customer", null),
        ("upper", "SELECT f.id, f.amount, c.tier FROM filtered f JOIN customer c ON c.id = f.id", "SELECT f.id, f.amount, c.tier FROM (SELECT id, amount FROM orders WHERE amount > 3) f JOIN customer c ON c.id = f.id"),
        ("diamond", "SELECT f.id, j.tier, j.v FROM filtered f JOIN joined j ON j.id = f.id", "SELECT f.id, j.tier, j.v FROM (SELECT id, amount FROM orders WHERE amount > 3) f JOIN (SELECT o.id, o.amount, c.tier, c.v FROM orders o JOIN customer c ON c.id = o.customer_id) j ON j.id = f.id"),
    ];

    private static readonly string[][] Groups = [["filtered", "upper"], ["filtered", "joined", "diamond"], ["per_tier", "regions"]];

    [Theory, PostgresVersions]
    public async Task Every_refresh_yields_the_query_on_its_snapshot(PostgresVersion version)
    {
        var random = Seed.Random(output);
        await using var harness = await RefreshHarness.CreateAsync(
            version, RandomWriter.Tables, new RefreshEngineOptions { TruncateFrom = 32 << 10, Retries = 200, SetupRetries = 500 });
        await using var rival = await harness.AddNodeAsync(new RefreshEngineOptions { Retries = 0 });
        foreach (var (name, query, _) in Definitions)
        {
            await harness.CreateAsync(name, query);
        }

        var writers = Enumerable.Range(0, Writers).Select(number => new RandomWriter(harness.Database.User, number, new Random(random.Next()))).ToList();
        var writing = Task.WhenAll(writers.Select(writer => Task.Run(() => writer.RunAsync(TransactionsOfAWriter))));
        var compared = 0;
        for (var round = 0; round < 40 || !writing.IsCompleted; round++)
        {
            string[] members = random.Next(4) == 0 ? Groups[random.Next(Groups.Length)] : [Definitions[random.Next(Definitions.Length)].Name];
            compared += await RefreshAndCompareAsync(harness, rival, members) ? members.Length : 0;
            if (round % 7 == 3)
            {
                await harness.Engine.CleanUpAsync(CancellationToken.None);
            }

            if (round % 15 == 5)
            {
                await ReplaceAsync(harness, random, round);
            }
        }

        await writing;
        Assert.True(compared > 30, $"only {compared} refreshes were compared");
        Assert.True(writers.Sum(writer => writer.Committed) > 100);
        output.WriteLine($"{compared} comparisons, {writers.Sum(writer => writer.Committed)} transactions");
        await harness.RefreshAndCompareAsync();
        await harness.Engine.CleanUpAsync(CancellationToken.None);
        foreach (var (name, _, _) in Definitions)
        {
            Assert.Equal(RefreshAction.NoData, (await harness.RefreshAsync(name)).Action);
        }
    }

    /// <summary>Drops what the last call made, and creates another stream table while writers write.</summary>
    private static async Task ReplaceAsync(RefreshHarness harness, Random random, int round)
    {
        if (round > 15)
        {
            await harness.ExecuteAsync("SELECT pgtrickle.drop_stream_table('passing')");
            harness.Forget("passing");
        }

        await harness.CreateAsync("passing", Definitions[random.Next(10)].Query);
        await harness.RefreshAsync("passing");
    }

    /// <summary>False when the refresh gave way to a conflict, or had something to prepare first: then a node's own refresh has done it.</summary>
    private static async Task<bool> RefreshAndCompareAsync(RefreshHarness harness, TestNode rival, string[] members)
    {
        var expected = new Dictionary<string, List<string>>();
        var wasTruncated = false;
        await using var observer = await harness.Database.Database.Superuser.OpenConnectionAsync();
        try
        {
            var actions = await harness.RefreshPausedAsync(
                async refresh =>
                {
                    var snapshot = await refresh.ScalarAsync<string>("SELECT pg_catalog.pg_export_snapshot()");
                    await observer.ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ");
                    await observer.ExecuteAsync($"SET TRANSACTION SNAPSHOT '{snapshot}'");
                    foreach (var name in members)
                    {
                        var (_, query, expanded) = Definitions.Single(definition => definition.Name == name);
                        expected[name] = await RowsAsync(observer, members.Length > 1 && expanded is not null ? expanded : query);
                    }

                    // TRUNCATE is no respecter of snapshots: the oracle's own reading may be of a table that is newer than its snapshot.
                    wasTruncated = await observer.ScalarAsync<bool>("SELECT bool_or(relfilenode <> pg_relation_filenode(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace");
                    await observer.ExecuteAsync("COMMIT");
                    if (await refresh.ScalarAsync<bool>("SELECT pg_current_xact_id_if_assigned() IS NOT NULL"))
                    {
                        await MeetRivalAsync(rival, [.. members.Select(harness.Id)]);
                    }
                }, members);
            // A refresh that reads the truncated table starts again. One that does not (nothing to do, or the buffer told it all) goes on with its
            // snapshot, and rightly so; it is the oracle that has seen another table.
            if (wasTruncated)
            {
                return false;
            }

            foreach (var (name, action) in members.Zip(actions))
            {
                var actual = await RowsAsync(observer, $"SELECT {await harness.VisibleColumnsAsync(name)} FROM {name}");
                Assert.True(expected[name].SequenceEqual(actual),
                    $"{name} after {action}: missing {string.Join(' ', Missing(expected[name], actual))}, surplus {string.Join(' ', Missing(actual, expected[name]))}");
            }

            return true;
        }
        catch (PostgresException exception) when (exception.SqlState.StartsWith("40", StringComparison.Ordinal) || exception.SqlState.StartsWith("PT", StringComparison.Ordinal))
        {
            await harness.RefreshAllAsync(members);
            return false;
        }
    }

    /// <summary>Another node wants the same while the rows are locked: it is refused, or finds nothing to do.</summary>
    private static async Task MeetRivalAsync(TestNode rival, long[] ids)
    {
        try
        {
            var outcome = await rival.Engine.RefreshAsync(new([.. ids], RefreshInitiator.Scheduler), CancellationToken.None);
            Assert.All(outcome.Members, member => Assert.Equal(RefreshAction.NoData, member.Action));
        }
        catch (RefreshFailedException failure)
        {
            Assert.Equal(FailureKind.Transient, failure.Kind);
        }
    }

    private static async Task<List<string>> RowsAsync(NpgsqlConnection connection, string query) =>
        [.. (await connection.QueryAsync($"SELECT q::text FROM ({query}) AS q ORDER BY 1")).Column<string>()];

    private static IEnumerable<string> Missing(List<string> from, List<string> other)
    {
        var left = other.GroupBy(row => row).ToDictionary(group => group.Key, group => group.Count());
        return from.Where(row => !left.TryGetValue(row, out var count) || --left[row] < 0 || count <= 0).Take(8);
    }
}
