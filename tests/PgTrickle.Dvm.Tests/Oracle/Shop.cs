using System.Globalization;
using Npgsql;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Dvm.Tests.Oracle;

/// <summary>Tables with everything that has gone wrong in systems of this kind, small domains so that values meet, and random changes to them.</summary>
internal static class Shop
{
    public const string Tables = """
        CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, tier text, region varchar(10), credit numeric(10,2));
        CREATE TABLE products (id int PRIMARY KEY, category text NOT NULL, parent int, price numeric);
        CREATE TABLE orders (id int PRIMARY KEY, customer_id int, product_id int NOT NULL, amount numeric(10,2) NOT NULL, qty int, rate numeric,
            weight float8, note text, ts timestamptz NOT NULL, day date NOT NULL, doc jsonb);
        CREATE INDEX ON orders (customer_id);
        CREATE TABLE log (k int, v text, n numeric, j json);
        CREATE TABLE regions (code varchar(10) PRIMARY KEY, zone int, title text);
        """;

    /// <summary>Creates the tables with a few rows.</summary>
    public static async Task CreateAsync(NpgsqlConnection connection, Random random)
    {
        await connection.ExecuteAsync(Tables);
        for (var i = 0; i < 60; i++)
        {
            await ChangeAsync(connection, random, insertOnly: true);
        }
    }

    /// <summary>An interval: some transactions of some statements each, one of them possibly rolled back.</summary>
    public static async Task IntervalAsync(NpgsqlConnection connection, Random random)
    {
        for (var t = random.Next(1, 4); t > 0; t--)
        {
            await using var transaction = await connection.BeginTransactionAsync();
            for (var s = random.Next(1, 5); s > 0; s--)
            {
                await ChangeAsync(connection, random, insertOnly: false);
            }

            if (random.Next(8) == 0)
            {
                await transaction.RollbackAsync();
            }
            else
            {
                await transaction.CommitAsync();
            }
        }
    }

    private static Task ChangeAsync(NpgsqlConnection connection, Random random, bool insertOnly)
    {
        var kind = insertOnly ? 0 : random.Next(10);
        var statement = random.Next(10) switch
        {
            < 2 => Customers(random, kind),
            < 3 => Products(random, kind),
            < 7 => Orders(random, kind),
            < 9 => Log(random, kind),
            _ => Regions(random, kind),
        };
        return connection.ExecuteAsync(statement);
    }

    private static string Customers(Random random, int kind) => kind switch
    {
        < 4 => $"INSERT INTO customers VALUES ({Id(random)}, {Word(random)}, {Maybe(random, Word(random))}, {Maybe(random, Word(random))}, {Maybe(random, Amount(random))}) ON CONFLICT (id) DO UPDATE SET name = excluded.name, tier = excluded.tier",
        < 5 => $"UPDATE customers SET id = id + 100 WHERE id = {Id(random)} AND NOT EXISTS (SELECT FROM customers c WHERE c.id = customers.id + 100)",
        < 6 => $"UPDATE customers SET id = id - 100 WHERE id > 100 AND NOT EXISTS (SELECT FROM customers c WHERE c.id = customers.id - 100)",
        < 8 => $"UPDATE customers SET {One(random, $"name = {Word(random)}", $"tier = {Maybe(random, Word(random))}", $"region = {Maybe(random, Word(random))}", "name = name")} WHERE id % 3 = {random.Next(3)}",
        _ => $"DELETE FROM customers WHERE id = {Id(random)}",
    };

    private static string Products(Random random, int kind) => kind switch
    {
        < 5 => $"INSERT INTO products VALUES ({Id(random)}, {Word(random)}, {Maybe(random, Id(random))}, {Maybe(random, Number(random))}) ON CONFLICT (id) DO UPDATE SET category = excluded.category, price = excluded.price",
        < 8 => $"UPDATE products SET {One(random, $"category = {Word(random)}", $"parent = {Maybe(random, Id(random))}", $"price = {Maybe(random, Number(random))}")} WHERE id % 4 = {random.Next(4)}",
        _ => $"DELETE FROM products WHERE id = {Id(random)}",
    };

    private static string Orders(Random random, int kind) => kind switch
    {
        < 4 => $"INSERT INTO orders VALUES ({random.Next(1, 80)}, {Maybe(random, Id(random))}, {Id(random)}, {Amount(random)}, {Maybe(random, random.Next(-3, 9).ToString(CultureInfo.InvariantCulture))}, {Maybe(random, Number(random))}, {Maybe(random, Float(random))}, {Maybe(random, Word(random))}, {Time(random)}, current_date + {random.Next(-3, 4)}, {Maybe(random, Json(random) + "::jsonb")}) ON CONFLICT (id) DO UPDATE SET amount = excluded.amount, customer_id = excluded.customer_id, rate = excluded.rate",
        < 7 => $"UPDATE orders SET {One(random, $"amount = {Amount(random)}", $"qty = {Maybe(random, random.Next(-3, 9).ToString(CultureInfo.InvariantCulture))}", $"rate = {Maybe(random, Number(random))}", $"weight = {Maybe(random, Float(random))}", $"customer_id = {Maybe(random, Id(random))}", $"note = {Maybe(random, Word(random))}", $"ts = {Time(random)}", $"day = day + {random.Next(-2, 3)}", "qty = qty")} WHERE id % 5 = {random.Next(5)}",
        < 8 => $"UPDATE orders SET id = id + 1000 WHERE id = {random.Next(1, 80)} AND NOT EXISTS (SELECT FROM orders o WHERE o.id = orders.id + 1000)",
        _ => $"DELETE FROM orders WHERE id % 11 = {random.Next(11)}",
    };

    private static string Log(Random random, int kind) => kind switch
    {
        < 5 => $"INSERT INTO log SELECT {Maybe(random, Id(random))}, {Maybe(random, Word(random))}, {Maybe(random, Number(random))}, {Maybe(random, Json(random) + "::json")} FROM generate_series(1, {random.Next(1, 4)})",
        < 7 => $"UPDATE log SET {One(random, $"v = {Maybe(random, Word(random))}", $"n = {Maybe(random, Number(random))}", $"k = {Maybe(random, Id(random))}")} WHERE ctid IN (SELECT ctid FROM log LIMIT 2 OFFSET {random.Next(5)})",
        _ => $"DELETE FROM log WHERE ctid IN (SELECT ctid FROM log LIMIT {random.Next(1, 3)} OFFSET {random.Next(5)})",
    };

    private static string Regions(Random random, int kind) => kind switch
    {
        < 6 => $"INSERT INTO regions VALUES ({Word(random)}, {Maybe(random, Id(random))}, {Maybe(random, Word(random))}) ON CONFLICT (code) DO UPDATE SET zone = excluded.zone",
        < 8 => $"UPDATE regions SET zone = {Maybe(random, Id(random))}",
        _ => $"DELETE FROM regions WHERE code = {Word(random)}",
    };

    private static string Id(Random random) => random.Next(1, 9).ToString(CultureInfo.InvariantCulture);

    private static string Word(Random random) => One(random, "'a'", "'b'", "'c'", "'gold'", "''", "'it''s'");

    private static string Amount(Random random) => One(random, "1.00", "2.50", "10", "99.99", "0", "-3.25");

    /// <summary>Equal values of different scale.</summary>
    private static string Number(Random random) => One(random, "1", "1.0", "1.00", "2.5", "2.50", "0.125", "-7", "1e3");

    private static string Float(Random random) => One(random, "0", "'-0'", "1.5", "0.1", "0.2", "'NaN'", "1e20", "-1e20");

    private static string Time(Random random) => $"now() + interval '1 hour' * {random.Next(-60, 60)}";

    private static string Json(Random random) => One(random, """'{"a": 1}'""", """'{"a":1}'""", """'{"a": 1.0}'""", "'[]'", """'{"a": 12}'""", "'null'");

    private static string Maybe(Random random, string value) => random.Next(5) == 0 ? "NULL" : value;

    private static string One(Random random, params string[] values) => values[random.Next(values.Length)];
}
