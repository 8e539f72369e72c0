using System.Globalization;
using PgTrickle.Dvm.Tests.Oracle;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Dvm.Tests.Rules;

/// <summary>Rows enter and leave because time passes, though no table changes; together with changes, and with a clock that was set back.</summary>
public sealed class ClockTests(ITestOutputHelper output)
{
    public static TheoryData<string> Queries => new()
    {
        "SELECT id, day FROM orders WHERE day >= CURRENT_DATE",
        "SELECT id, day FROM orders WHERE day > CURRENT_DATE - 2 AND CURRENT_DATE + 1 >= day AND amount > 0",
        "SELECT note, count(*) AS n, sum(amount) AS s FROM orders WHERE ts < now() AND ts >= now() - interval '1 day' GROUP BY note",
        "SELECT id FROM orders WHERE ts < LOCALTIMESTAMP OR note = 'a'",
        "SELECT date_trunc('hour', ts) AS h, count(*) AS n FROM orders WHERE date_trunc('hour', ts) = date_trunc('hour', now()) - interval '3 hours' OR note IS NULL GROUP BY 1",
        "SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id AND o.day <> CURRENT_DATE WHERE c.name <> 'b'",
        "SELECT c.id, o.id AS oid FROM customers c LEFT JOIN orders o ON o.customer_id = c.id AND o.day <= CURRENT_DATE",
        "SELECT o.id, c.name FROM orders o LEFT JOIN customers c ON c.id = o.customer_id AND o.ts < now()",
        "SELECT o.id, c.name, c.id AS cid FROM orders o FULL JOIN customers c ON c.id = o.customer_id AND o.day < CURRENT_DATE",
        "SELECT c.name, count(p.id) AS n FROM customers c LEFT JOIN (orders o LEFT JOIN products p ON p.id = o.product_id AND o.day + p.id > CURRENT_DATE) ON o.customer_id = c.id GROUP BY c.name",
        "SELECT o.id, c.name FROM orders o LEFT JOIN customers c ON CURRENT_DATE > '2020-01-01' AND c.id = o.customer_id",
        "SELECT id, CURRENT_DATE - day AS age FROM orders",
        "SELECT customer_id, array_agg(CURRENT_DATE - day ORDER BY id) AS ages FROM orders GROUP BY customer_id",
        "SELECT DISTINCT ON (customer_id) customer_id, id AS o, CURRENT_DATE - day AS age FROM orders ORDER BY customer_id, ts DESC, id",
        "SELECT c.id, (SELECT count(*) FROM orders o WHERE o.customer_id = c.id AND o.day >= CURRENT_DATE) AS n FROM customers c",
        "SELECT c.id, (SELECT max(CURRENT_DATE - o.day) FROM orders o WHERE o.customer_id = c.id) AS n FROM customers c",
        "SELECT c.id FROM customers c WHERE EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id AND o.ts > now())",
        "SELECT c.id, EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id AND o.day + c.id > CURRENT_DATE) AS e FROM customers c",
        "SELECT id FROM customers c WHERE NOT EXISTS (SELECT FROM orders o WHERE o.day - c.id = CURRENT_DATE)",
        "SELECT count(*) FILTER (WHERE ts > CURRENT_TIMESTAMP(0)) AS future, count(*) AS n FROM orders",
        "SELECT DISTINCT ON (customer_id) customer_id, id AS o FROM orders WHERE day <= CURRENT_DATE ORDER BY customer_id, ts DESC, id",
        "SELECT customer_id, count(*) AS n FROM orders GROUP BY customer_id HAVING max(ts) < now()",

        // Recursion: over a start and a step that the clock decides about, by UNION too, at the top and below; with a step that can't be followed; and its values.
        "WITH RECURSIVE r(id, depth) AS (SELECT id, 0 FROM orders WHERE day < CURRENT_DATE UNION ALL SELECT p.id, r.depth + 1 FROM r JOIN products p ON p.parent = r.id WHERE r.depth < 3) SELECT id, depth FROM r",
        "WITH RECURSIVE r(id) AS (SELECT customer_id FROM orders WHERE ts < now() UNION SELECT o.product_id FROM r JOIN orders o ON o.customer_id = r.id AND o.day <= CURRENT_DATE) SELECT c.id, c.name FROM customers c JOIN r ON r.id = c.id",
        "WITH RECURSIVE r(id, age) AS (SELECT id, CURRENT_DATE - day FROM orders WHERE id < 9 UNION ALL SELECT o.id, CURRENT_DATE - o.day FROM orders o JOIN r ON o.product_id = r.id) CYCLE id SET looped USING way SELECT id, age, looped FROM r WHERE age > 0",
        "WITH RECURSIVE r(id) AS (SELECT id FROM orders WHERE ts > LOCALTIMESTAMP UNION SELECT x.id FROM (SELECT DISTINCT ON (r.id) p.id FROM r JOIN products p ON p.parent = r.id ORDER BY r.id, p.id) x) SELECT count(*) AS n, sum(id) AS s FROM r",
        "WITH RECURSIVE r(day, n) AS (SELECT CURRENT_DATE, 1 UNION ALL SELECT day - 1, n + 1 FROM r WHERE n < 4) SELECT r.n, count(o.id) AS orders FROM r LEFT JOIN orders o ON o.day = r.day GROUP BY r.n",

        // Functions of the clock in FROM.
        "SELECT o.id, t.t > o.ts AS old FROM orders o, now() t(t)",
        "SELECT o.id FROM CURRENT_DATE today JOIN orders o ON o.day = today",
        "SELECT o.id, d.d - o.day AS age FROM orders o LEFT JOIN date(now()) d(d) ON d.d > o.day",
    };

    [PostgresMemberData(nameof(Queries))]
    [Theory]
    public async Task Rows_enter_and_leave_as_time_passes(PostgresVersion version, string query)
    {
        var random = Seed.Random(output);
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await Shop.CreateAsync(connection, random);
        var table = await OracleTable.CreateAsync(connection, "st", query, fill: false);
        output.WriteLine(table.Plan.Explain(ExplainStage.Sql));
        foreach (var hours in new[] { -30, 55, -3, -49 })
        {
            var now = await connection.ScalarAsync<DateTime>("SELECT now()");
            var clock = new DateTime(now.AddHours(hours).Ticks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, DateTimeKind.Utc);
            await table.FillAsAtAsync(clock, statement => AsAt(statement, clock));
            if (hours != -3)
            {
                await Shop.IntervalAsync(connection, random);
            }

            await table.RefreshAsync();
            Assert.NotEqual("Full", table.LastAction);
        }

        await table.RefreshAsync();
    }

    [PostgresVersions]
    [Theory]
    public async Task A_clock_whose_expressions_kept_their_values_is_nothing_to_do(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await Shop.CreateAsync(connection, Seed.Random(output));
        var table = await OracleTable.CreateAsync(connection, "st", "SELECT id FROM orders WHERE day >= date_trunc('year', CURRENT_DATE + 1)");
        await table.RefreshAsync();
        Assert.Equal("nothing", table.LastAction);
Assert.StartsWith("(date_trunc('year'", table.Plan.ClockMoved, StringComparison.Ordinal);
    }

    /// <summary>The statement as it would have read at another time.</summary>
    private static string AsAt(string query, DateTime clock)
    {
        var literal = $"timestamptz '{clock.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)}+00'";
        return query.Replace("CURRENT_TIMESTAMP(0)", $"({literal})", StringComparison.Ordinal)
            .Replace("LOCALTIMESTAMP", $"({literal})::timestamp", StringComparison.Ordinal)
            .Replace("CURRENT_DATE", $"({literal})::date", StringComparison.Ordinal)
            .Replace("now()", $"({literal})", StringComparison.Ordinal);
    }
}
