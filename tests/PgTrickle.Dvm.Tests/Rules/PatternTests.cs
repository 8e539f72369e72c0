using PgTrickle.Dvm.Tests.Oracle;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Dvm.Tests.Rules;

/// <summary>The queries of the guide to best-practice patterns, over its own tables.</summary>
public sealed class PatternTests(ITestOutputHelper output)
{
    private const string Tables = """
        CREATE TABLE raw_events (event_id bigserial PRIMARY KEY, user_id int NOT NULL, event_type text NOT NULL, payload jsonb, received_at timestamptz NOT NULL DEFAULT now());
        CREATE TABLE events (event_id bigserial PRIMARY KEY, aggregate_id uuid NOT NULL, event_type text NOT NULL, payload jsonb NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
        CREATE TABLE customers (customer_id int PRIMARY KEY, name text NOT NULL, email text, tier text DEFAULT 'standard', updated_at timestamptz DEFAULT now());
        CREATE TABLE customer_history (customer_id int NOT NULL, name text NOT NULL, tier text NOT NULL, valid_from timestamptz NOT NULL, valid_to timestamptz, PRIMARY KEY (customer_id, valid_from));
        CREATE TABLE orders (id serial PRIMARY KEY, customer_id int NOT NULL, region text NOT NULL, product_id int NOT NULL, amount numeric(10,2) NOT NULL, order_date date NOT NULL DEFAULT current_date);
        """;

    private static readonly (string Name, string Query)[] StreamTables =
    [
        ("events_cleaned", "SELECT DISTINCT ON (event_id) event_id, user_id, event_type, (payload->>'amount')::numeric AS amount, received_at FROM raw_events WHERE event_type IN ('purchase', 'refund', 'subscription')"),
        ("user_purchase_summary", "SELECT user_id, COUNT(*) AS total_purchases, SUM(amount) AS total_spent, AVG(amount) AS avg_order FROM events_cleaned WHERE event_type = 'purchase' GROUP BY user_id"),
        ("aggregate_state", "SELECT DISTINCT ON (aggregate_id) aggregate_id, event_type AS last_event, payload AS current_state, created_at AS last_updated FROM events ORDER BY aggregate_id, created_at DESC"),
        ("hourly_event_counts", "SELECT date_trunc('hour', created_at) AS hour, event_type, COUNT(*) AS event_count FROM events GROUP BY 1, 2"),
        ("customer_360", "SELECT c.customer_id, c.name, c.email, c.tier, COUNT(o.id) AS total_orders, COALESCE(SUM(o.amount), 0) AS lifetime_value FROM customers c LEFT JOIN orders o ON o.customer_id = c.customer_id GROUP BY c.customer_id, c.name, c.email, c.tier"),
        ("customers_current", "SELECT customer_id, name, tier, valid_from FROM customer_history WHERE valid_to IS NULL"),
        ("daily_totals", "SELECT order_date, SUM(amount) AS daily_total, COUNT(*) AS order_count FROM orders GROUP BY order_date"),
        ("by_region", "SELECT region, SUM(amount) AS total, COUNT(*) AS cnt FROM orders GROUP BY region"),
        ("by_product", "SELECT product_id, SUM(amount) AS total, COUNT(*) AS cnt FROM orders GROUP BY product_id"),
        ("top_customers", "SELECT customer_id, SUM(amount) AS lifetime_value, COUNT(*) AS order_count FROM orders GROUP BY customer_id"),
        ("order_monitor", "SELECT date_trunc('minute', order_date) AS minute, region, COUNT(*) AS orders, SUM(amount) AS revenue FROM orders WHERE order_date >= CURRENT_DATE GROUP BY 1, 2"),
    ];

    [PostgresVersions]
    [Theory]
    public async Task Every_query_of_the_patterns_is_maintained_differentially(PostgresVersion version)
    {
        var random = Seed.Random(output);
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync(Tables);
        var tables = new List<OracleTable>();
        foreach (var (name, query) in StreamTables)
        {
            var table = await OracleTable.CreateAsync(connection, name, query);
            Assert.Equal(PlanMode.Differential, table.Plan.Mode);
            output.WriteLine($"{name}\n{table.Plan.Explain(ExplainStage.Plan)}{table.Plan.Explain(ExplainStage.Sql)}");
            tables.Add(table);
        }

        for (var i = 0; i < 15; i++)
        {
            for (var s = random.Next(1, 12); s > 0; s--)
            {
                await connection.ExecuteAsync(Statement(random));
            }

            // A stream table over a stream table sees it as it is after its refresh.
            foreach (var table in tables)
            {
                await table.RefreshAsync();
            }
        }
    }

    private static string Statement(Random random)
    {
        var key = random.Next(1, 8);
        return random.Next(14) switch
        {
            0 or 1 => $"INSERT INTO raw_events(user_id, event_type, payload) SELECT {key}, (ARRAY['purchase','refund','view'])[1 + g % 3], jsonb_build_object('amount', (g * {key}) / 2.0) FROM generate_series(1, {key}) g",
            2 => $"UPDATE raw_events SET payload = jsonb_build_object('amount', {key}.50), event_type = 'purchase' WHERE event_id % 7 = {key - 1}",
            3 => $"DELETE FROM raw_events WHERE event_id % 9 = {key}",
            4 => $"INSERT INTO events(aggregate_id, event_type, payload, created_at) SELECT ('00000000-0000-0000-0000-00000000000' || {key})::uuid, 'e' || g, to_jsonb(g), clock_timestamp() + g * interval '7 minutes' FROM generate_series(1, 3) g",
            5 => $"DELETE FROM events WHERE event_id % 5 = {key % 5}",
            6 => $"INSERT INTO customers VALUES ({key}, 'n{key}', NULL) ON CONFLICT (customer_id) DO UPDATE SET tier = 'gold', name = customers.name || 'x'",
            7 => $"DELETE FROM customers WHERE customer_id = {key}",
            8 => $"UPDATE customer_history SET valid_to = now() WHERE customer_id = {key} AND valid_to IS NULL",
            9 => $"INSERT INTO customer_history VALUES ({key}, 'n', 't', clock_timestamp(), NULL)",
            10 or 11 => $"INSERT INTO orders(customer_id, region, product_id, amount, order_date) SELECT {key}, 'r' || g, g, g * 1.25, current_date + g - 2 FROM generate_series(1, {key}) g",
            12 => $"UPDATE orders SET amount = amount + 1, region = 'r{key}', customer_id = {key} WHERE id % 4 = {key % 4}",
            _ => $"DELETE FROM orders WHERE id % 6 = {key % 6}",
        };
    }
}
