using PgTrickle.TestInfrastructure;
using Xunit.Sdk;

namespace PgTrickle.Postgres.Tests.Refresh;

/// <summary>After every refresh the stream tables equal their queries, whatever was done to the sources.</summary>
public sealed class HistoryTests
{
    private const string Sources = """
        CREATE TABLE customer (id int PRIMARY KEY, name text, tier text);
        CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customer ON DELETE CASCADE, amount int NOT NULL);
        CREATE TABLE note (customer_id int REFERENCES customer ON DELETE SET NULL, body text);
        """;

    private const string Rows = """
        INSERT INTO customer SELECT n, 'name ' || n, 'tier ' || n % 3 FROM generate_series(1, 8) AS n;
        INSERT INTO orders SELECT n, n % 8 + 1, n * 10 FROM generate_series(1, 40) AS n;
        INSERT INTO note SELECT n % 8 + 1, 'note' FROM generate_series(1, 20) AS n;
        """;

    private static readonly (string Name, string Statements)[] Histories =
    [
        ("insert, change and delete in one transaction are nothing", "BEGIN; INSERT INTO orders VALUES (100, 1, 5); UPDATE orders SET amount = 6 WHERE id = 100; DELETE FROM orders WHERE id = 100; COMMIT"),
        ("delete and insert of one key is a change", "BEGIN; DELETE FROM orders WHERE id = 1; INSERT INTO orders VALUES (1, 2, 77); COMMIT"),
        ("a key changes", "UPDATE orders SET id = id + 1000 WHERE id < 5"),
        ("two keys are swapped in one statement", "UPDATE orders SET amount = CASE id WHEN 1 THEN 20 ELSE 10 END, customer_id = CASE id WHEN 1 THEN 3 ELSE 2 END WHERE id IN (1, 2)"),
        ("an update that changes nothing", "UPDATE orders SET amount = amount"),
        ("on conflict do update", "INSERT INTO orders VALUES (1, 1, 1), (200, 2, 2) ON CONFLICT (id) DO UPDATE SET amount = orders.amount + excluded.amount"),
        ("on conflict do nothing", "INSERT INTO orders VALUES (1, 1, 1), (200, 2, 2) ON CONFLICT DO NOTHING"),
        ("merge inserts, updates and deletes", "MERGE INTO orders o USING (VALUES (1, 5), (2, 6), (300, 7)) AS s(id, amount) ON o.id = s.id WHEN MATCHED AND s.id = 1 THEN DELETE WHEN MATCHED THEN UPDATE SET amount = s.amount WHEN NOT MATCHED THEN INSERT VALUES (s.id, 1, s.amount)"),
        ("update from that meets a row twice", "UPDATE orders o SET amount = v.amount FROM (VALUES (1, 100), (1, 200)) AS v(id, amount) WHERE o.id = v.id"),
        ("a writable cte changes two sources", "WITH gone AS (DELETE FROM orders WHERE id < 4 RETURNING customer_id) UPDATE customer SET tier = 'none' WHERE id IN (SELECT customer_id FROM gone)"),
        ("a cascade deletes", "DELETE FROM customer WHERE id < 3"),
        ("a savepoint is rolled back", "BEGIN; INSERT INTO orders VALUES (400, 1, 1); SAVEPOINT s; INSERT INTO orders VALUES (401, 1, 1); UPDATE orders SET amount = 0; ROLLBACK TO s; INSERT INTO orders VALUES (402, 1, 1); COMMIT"),
        ("a transaction is rolled back", "BEGIN; DELETE FROM orders; DELETE FROM note; ROLLBACK"),
        ("truncate", "TRUNCATE orders"),
        ("truncate, then insert in the same transaction", "BEGIN; TRUNCATE orders RESTART IDENTITY; INSERT INTO orders VALUES (1, 1, 1); COMMIT"),
        ("insert, then truncate", "BEGIN; INSERT INTO orders VALUES (500, 1, 1); TRUNCATE orders; COMMIT"),
        ("truncate cascades", "TRUNCATE customer CASCADE"),
        ("truncate by a repeatable read writer", "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM orders; TRUNCATE note; INSERT INTO note VALUES (1, 'again'); COMMIT"),
        ("keyless duplicates come and go", "INSERT INTO note SELECT 1, 'same' FROM generate_series(1, 3); DELETE FROM note WHERE ctid = (SELECT min(ctid) FROM note WHERE body = 'same')"),
        ("a repeatable read and a serializable writer", "BEGIN ISOLATION LEVEL REPEATABLE READ; UPDATE orders SET amount = 3 WHERE id = 3; COMMIT; BEGIN ISOLATION LEVEL SERIALIZABLE; UPDATE customer SET tier = 'x' WHERE id = 3; COMMIT"),
    ];

    [Theory, PostgresVersions]
    public async Task Stream_tables_equal_their_queries_after_every_kind_of_statement(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Sources);
        await harness.CreateAsync("filtered", "SELECT id, amount FROM orders WHERE amount > 50");
        await harness.CreateAsync("joined", "SELECT o.id, o.amount, c.name FROM orders o JOIN customer c ON c.id = o.customer_id");
        await harness.CreateAsync("per_tier", "SELECT c.tier, count(*) AS n, sum(o.amount) AS total FROM orders o JOIN customer c ON c.id = o.customer_id GROUP BY c.tier");
        await harness.CreateAsync("notes", "SELECT customer_id, body FROM note");
        await harness.CreateAsync("total", "SELECT count(*) AS n FROM orders");
        await harness.CreateAsync("busy", "SELECT tier, n FROM per_tier WHERE n > 2");

        foreach (var (name, statements) in Histories)
        {
            await harness.ExecuteAsync("TRUNCATE customer CASCADE; TRUNCATE note");
            await harness.ExecuteAsync(Rows);
            await harness.RefreshAndCompareAsync();
            await harness.ExecuteAsync(statements);
            try
            {
                await harness.RefreshAndCompareAsync();
                await harness.ExecuteAsync("INSERT INTO customer VALUES (90, 'later', 'tier 1') ON CONFLICT DO NOTHING; INSERT INTO orders VALUES (9001, 90, 9); UPDATE note SET body = 'later'");
                await harness.RefreshAndCompareAsync();
            }
            catch (XunitException failure)
            {
                throw new XunitException($"After {name}: {failure.Message}", failure);
            }
        }
    }
}
