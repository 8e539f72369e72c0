using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Npgsql;
using PgTrickle.Benchmarks.Harness;
using PgTrickle.Postgres.Ports;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Benchmarks.Refresh;

/// <summary>
/// A refresh of few changed rows in a large table, against the MERGE that one would write by hand over the same change buffer, and against REFRESH MATERIALIZED VIEW.
/// </summary>
internal static class RefreshBenchmark
{
    public static Command Command()
    {
        var postgres = new Option<int>("--postgres") { DefaultValueFactory = _ => 18, Description = "Major version of the server." };
        var rows = new Option<int>("--rows") { DefaultValueFactory = _ => 1_000_000, Description = "Rows of the large table." };
        var changes = new Option<int>("--changes") { DefaultValueFactory = _ => 10, Description = "Rows changed before each refresh." };
        var rounds = new Option<int>("--rounds") { DefaultValueFactory = _ => 60, Description = "Refreshes measured for each query." };
        var durable = new Option<bool>("--durable") { Description = "Commits wait for the disk." };
        var query = new Option<string>("--query") { DefaultValueFactory = _ => "", Description = "Only queries whose name begins so." };
        var command = new Command("refresh", "A refresh of 10 changed rows in a million, against a hand-written MERGE and REFRESH MATERIALIZED VIEW.")
        {
            postgres, rows, changes, rounds, durable, query,
        };
        command.SetAction(async (result, _) => await RunAsync(
            result.GetValue(postgres), result.GetValue(rows), result.GetValue(changes), result.GetValue(rounds), result.GetValue(durable),
            result.GetValue(query)!));
        return command;
    }

    private static async Task<int> RunAsync(int version, int rows, int changes, int rounds, bool durable, string query)
    {
        await using var server = await BenchServer.StartAsync(version, durable);
        await LoadAsync(server, rows);
        var table = new ResultTable("query", "refresh ms", "by hand ms", "ratio", "server us", "by hand us", "ratio", "matview ms", "matview ratio", "equal");
        var allEqual = true;
        foreach (var (scenario, index) in Scenario.All.Where(scenario => scenario.Name.StartsWith(query, StringComparison.Ordinal)).Select((scenario, index) => (scenario, index)))
        {
            var (row, equal) = await MeasureAsync(server, scenario, $"st_{index}", changes, rounds);
            table.Add(row);
            allEqual &= equal;
        }

        table.Print();
        return allEqual ? 0 : 1;
    }

    private static async Task LoadAsync(BenchServer server, int rows)
    {
        await server.Database.ExecuteAsync(
            """
            CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, region text NOT NULL, level_1 int NOT NULL);
            INSERT INTO customers SELECT n, 'customer ' || n, 'region ' || n % 20, n % 10000 FROM generate_series(0, 99999) AS n;
            CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL, amount numeric(12,2) NOT NULL, status text NOT NULL, placed_at timestamptz NOT NULL);
            """);
        await server.Database.ExecuteAsync(
            $"""
            INSERT INTO orders
            SELECT n, n % 100000, (n % 10000) / 100.0, CASE WHEN n % 5 = 0 THEN 'open' ELSE 'closed' END, timestamptz '2026-01-01' + n * interval '1 second'
            FROM generate_series(1, {rows.ToString(CultureInfo.InvariantCulture)}) AS n
            """);
        for (var level = 1; level <= Scenario.Levels; level++)
        {
            await server.Database.ExecuteAsync(
                $"""
                CREATE TABLE level_{level} (id int PRIMARY KEY, name text NOT NULL, level_{level + 1} int NOT NULL);
                INSERT INTO level_{level} SELECT n, 'level {level}, ' || n, n * 7 % 10000 FROM generate_series(0, 9999) AS n;
                """);
        }

        await server.Database.ExecuteAsync("VACUUM ANALYZE");
    }

    private static async Task<(string[] Row, bool Equal)> MeasureAsync(BenchServer server, Scenario scenario, string name, int changes, int rounds)
    {
        var id = await server.CreateAsync(name, scenario.Query);
        await server.Database.ExecuteAsync($"ANALYZE {name}");
        var capture = await server.Database.ScalarAsync<int>(
            """
            SELECT u.capture_id FROM pgtrickle.capture_consumers u JOIN pgtrickle.captures c USING (capture_id)
            WHERE u.pgt_id = $1 AND c.source_relid = 'orders'::regclass
            """,
            id);
        await using var handSessions = NpgsqlDataSource.Create(server.ConnectionString + ";Command Timeout=0;No Reset On Close=true;Application Name=by hand");
        var hand = new HandWritten(handSessions, scenario, name + "_hand", $"pgtrickle_changes.b_{capture}");
        await hand.PrepareAsync();
        var (ourTime, theirTime) = (new SessionTime(server.Database, "pgtrickle_worker", "%"), new SessionTime(server.Database, "%", "by hand"));
        var ours = new List<double>();
        var theirs = new List<double>();
        for (var round = -10; round < rounds; round++)
        {
            await ChangeAsync(server, changes, round);
            if (round == 0)
            {
                await ourTime.StartAsync();
                await theirTime.StartAsync();
            }

            // Who comes second finds the pages warm: take turns.
            double first, second;
            if (round % 2 == 0)
            {
                first = await RefreshAsync(server, id);
                second = await hand.RefreshAsync();
            }
            else
            {
                second = await hand.RefreshAsync();
                first = await RefreshAsync(server, id);
            }

            if (round >= 0)
            {
                ours.Add(first);
                theirs.Add(second);
            }

            if (round % 10 == 0)
            {
                await server.Engine.CleanUpAsync(CancellationToken.None);
            }
        }

        var (ourWork, theirWork) = (await ourTime.ElapsedAsync() / rounds, await theirTime.ElapsedAsync() / rounds);
        var view = await MaterializedViewAsync(server, scenario, name);
        var equal = await EqualAsync(server, scenario, name) && await EqualAsync(server, scenario, name + "_hand");
        await server.Database.ExecuteAsync($"SELECT pgtrickle.drop_stream_table('{name}')");
        await server.Engine.CleanUpAsync(CancellationToken.None);
        var ratio = Statistics.Median(ours) / Statistics.Median(theirs);
        return ([scenario.Name, Format(Statistics.Median(ours)), Format(Statistics.Median(theirs)), Format(ratio),
            Format(ourWork.TotalMicroseconds), Format(theirWork.TotalMicroseconds), Format(ourWork / theirWork), Format(view),
            Format(view / Statistics.Median(ours)), equal ? "yes" : "NO"], equal);
    }

    private static async Task<double> RefreshAsync(BenchServer server, long id)
    {
        var started = Stopwatch.GetTimestamp();
        await server.Engine.RefreshAsync(new([id], RefreshInitiator.Manual), CancellationToken.None);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    /// <summary>Half updates, a quarter deletes and as many inserts, in three statements.</summary>
    private static async Task ChangeAsync(BenchServer server, int changes, int round)
    {
        var (updates, others) = (Math.Max(changes / 2, 1), Math.Max(changes / 4, 1));
        await server.Database.ExecuteAsync(
            "UPDATE orders SET amount = amount + 1, status = CASE status WHEN 'open' THEN 'closed' ELSE 'open' END WHERE id IN (SELECT (abs(hashint4($1 * 1000 + n)) % 1000000) + 1 FROM generate_series(1, $2) AS n)",
            round,
            updates);
        await server.Database.ExecuteAsync(
            "DELETE FROM orders WHERE id IN (SELECT (abs(hashint4($1 * 7000 + 13 * n)) % 1000000) + 1 FROM generate_series(1, $2) AS n)", round, others);
        await server.Database.ExecuteAsync(
            "INSERT INTO orders SELECT (SELECT max(id) FROM orders) + n, abs(hashint4($1 + n)) % 100000, 10, 'open', now() FROM generate_series(1, $2) AS n", round, others);
    }

    private static async Task<double> MaterializedViewAsync(BenchServer server, Scenario scenario, string name)
    {
        await server.Database.ExecuteAsync($"CREATE MATERIALIZED VIEW {name}_view AS {scenario.Query}");
        var times = new List<double>();
        for (var run = 0; run < 3; run++)
        {
            var started = Stopwatch.GetTimestamp();
            await server.Database.ExecuteAsync($"REFRESH MATERIALIZED VIEW {name}_view");
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        await server.Database.ExecuteAsync($"DROP MATERIALIZED VIEW {name}_view");
        return Statistics.Median(times);
    }

    private static async Task<bool> EqualAsync(BenchServer server, Scenario scenario, string table)
    {
        var columns = await server.Database.ScalarAsync<string>(
            """
            SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
            WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attname NOT LIKE '\_\_pgt\_%'
            """,
            table);
        return await server.Database.ScalarAsync<bool>(
            $"""
            SELECT NOT EXISTS ((SELECT {columns} FROM {table}) EXCEPT ALL ({scenario.Query}))
                AND NOT EXISTS (({scenario.Query}) EXCEPT ALL (SELECT {columns} FROM {table}))
            """);
    }

    private static string Format(double value) => value.ToString(value >= 100 ? "F0" : "F2", CultureInfo.InvariantCulture);
}
