using PgTrickle.Postgres.Tests.Refresh;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Traps;

/// <summary>What sources go through, seen by stream tables with and without keys, groups and joins (traps 27, 28, 29, 33, 34, 35).</summary>
public sealed class SourceTrapTests
{
    private const string Shop = """
        CREATE TABLE customers (id int PRIMARY KEY, name text, region text);
        CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers ON DELETE CASCADE, amount numeric(10,2), note text DEFAULT 'new');
        CREATE TABLE log (customer_id int, what text);
        INSERT INTO customers SELECT n, 'c' || n, 'r' || n % 2 FROM generate_series(1, 6) AS n;
        INSERT INTO orders SELECT n, 1 + n % 6, n * 1.5 FROM generate_series(1, 24) AS n;
        INSERT INTO log SELECT 1 + n % 3, 'w' || n % 2 FROM generate_series(1, 12) AS n;
        """;

    /// <summary>Each is run in a session of its own; some hold more than one transaction.</summary>
    public static TheoryData<string> Changes => new()
    {
        // Trap 28: what happens within a transaction or a statement.
        "BEGIN; INSERT INTO orders VALUES (100, 1, 5); UPDATE orders SET amount = 6 WHERE id = 100; DELETE FROM orders WHERE id = 100; COMMIT",
        "BEGIN; DELETE FROM orders WHERE id = 1; INSERT INTO orders VALUES (1, 2, 9, 'again'); COMMIT",
        "BEGIN; UPDATE orders SET amount = 0; ROLLBACK; UPDATE orders SET amount = 1 WHERE id < 3",
        "BEGIN; UPDATE orders SET amount = 1 WHERE id = 1; SAVEPOINT s; UPDATE orders SET amount = 2; ROLLBACK TO s; UPDATE orders SET amount = 3 WHERE id = 2; RELEASE s; COMMIT",
        "UPDATE orders SET id = CASE id WHEN 1 THEN 1001 ELSE 1000 + id END WHERE id < 5; UPDATE orders SET id = id - 1000 WHERE id > 1000",
        "ALTER TABLE orders DROP CONSTRAINT orders_pkey; ALTER TABLE orders ADD PRIMARY KEY (id) DEFERRABLE; UPDATE orders SET id = 3 - id WHERE id < 3",
        "INSERT INTO orders VALUES (1, 1, 1), (200, 1, 1) ON CONFLICT (id) DO UPDATE SET amount = EXCLUDED.amount + orders.amount",
        "INSERT INTO orders VALUES (1, 1, 1), (201, 1, 1) ON CONFLICT DO NOTHING",
        "MERGE INTO orders o USING (VALUES (1, 7), (2, NULL), (300, 8)) AS v(id, a) ON o.id = v.id WHEN MATCHED AND a IS NULL THEN DELETE WHEN MATCHED THEN UPDATE SET amount = a WHEN NOT MATCHED THEN INSERT VALUES (v.id, 1, a)",
        "UPDATE orders SET amount = l.n FROM (SELECT customer_id, count(*) AS n FROM log GROUP BY customer_id) AS l JOIN log x ON x.customer_id = l.customer_id WHERE orders.customer_id = l.customer_id",
        "UPDATE orders SET amount = amount, note = note",
        "WITH gone AS (DELETE FROM orders WHERE id > 20 RETURNING customer_id), said AS (INSERT INTO log SELECT customer_id, 'gone' FROM gone RETURNING 1) UPDATE customers SET name = 'busy' WHERE id IN (SELECT customer_id FROM gone)",
        "DELETE FROM log WHERE ctid IN (SELECT min(ctid) FROM log GROUP BY customer_id, what); UPDATE log SET what = 'w9' WHERE ctid = (SELECT max(ctid) FROM log)",

        // Trap 29.
        "TRUNCATE log", "BEGIN; TRUNCATE log; INSERT INTO log VALUES (1, 'after'); COMMIT", "TRUNCATE customers CASCADE",
        "BEGIN; INSERT INTO log VALUES (5, 'before'); TRUNCATE log RESTART IDENTITY; COMMIT", "BEGIN; TRUNCATE orders; ROLLBACK; DELETE FROM orders WHERE id = 1",
        "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM log; TRUNCATE log; INSERT INTO log VALUES (2, 'x'); COMMIT",

        // Trap 35: what others do on the writer's behalf.
        "DELETE FROM customers WHERE id = 3", "UPDATE orders SET customer_id = NULL WHERE id % 2 = 0; DELETE FROM customers WHERE id = 2",
        """
        CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.amount := NEW.amount * 2; INSERT INTO log VALUES (NEW.customer_id, 'by trigger'); RETURN NEW; END $$;
        CREATE TRIGGER other BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION other();
        INSERT INTO orders VALUES (400, 1, 5); UPDATE orders SET amount = 1 WHERE id < 4; DROP TRIGGER other ON orders
        """,
        """
        CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
        CREATE TRIGGER never BEFORE DELETE ON orders FOR EACH ROW WHEN (OLD.id = 1) EXECUTE FUNCTION never();
        DELETE FROM orders WHERE id < 4; DROP TRIGGER never ON orders
        """,
        "CREATE RULE instead AS ON DELETE TO log DO INSTEAD UPDATE log SET what = 'deleted' WHERE customer_id = OLD.customer_id; DELETE FROM log WHERE customer_id = 1; DROP RULE instead ON log",
        """
        CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (NEW.id, 'deferred'); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER late AFTER INSERT ON customers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late();
        INSERT INTO customers VALUES (50, 'late', 'r1'); DROP TRIGGER late ON customers
        """,

        // Trap 34: columns that come, go and change place beside those that are used.
        "ALTER TABLE orders ADD COLUMN extra int DEFAULT 7; UPDATE orders SET extra = 8, amount = 8 WHERE id = 1; INSERT INTO orders VALUES (500, 1, 5, 'n', 9)",
        "ALTER TABLE log ADD COLUMN a int, ADD COLUMN b int; ALTER TABLE log DROP COLUMN a; INSERT INTO log VALUES (1, 'x', 3); DELETE FROM log WHERE what = 'w1'",
        "ALTER TABLE orders ADD COLUMN twice numeric GENERATED ALWAYS AS (amount * 2) STORED; UPDATE orders SET amount = 2 WHERE id < 9",
        "ALTER TABLE orders ADD COLUMN serial int GENERATED ALWAYS AS IDENTITY; DELETE FROM orders WHERE serial < 3; INSERT INTO orders VALUES (501, 1, 5)",
        "ALTER TABLE orders ALTER COLUMN note SET DEFAULT 'other'; INSERT INTO orders (id, customer_id) VALUES (502, 1)",
        "ALTER TABLE customers RENAME TO clients; ALTER TABLE clients RENAME TO customers; UPDATE customers SET name = 'renamed' WHERE id = 1",
        "CREATE INDEX ON orders (customer_id); CLUSTER orders USING orders_pkey; UPDATE orders SET amount = 3 WHERE id = 3",
        "VACUUM FULL orders; UPDATE orders SET amount = 4 WHERE id = 4",
        "UPDATE orders SET note = repeat('toast', 5000) WHERE id = 5; UPDATE orders SET amount = 5 WHERE id = 5; DELETE FROM orders WHERE id = 6",
    };

    [PostgresMemberData(nameof(Changes))]
    [Theory]
    public async Task Stream_tables_follow(PostgresVersion version, string changes)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Shop);
        await CreateStreamTablesAsync(harness);
        await using var writer = await harness.Database.User.OpenConnectionAsync();
        foreach (var statement in Statements(changes))
        {
            await writer.ExecuteAsync(statement);
        }

        await harness.RefreshAndCompareAsync();
        await writer.ExecuteAsync("UPDATE orders SET amount = amount + 1 WHERE id % 3 = 0; INSERT INTO log VALUES (1, 'w1'); INSERT INTO customers VALUES (77, 'last', 'r0')");
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task Trap_34_columns_far_to_the_right_are_captured(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, """
            DO $$ BEGIN EXECUTE (SELECT format('CREATE TABLE wide (id int PRIMARY KEY, %s)', string_agg(format('c%s text', n), ', ' ORDER BY n)) FROM generate_series(2, 300) AS n); END $$;
            INSERT INTO wide (id, c63, c64, c65, c200, c300) SELECT n, 'a', 'b', 'c', 'd', 'e' FROM generate_series(1, 5) AS n;
            """);
        await harness.CreateAsync("few", "SELECT id, c63, c64, c65, c200, c300 FROM wide", "DIFFERENTIAL");
        await harness.CreateAsync("grouped", "SELECT c64, c200, count(*) AS n FROM wide GROUP BY c64, c200", "DIFFERENTIAL");
        await harness.CreateAsync("all_of_it", "SELECT * FROM wide", "DIFFERENTIAL");
        await harness.ExecuteAsync("UPDATE wide SET c64 = 'B', c300 = NULL WHERE id = 1; UPDATE wide SET c200 = repeat('toast', 9000) WHERE id = 2; INSERT INTO wide (id, c299) VALUES (6, 'x'); DELETE FROM wide WHERE id = 3");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("ALTER TABLE wide DROP COLUMN c100; UPDATE wide SET c65 = 'C' WHERE id = 2");
        await harness.RefreshAsync("few");
        await harness.CompareAsync("few");
    }

    [Theory, PostgresVersions]
    public async Task Copied_rows_and_those_of_a_prepared_transaction_are_seen_once_they_are_committed(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Shop);
        await CreateStreamTablesAsync(harness);
        await using var writer = await harness.Database.User.OpenConnectionAsync();
        await using (var copy = await writer.BeginTextImportAsync("COPY orders (id, customer_id, amount) FROM STDIN"))
        {
            await copy.WriteAsync("600\t1\t6.5\n601\t\\N\t\\N\n");
        }

        await harness.RefreshAndCompareAsync();
        var name = $"trap_{Guid.NewGuid():N}";
        await writer.ExecuteAsync($"BEGIN; UPDATE orders SET amount = 0 WHERE id < 10; INSERT INTO log VALUES (1, 'prepared'); PREPARE TRANSACTION '{name}'");
        await harness.ExecuteAsync("UPDATE orders SET amount = 7 WHERE id = 20");
        await harness.RefreshAndCompareAsync();
        await writer.ExecuteAsync($"COMMIT PREPARED '{name}'");
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task Transactions_that_write_first_and_commit_last_are_not_skipped(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Shop);
        await CreateStreamTablesAsync(harness);
        await using var early = await harness.Database.User.OpenConnectionAsync();
        await using var snapshot = await harness.Database.User.OpenConnectionAsync();
        await early.ExecuteAsync("BEGIN; UPDATE orders SET amount = 100 WHERE id = 1; INSERT INTO log VALUES (1, 'early')");
        await snapshot.ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM orders");
        await harness.ExecuteAsync("UPDATE orders SET amount = 200 WHERE id = 2; DELETE FROM customers WHERE id = 6");
        await harness.RefreshAndCompareAsync();
        await snapshot.ExecuteAsync("INSERT INTO log SELECT customer_id, 'old snapshot' FROM orders WHERE id = 3; COMMIT");
        await harness.RefreshAndCompareAsync();
        await early.ExecuteAsync("UPDATE orders SET amount = 300 WHERE id = 3; COMMIT");
        await harness.RefreshAndCompareAsync();
    }

    private static async Task CreateStreamTablesAsync(RefreshHarness harness)
    {
        await harness.CreateAsync("copies", "SELECT id, amount, note FROM orders", "DIFFERENTIAL");
        await harness.CreateAsync("loose", "SELECT customer_id, what FROM log", "DIFFERENTIAL");
        await harness.CreateAsync("totals", "SELECT customer_id, count(*) AS n, sum(amount) AS total, max(note) AS last FROM orders GROUP BY customer_id", "DIFFERENTIAL");
        await harness.CreateAsync("joined", "SELECT c.name, o.id, o.amount, l.what FROM customers c LEFT JOIN orders o ON o.customer_id = c.id LEFT JOIN log l ON l.customer_id = c.id", "DIFFERENTIAL");
        await harness.CreateAsync("regions", "SELECT c.region, count(DISTINCT o.id) AS n FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.region", "DIFFERENTIAL");
    }

    /// <summary>Bodies of functions hold semicolons, VACUUM wants to be alone, and everything else goes statement by statement as well.</summary>
    private static IEnumerable<string> Statements(string script)
    {
        var parts = script.Split("$$");
        var current = "";
        for (var i = 0; i < parts.Length; i++)
        {
            if (i % 2 == 1)
            {
                current += $"$${parts[i]}$$";
                continue;
            }

            var pieces = parts[i].Split(';');
            current += pieces[0];
            foreach (var piece in pieces.Skip(1))
            {
                yield return current;
                current = piece;
            }
        }

        if (!string.IsNullOrWhiteSpace(current))
        {
            yield return current;
        }
    }
}
