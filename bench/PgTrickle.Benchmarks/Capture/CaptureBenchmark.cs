using System.CommandLine;
using System.Globalization;
using Npgsql;
using PgTrickle.Benchmarks.Harness;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Benchmarks.Capture;

/// <summary>What capture adds to writers: the same statements on a table with and on one without a stream table over it.</summary>
internal static class CaptureBenchmark
{
    public static Command Command()
    {
        var postgres = new Option<int>("--postgres") { DefaultValueFactory = _ => 18, Description = "Major version of the server." };
        var rounds = new Option<int>("--rounds") { DefaultValueFactory = _ => 9, Description = "Rounds measured." };
        var command = new Command("capture", "Overhead of change capture for statements of one row and of 100,000 rows.") { postgres, rounds };
        command.SetAction(async (result, _) => await RunAsync(result.GetValue(postgres), result.GetValue(rounds)));
        return command;
    }

    private static async Task<int> RunAsync(int version, int rounds)
    {
        await using var server = await BenchServer.StartAsync(version, isDurable: false);
        foreach (var name in (string[])["plain", "captured"])
        {
            await server.Database.ExecuteAsync(
                $"""
                CREATE TABLE {name} (id int PRIMARY KEY, customer_id int NOT NULL, amount numeric(12,2) NOT NULL, note text);
                INSERT INTO {name} SELECT n, n % 1000, n % 10000, 'note ' || n FROM generate_series(1, 200000) AS n;
                """);
        }

        await server.CreateAsync("totals", "SELECT customer_id, count(*) AS n, sum(amount) AS total FROM captured GROUP BY customer_id");
        await server.Database.ExecuteAsync("VACUUM ANALYZE");
        var table = new ResultTable("statements", "captured ms", "plain ms", "ratio", "added us a row");
        foreach (var (name, rows, prepare, measured, reset) in Workloads)
        {
            var captured = new List<double>();
            var plain = new List<double>();
            for (var round = -1; round < rounds; round++)
            {
                var (with, without) = (await TimeAsync(server, "captured", prepare, measured, reset), await TimeAsync(server, "plain", prepare, measured, reset));
                if (round >= 0)
                {
                    captured.Add(with);
                    plain.Add(without);
                }

                await server.Database.ExecuteAsync("DELETE FROM pgtrickle_changes.log");
                await ClearBuffersAsync(server);
            }

            var (a, b) = (Statistics.Median(captured), Statistics.Median(plain));
            table.Add(name, Format(a), Format(b), Format(a / b), Format((a - b) * 1000 / rows));
        }

        table.Print();
        return 0;
    }

    /// <summary>Name, number of rows, what is done before, what is measured, and what undoes it; {t} is the table.</summary>
    private static readonly (string Name, int Rows, string Prepare, string Measured, string Reset)[] Workloads =
    [
        ("1 row, insert", 5000, "", "FOR n IN 1..5000 LOOP INSERT INTO {t} VALUES (1000000 + n, n % 1000, 5, 'x'); COMMIT; END LOOP;", "DELETE FROM {t} WHERE id > 1000000"),
        ("1 row, update", 5000, "", "FOR n IN 1..5000 LOOP UPDATE {t} SET amount = amount + 1 WHERE id = n; COMMIT; END LOOP;", ""),
        ("1 row, delete", 5000, "INSERT INTO {t} SELECT 1000000 + n, n % 1000, 5, 'x' FROM generate_series(1, 5000) AS n",
            "FOR n IN 1..5000 LOOP DELETE FROM {t} WHERE id = 1000000 + n; COMMIT; END LOOP;", ""),
        ("100k rows, insert", 100_000, "", "INSERT INTO {t} SELECT 1000000 + n, n % 1000, 5, 'x' FROM generate_series(1, 100000) AS n;", "DELETE FROM {t} WHERE id > 1000000"),
        ("100k rows, update", 100_000, "", "UPDATE {t} SET amount = amount + 1 WHERE id <= 100000;", ""),
        ("100k rows, delete", 100_000, "INSERT INTO {t} SELECT 1000000 + n, n % 1000, 5, 'x' FROM generate_series(1, 100000) AS n", "DELETE FROM {t} WHERE id > 1000000;", ""),
    ];

    /// <summary>Runs a block on the server, so that neither network nor client counts; milliseconds.</summary>
    private static async Task<double> TimeAsync(BenchServer server, string target, string prepare, string measured, string reset)
    {
        string On(string sql) => sql.Replace("{t}", target, StringComparison.Ordinal);
        await using var connection = await server.Database.OpenConnectionAsync();
        if (prepare.Length > 0)
        {
            await connection.ExecuteAsync(On(prepare));
        }

        await connection.ExecuteAsync("CHECKPOINT");
        var milliseconds = await TimeBlockAsync(connection, On(measured));
        if (reset.Length > 0)
        {
            await connection.ExecuteAsync(On(reset));
        }

        await connection.ExecuteAsync($"VACUUM {target}");
        return milliseconds;
    }

    private static async Task<double> TimeBlockAsync(NpgsqlConnection connection, string block)
    {
        await connection.ExecuteAsync(
            $"""
            DO $block$
            DECLARE
                started timestamptz := clock_timestamp();
            BEGIN
                {block}
                PERFORM set_config('bench.ms', (extract(epoch FROM clock_timestamp() - started) * 1000)::text, false);
            END $block$
            """);
        return double.Parse((await connection.ScalarAsync<string>("SELECT current_setting('bench.ms')"))!, CultureInfo.InvariantCulture);
    }

    private static async Task ClearBuffersAsync(BenchServer server)
    {
        var buffers = await server.Database.QueryAsync("SELECT buffer_relid::regclass::text FROM pgtrickle.captures WHERE buffer_relid IS NOT NULL");
        foreach (var buffer in buffers.Column<string>())
        {
            await server.Database.ExecuteAsync($"TRUNCATE {buffer}");
        }
    }

    private static string Format(double value) => value.ToString("F2", CultureInfo.InvariantCulture);
}
