using PgTrickle.TestInfrastructure;

namespace PgTrickle.MultiNode.Tests;

/// <summary>Real processes, a real database, real refreshes.</summary>
public sealed class ProcessClusterTests
{
    [Theory]
    [PostgresVersions]
    public async Task Three_processes_form_a_cluster_and_stream_tables_stay_fresh_when_one_is_killed(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await using var first = NodeUnderTest.Start("first", database);
        await using var second = NodeUnderTest.Start("second", database);
        await using var third = NodeUnderTest.Start("third", database);
        NodeUnderTest[] nodes = [first, second, third];
        await Task.WhenAll(nodes.Select(node => node.JoinedAsync()));
        Assert.Equal(3L, await database.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.cluster_nodes() WHERE alive AND state = 'joined'"));

        await database.ExecuteAsync("CREATE TABLE orders (id int PRIMARY KEY, region text NOT NULL, amount int NOT NULL)");
        for (var i = 0; i < 6; i++)
        {
            await database.ExecuteAsync(
                $"SELECT pgtrickle.create_stream_table('totals_{i}', 'SELECT region, sum(amount) AS total, count(*) AS n FROM orders WHERE id % 6 = {i} GROUP BY region', '200ms')");
        }

        await database.ExecuteAsync("SELECT pgtrickle.create_stream_table('grand', 'SELECT sum(total) AS total FROM totals_0', 'calculated')");
        await database.ExecuteAsync("INSERT INTO orders SELECT i, 'r' || i % 5, i FROM generate_series(1, 300) AS i");
        await FreshAsync(database);

        first.Kill();
        await database.ExecuteAsync("UPDATE orders SET amount = amount + 1 WHERE id % 7 = 0");
        await database.ExecuteAsync("DELETE FROM orders WHERE id % 11 = 0");
        await FreshAsync(database);
        Assert.False(second.HasExited, second.Log);
        Assert.False(third.HasExited, third.Log);

        // A new node finds the cluster, and one that is told to leaves without a loss.
        await using var fourth = NodeUnderTest.Start("fourth", database);
        await fourth.JoinedAsync();
        Assert.Equal(0, await second.TerminateAsync());
        await database.ExecuteAsync("INSERT INTO orders SELECT i, 'new', i FROM generate_series(1001, 1100) AS i");
        await FreshAsync(database);
    }

    [Theory]
    [PostgresVersions]
    public async Task A_node_with_a_wrong_setting_says_which_and_ends(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await using var node = NodeUnderTest.Start("wrong", database, "--roles baker");
        await Eventually.TrueAsync(() => node.HasExited, "it ends");
        Assert.Equal(Node.NodeProgram.Misconfigured, node.ExitCode);
        await Eventually.TrueAsync(() => node.Log.Contains("pgtrickle.node.roles", StringComparison.Ordinal), "it says why");
    }

    private static async Task FreshAsync(InstalledDatabase database)
    {
        for (var i = 0; i < 6; i++)
        {
            var query = $"SELECT region, sum(amount) AS total, count(*) AS n FROM orders WHERE id % 6 = {i} GROUP BY region";
            await Eventually.PassesAsync(
                () => database.Database.AssertSameMultisetAsync($"SELECT region, total, n FROM totals_{i}", query), $"totals_{i} is fresh", TimeSpan.FromMinutes(2));
        }

        await Eventually.PassesAsync(
            () => database.Database.AssertSameMultisetAsync("SELECT total FROM grand", "SELECT sum(amount) FROM orders WHERE id % 6 = 0"),
            "grand is fresh",
            TimeSpan.FromMinutes(2));
    }
}
