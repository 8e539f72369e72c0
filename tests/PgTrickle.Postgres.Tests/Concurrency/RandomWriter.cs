using Npgsql;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Concurrency;

/// <summary>
/// One session that does what applications do: random statements in random transactions, some of which are rolled back, in part or whole, stay open for long,
/// or are prepared and committed by somebody else later.
/// </summary>
internal sealed class RandomWriter(NpgsqlDataSource user, int number, Random random)
{
    public const string Tables = """
        CREATE TABLE customer (id int PRIMARY KEY, tier text, v numeric(8, 2));
        CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customer ON DELETE CASCADE, amount int);
        CREATE TABLE note (k int, body text);
        CREATE TABLE part (id int, region int, v int) PARTITION BY LIST (region);
        CREATE TABLE part_0 PARTITION OF part FOR VALUES IN (0);
        CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1, NULL);
        INSERT INTO customer SELECT n, 'tier ' || n % 3, n FROM generate_series(1, 15) AS n;
        INSERT INTO orders SELECT n, n % 15 + 1, n % 10 FROM generate_series(1, 60) AS n;
        INSERT INTO note SELECT n % 7, 'body ' || n % 4 FROM generate_series(1, 40) AS n;
        INSERT INTO part SELECT n, n % 2, n % 6 FROM generate_series(1, 40) AS n;
        """;

    private readonly List<string> _prepared = [];
    private int _preparations;

    public int Committed { get; private set; }

    public async Task RunAsync(int transactions)
    {
        await using var connection = await user.OpenConnectionAsync();
        await connection.ExecuteAsync("SET lock_timeout = '3s'; SET deadlock_timeout = '50ms'".Split(';')[0]);
        for (var n = 0; n < transactions; n++)
        {
            try
            {
                await TransactionAsync(connection);
                Committed++;
            }
            catch (PostgresException exception) when (IsOfTheGame(exception.SqlState))
            {
                await connection.ExecuteAsync("ROLLBACK");
            }

            if (_prepared.Count > 0 && random.Next(3) == 0)
            {
                await FinishPreparedAsync(connection);
            }
        }

        while (_prepared.Count > 0)
        {
            await FinishPreparedAsync(connection);
        }
    }

    private static bool IsOfTheGame(string sqlState) => sqlState is
        PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.UniqueViolation
        or PostgresErrorCodes.ForeignKeyViolation;

    private async Task TransactionAsync(NpgsqlConnection connection)
    {
        if (random.Next(4) == 0)
        {
            await StatementAsync(connection);
            return;
        }

        await connection.ExecuteAsync("BEGIN ISOLATION LEVEL " + (random.Next(4) switch { 0 => "REPEATABLE READ", 1 => "SERIALIZABLE", _ => "READ COMMITTED" }));
        var statements = random.Next(1, 5);
        for (var n = 0; n < statements; n++)
        {
            if (random.Next(3) == 0)
            {
                await connection.ExecuteAsync("SAVEPOINT s");
                await StatementAsync(connection);
                await connection.ExecuteAsync(random.Next(2) == 0 ? "ROLLBACK TO s" : "RELEASE s");
            }

            await StatementAsync(connection);
        }

        switch (random.Next(12))
        {
            case 0 or 1:
                await connection.ExecuteAsync("ROLLBACK");
                break;
            case 2 when _prepared.Count == 0:
                var name = $"w{number}_{_preparations++}";
                await connection.ExecuteAsync($"PREPARE TRANSACTION '{name}'");
                _prepared.Add(name);
                break;
            default:
                await connection.ExecuteAsync("COMMIT");
                break;
        }
    }

    private async Task FinishPreparedAsync(NpgsqlConnection connection)
    {
        await connection.ExecuteAsync($"{(random.Next(4) == 0 ? "ROLLBACK" : "COMMIT")} PREPARED '{_prepared[0]}'");
        _prepared.RemoveAt(0);
    }

    private async Task StatementAsync(NpgsqlConnection connection)
    {
        var customer = random.Next(1, 20);
        var order = random.Next(1, 100);
        var value = random.Next(0, 10);
        switch (random.Next(17))
        {
            case 0: await connection.ExecuteAsync($"INSERT INTO orders VALUES ({order}, {random.Next(1, 15)}, {value}) ON CONFLICT (id) DO UPDATE SET amount = excluded.amount, customer_id = excluded.customer_id"); break;
            case 1: await connection.ExecuteAsync($"INSERT INTO customer VALUES ({customer}, 'tier {value % 4}', {value}.5) ON CONFLICT (id) DO UPDATE SET tier = excluded.tier"); break;
            case 2: await connection.ExecuteAsync($"UPDATE orders SET amount = nullif({value}, 3) WHERE id % 7 = {value % 7}"); break;
            case 3: await connection.ExecuteAsync($"UPDATE customer SET tier = nullif('tier {value % 5}', 'tier 4'), v = v + 0.25 WHERE id = {customer}"); break;
            case 4: await connection.ExecuteAsync($"DELETE FROM orders WHERE id % 11 = {value}"); break;
            case 5: await connection.ExecuteAsync($"DELETE FROM customer WHERE id = {customer}"); break;
            case 6: await connection.ExecuteAsync($"INSERT INTO note SELECT {value}, 'body ' || n % 2 FROM generate_series(1, {value % 3 + 1}) AS n"); break;
            case 7: await connection.ExecuteAsync($"DELETE FROM note WHERE ctid IN (SELECT ctid FROM note WHERE k = {value} LIMIT 1)"); break;
            case 8: await connection.ExecuteAsync($"UPDATE note SET body = 'body {value % 3}' WHERE k = {value % 7}"); break;
            case 9: await connection.ExecuteAsync($"MERGE INTO orders o USING (SELECT {order} AS id, id AS customer_id FROM customer ORDER BY id LIMIT 1) AS s ON o.id = s.id WHEN MATCHED AND o.amount > 5 THEN DELETE WHEN MATCHED THEN UPDATE SET amount = {value} WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.customer_id, {value})"); break;
            case 10: await connection.ExecuteAsync($"UPDATE part SET region = CASE region WHEN 0 THEN 1 ELSE 0 END WHERE id % 9 = {value}"); break;
            case 11: await connection.ExecuteAsync($"INSERT INTO part_{value % 2} VALUES ({order}, {value % 2}, {value % 6})"); break;
            case 12: await connection.ExecuteAsync($"DELETE FROM part WHERE v = {value}; INSERT INTO part VALUES ({order}, {value % 2}, {value % 6}), ({order}, NULL, NULL)"); break;
            case 13 when random.Next(6) == 0: await connection.ExecuteAsync("TRUNCATE " + (random.Next(3) switch { 0 => "note", 1 => "part_0", _ => "orders" })); break;
            case 14: await CopyAsync(connection, order); break;
            case 15: await connection.ExecuteAsync($"WITH gone AS (DELETE FROM orders WHERE id = {order} RETURNING customer_id) INSERT INTO note SELECT customer_id, 'gone' FROM gone"); break;
            default: await connection.ExecuteAsync($"SELECT count(*) FROM orders JOIN customer ON customer.id = {customer}"); break;
        }
    }

    private static async Task CopyAsync(NpgsqlConnection connection, int order)
    {
        await using var copy = await connection.BeginTextImportAsync("COPY note (k, body) FROM STDIN");
        await copy.WriteAsync($"{order % 7}\tcopied\n{order % 5}\t\\N\n");
    }
}
