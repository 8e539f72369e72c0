using System.Collections.Immutable;
using NpgsqlTypes;

namespace PgTrickle.Cli.Demo.Writing;

/// <summary>Writes to orders, the source of eight stream tables.</summary>
internal static class OrderSteps
{
    private static readonly string[] Regions = ["north", "south", "east", "west", "overseas"];

    public static ImmutableArray<WorkloadStep> All { get; } =
    [
        new("insert orders", 10, (session, cancellation) => InsertAsync(session, session.Random.Next(1, 13), cancellation)),
        new("copy orders", 2, CopyAsync),
        new("reprice orders", 6, RepriceAsync),
        new("move orders", 4, MoveAsync),
        new("touch orders", 2, TouchAsync),
        new("delete orders", 3, DeleteAsync),
    ];

    /// <summary>Inserts orders of the last days, most of them of today.</summary>
    public static async Task<int> InsertAsync(WriteSession session, int count, CancellationToken cancellation)
    {
        session.Keys.AddOrders(count);
        return await session.ExecuteAsync(
            """
            INSERT INTO orders (customer_id, region, product_id, amount, order_date)
            SELECT o.customer_id, o.region, o.product_id, o.amount, CURRENT_DATE - o.age
            FROM unnest($1::int[], $2::text[], $3::int[], $4::numeric[], $5::int[]) AS o(customer_id, region, product_id, amount, age)
            """,
            cancellation,
            WriteSession.Many(count, () => session.Random.Next(1, SharedKeys.Customers + 1)),
            WriteSession.Many(count, () => session.OneOf(Regions)),
            WriteSession.Many(count, () => session.Random.Next(1, SharedKeys.Products + 1)),
            WriteSession.Many(count, () => Amount(session)),
            WriteSession.Many(count, () => Age(session)));
    }

    private static async Task<int> CopyAsync(WriteSession session, CancellationToken cancellation)
    {
        var count = session.Random.Next(10, 60);
        session.Keys.AddOrders(count);
        await using var import = await session.Connection.BeginBinaryImportAsync(
            "COPY orders (customer_id, region, product_id, amount) FROM STDIN (FORMAT binary)", cancellation);
        for (var row = 0; row < count; row++)
        {
            await import.StartRowAsync(cancellation);
            await import.WriteAsync(session.Random.Next(1, SharedKeys.Customers + 1), NpgsqlDbType.Integer, cancellation);
            await import.WriteAsync(session.OneOf(Regions), NpgsqlDbType.Text, cancellation);
            await import.WriteAsync(session.Random.Next(1, SharedKeys.Products + 1), NpgsqlDbType.Integer, cancellation);
            await import.WriteAsync(Amount(session), NpgsqlDbType.Numeric, cancellation);
        }

        return (int)await import.CompleteAsync(cancellation);
    }

    private static Task<int> RepriceAsync(WriteSession session, CancellationToken cancellation) => session.ExecuteAsync(
        "UPDATE orders SET amount = round(amount * $1, 2) WHERE id = ANY ($2)",
        cancellation, 0.5m + (session.Random.Next(100) / 100m), session.SomeKeys(session.Keys.Orders, 10));

    /// <summary>Changes what queries group and filter by, and the join key.</summary>
    private static Task<int> MoveAsync(WriteSession session, CancellationToken cancellation) => session.ExecuteAsync(
        "UPDATE orders SET region = $1, customer_id = $2, order_date = CURRENT_DATE - $3 WHERE id = ANY ($4)",
        cancellation, session.OneOf(Regions), session.Random.Next(1, SharedKeys.Customers + 1), Age(session), session.SomeKeys(session.Keys.Orders, 6));

    /// <summary>An UPDATE that changes nothing must change nothing.</summary>
    private static Task<int> TouchAsync(WriteSession session, CancellationToken cancellation) => session.ExecuteAsync(
        "UPDATE orders SET amount = amount WHERE id = ANY ($1)", cancellation, session.SomeKeys(session.Keys.Orders, 10));

    private static Task<int> DeleteAsync(WriteSession session, CancellationToken cancellation) => session.ExecuteAsync(
        "DELETE FROM orders WHERE id = ANY ($1)", cancellation, session.SomeKeys(session.Keys.Orders, 8));

    private static decimal Amount(WriteSession session) => session.Random.Next(100, 100_000) / 100m;

    private static int Age(WriteSession session) => Math.Max(0, session.Random.Next(-4, 4));
}
