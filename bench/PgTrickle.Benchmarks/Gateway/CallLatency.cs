using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgTrickle.Benchmarks.Harness;
using PgTrickle.Node;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Benchmarks.Gateway;

/// <summary>How long calls take through the gateway of a real node that carries them out itself; commits wait for the disk.</summary>
internal static class CallLatency
{
    private const int Changes = 10;

    /// <summary>What runs first is compiled first.</summary>
    private const int WarmUps = 5;

    public static async Task RunAsync(int version, int calls)
    {
        await using var server = await BenchServer.StartAsync(version, isDurable: true);
        await using var node = await NodeHost.StartAsync(
            new NodeOptions { ControlConnection = server.ConnectionString, Name = "bench", LogLevel = LogLevel.Warning }, CancellationToken.None);
        await using var source = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(server.ConnectionString) { Port = node.GatewayEndPoint!.Port, SslMode = SslMode.Disable }.ConnectionString);
        await using var connection = await source.OpenConnectionAsync();
        var (creations, refreshes, statements) = (new List<double>(), new List<double>(), new List<double>());

        for (var i = -WarmUps; i < calls; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"t{i + WarmUps}");
            await connection.ExecuteAsync($"CREATE TABLE {name} (k int PRIMARY KEY, v int NOT NULL)");
            var create = await TimedAsync(
                connection, $"SELECT pgtrickle.create_stream_table('st_{name}', 'SELECT v % 10 AS g, count(*) AS n, sum(v) AS total FROM {name} GROUP BY v % 10', '1h')");
            await connection.ExecuteAsync($"INSERT INTO {name} SELECT n, n FROM generate_series(1, {Changes}) n");
            var refresh = await TimedAsync(connection, $"SELECT pgtrickle.refresh_stream_table('st_{name}')");
            await connection.ExecuteAsync($"UPDATE {name} SET v = v + 1");
            var second = await TimedAsync(connection, $"SELECT pgtrickle.refresh_stream_table('st_{name}')");
            var commit = await TimedAsync(connection, $"INSERT INTO {name} VALUES (0, 0)");
            if (i >= 0)
            {
                creations.Add(create);
                refreshes.AddRange([refresh, second]);
                statements.Add(commit);
            }
        }

        var table = new ResultTable("calls through the gateway", "median, ms", "fastest", "slowest", "aim");
        Add(table, "create_stream_table, empty table", creations, "150");
        Add(table, $"refresh_stream_table, {Changes} changes", refreshes, "15");
        Add(table, "INSERT of one row, for comparison", statements, "");
        table.Print();
    }

    private static async Task<double> TimedAsync(NpgsqlConnection connection, string sql)
    {
        var started = Stopwatch.GetTimestamp();
        await connection.ExecuteAsync(sql);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private static void Add(ResultTable table, string name, List<double> times, string aim) =>
        table.Add(name, Number(Statistics.Median(times)), Number(times.Min()), Number(times.Max()), aim);

    private static string Number(double value) => value.ToString("N1", CultureInfo.InvariantCulture);
}
