using System.Collections.Immutable;
using System.Globalization;

namespace PgTrickle.Cli.Demo.Writing;

/// <summary>Writes to customers (changed in place) and to customer_history (rows with validity).</summary>
internal static class CustomerSteps
{
    private static readonly string[] Tiers = ["standard", "silver", "gold", "platinum"];
    private static readonly string[] Names = ["Ada", "Blaise", "Charles", "Donald", "Edsger", "Frances", "Grace", "Haskell"];

    public static ImmutableArray<WorkloadStep> All { get; } =
    [
        new("upsert customers", 5, (session, cancellation) => UpsertAsync(session, session.SomeKeys(SharedKeys.Customers, 5), cancellation)),
        new("merge customers", 2, MergeAsync),
        new("promote customers", 3, PromoteAsync),
        new("delete customers", 1, DeleteAsync),
        new("new version of a customer", 5, AddVersionAsync),
        new("end of a customer", 1, EndVersionAsync),
    ];

    public static Task<int> UpsertAsync(WriteSession session, int[] ids, CancellationToken cancellation) => session.ExecuteAsync(
        """
        INSERT INTO customers (customer_id, name, email, tier)
        SELECT c.customer_id, c.name, lower(c.name) || c.customer_id || '@example.org', c.tier
        FROM unnest($1::int[], $2::text[], $3::text[]) AS c(customer_id, name, tier)
        ON CONFLICT (customer_id) DO UPDATE
        SET name = EXCLUDED.name, email = EXCLUDED.email, tier = EXCLUDED.tier, updated_at = now()
        """,
        cancellation, ids, WriteSession.Many(ids.Length, () => Name(session)), WriteSession.Many(ids.Length, () => session.OneOf(Tiers)));

    /// <summary>Closes the valid version, if there is one, and opens another, in one transaction or inside the caller's.</summary>
    public static async Task<int> AddVersionAsync(WriteSession session, CancellationToken cancellation)
    {
        var customer = session.Random.Next(1, SharedKeys.Customers + 1);
        var now = session.Keys.NextTime();
        return await CloseAsync(session, customer, now, cancellation) + await session.ExecuteAsync(
            "INSERT INTO customer_history (customer_id, name, tier, valid_from) VALUES ($1, $2, $3, $4)",
            cancellation, customer, Name(session), session.OneOf(Tiers), now);
    }

    private static Task<int> EndVersionAsync(WriteSession session, CancellationToken cancellation) =>
        CloseAsync(session, session.Random.Next(1, SharedKeys.Customers + 1), session.Keys.NextTime(), cancellation);

    private static Task<int> CloseAsync(WriteSession session, int customer, DateTime now, CancellationToken cancellation) => session.ExecuteAsync(
        "UPDATE customer_history SET valid_to = $2 WHERE customer_id = $1 AND valid_to IS NULL", cancellation, customer, now);

    /// <summary>Inserts, updates and deletes in one statement.</summary>
    private static Task<int> MergeAsync(WriteSession session, CancellationToken cancellation)
    {
        var ids = session.SomeKeys(SharedKeys.Customers, 6);
        return session.ExecuteAsync(
            """
            MERGE INTO customers c
            USING (SELECT * FROM unnest($1::int[], $2::text[], $3::text[])) AS s(customer_id, name, tier) ON c.customer_id = s.customer_id
            WHEN MATCHED AND s.tier = 'standard' AND c.tier = 'standard' THEN DELETE
            WHEN MATCHED THEN UPDATE SET name = s.name, tier = s.tier
            WHEN NOT MATCHED THEN INSERT (customer_id, name, tier) VALUES (s.customer_id, s.name, s.tier)
            """,
            cancellation, ids, WriteSession.Many(ids.Length, () => Name(session)), WriteSession.Many(ids.Length, () => session.OneOf(Tiers)));
    }

    private static Task<int> PromoteAsync(WriteSession session, CancellationToken cancellation) => session.ExecuteAsync(
        "UPDATE customers SET tier = $1 WHERE customer_id = ANY ($2)",
        cancellation, session.OneOf(Tiers), session.SomeKeys(SharedKeys.Customers, 8));

    private static Task<int> DeleteAsync(WriteSession session, CancellationToken cancellation) => session.ExecuteAsync(
        "DELETE FROM customers WHERE customer_id = ANY ($1)", cancellation, session.SomeKeys(SharedKeys.Customers, 3));

    private static string Name(WriteSession session) =>
        session.OneOf(Names) + session.Random.Next(30).ToString(CultureInfo.InvariantCulture);
}
