using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;
using PgTrickle.Cli.CommandLine;
using PgTrickle.Cli.Connections;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Cli.Tests.Commands;

public sealed partial class UpCommandTests
{
    [Fact]
    public async Task A_stream_table_made_on_the_printed_uri_follows_its_source_and_sigterm_ends_everything()
    {
        await using var up = CliProcess.Start("up", "--postgres", "15", "--nodes", "2");
        var connection = ConnectionText.Parse(await up.LineAsync("DIRECT="));
        await using (var source = NpgsqlDataSource.Create(connection))
        {
            await source.ExecuteAsync("CREATE TABLE orders (id serial PRIMARY KEY, region text NOT NULL, amount numeric(10,2) NOT NULL)");
            await source.ExecuteAsync("INSERT INTO orders (region, amount) VALUES ('north', 10), ('north', 20), ('south', 5)");
            await source.ExecuteAsync(
                "SELECT pgtrickle.create_stream_table('by_region', 'SELECT region, count(*) AS n, sum(amount) AS total FROM orders GROUP BY region', schedule => '1s')");
            await source.ExecuteAsync("CALL pgtrickle.wait_for('by_region', '60s')");
            Assert.Equal(30m, await source.ScalarAsync<decimal>("SELECT total FROM by_region WHERE region = 'north'"));

            await source.ExecuteAsync("UPDATE orders SET region = 'south' WHERE amount = 20");
            await source.ExecuteAsync("CALL pgtrickle.wait_for('by_region', '60s')");
            Assert.Equal(25m, await source.ScalarAsync<decimal>("SELECT total FROM by_region WHERE region = 'south'"));
        }

        await using (var source = NpgsqlDataSource.Create(ConnectionText.Parse(await up.LineAsync("GATEWAY="))))
        {
            await source.ExecuteAsync("SELECT pgtrickle.create_stream_table('large', 'SELECT id FROM orders WHERE amount > 5', schedule => '1h')");
            Assert.Equal(2, await source.ScalarAsync<long>("SELECT count(*) FROM large"));
            await source.ExecuteAsync("UPDATE orders SET amount = 6 WHERE amount = 5");
            await source.ExecuteAsync("SELECT pgtrickle.refresh_stream_table('large')");
            Assert.Equal(3, await source.ScalarAsync<long>("SELECT count(*) FROM large"));
        }

        var nodes = NodesOf(up);
        await up.SignalAsync("TERM");

        Assert.Equal(ExitCode.Ok, await up.WaitAsync());
        Assert.Equal(2, nodes.Count);
        Assert.DoesNotContain(nodes, CliProcess.IsRunning);
        Assert.False(await AnswersAsync(connection));
    }

    [Fact]
    public async Task When_it_is_killed_its_nodes_and_its_server_end()
    {
        await using var up = CliProcess.Start("up", "--postgres", "15", "--nodes", "2");
        var connection = ConnectionText.Parse(await up.LineAsync("DIRECT="));
        var nodes = NodesOf(up);
        Assert.All(nodes, node => Assert.True(CliProcess.IsRunning(node)));

        up.Kill();

        await Eventually.TrueAsync(() => !nodes.Any(CliProcess.IsRunning), "the nodes have ended");
        await Eventually.TrueAsync(async () => !await AnswersAsync(connection), "the server has ended");
    }

    [Fact]
    public async Task A_node_that_is_killed_is_reported_and_the_others_go_on()
    {
        await using var up = CliProcess.Start("up", "--postgres", "15", "--nodes", "2");
        await up.LineAsync("DIRECT=");
        var nodes = NodesOf(up);

        using (var victim = System.Diagnostics.Process.GetProcessById(nodes[0]))
        {
            victim.Kill();
        }

        // The first to join need not be the first by name.
        var name = up.Output.First(line => JoinedPattern().IsMatch(line)).Split(' ')[0];
        Assert.Contains("1 nodes go on", await up.LineAsync(name + " ended"), StringComparison.Ordinal);
        Assert.True(CliProcess.IsRunning(nodes[1]));
        await up.SignalAsync("INT");
        Assert.Equal(ExitCode.Ok, await up.WaitAsync());
    }

    [Fact]
    public async Task A_given_database_is_used_and_its_password_is_not_printed()
    {
        await using var database = await TestDatabase.CreateAsync(new PostgresVersion(15));
        var uri = database.Server.Postgres.ConnectionUri(database.Name, database.Server.Postgres.SuperuserName, "topsecret");
        await using var up = CliProcess.Start("up", "--postgres", uri, "--nodes", "1");

        Assert.Equal(uri.Replace(":topsecret", string.Empty, StringComparison.Ordinal), await up.LineAsync("DIRECT="));
        Assert.Equal(1, await database.Superuser.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.cluster_nodes() WHERE state = 'joined'"));
        await up.SignalAsync("INT");
        Assert.Equal(ExitCode.Ok, await up.WaitAsync());

        Assert.DoesNotContain("topsecret", up.All, StringComparison.Ordinal);
        Assert.Equal(0, await database.Superuser.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.cluster_nodes()"));
    }

    private static List<int> NodesOf(CliProcess up) => [.. up.Output
        .Select(line => JoinedPattern().Match(line))
        .Where(match => match.Success)
        .Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))];

    private static async Task<bool> AnswersAsync(NpgsqlConnectionStringBuilder target)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(target.ConnectionString) { Pooling = false }.ConnectionString);
        try
        {
            await connection.OpenAsync();
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"^node-\d+ joined at .+, process (\d+)$")]
    private static partial Regex JoinedPattern();
}
