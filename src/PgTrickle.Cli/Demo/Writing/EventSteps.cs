using System.Collections.Immutable;
using System.Globalization;

namespace PgTrickle.Cli.Demo.Writing;

/// <summary>Writes to raw_events (any change) and to the event store (appends only).</summary>
internal static class EventSteps
{
    /// <summary>The last two are not what the silver layer keeps.</summary>
    private static readonly string[] RawTypes = ["purchase", "purchase", "refund", "subscription", "click", "page_view"];

    private static readonly string[] StoreTypes = ["opened", "renamed", "approved", "rejected", "closed"];

    public static ImmutableArray<WorkloadStep> All { get; } =
    [
        new("insert raw events", 8, (session, cancellation) => InsertRawAsync(session, session.Random.Next(1, 13), cancellation)),
        new("correct raw events", 4, CorrectRawAsync),
        new("retype raw events", 3, RetypeRawAsync),
        new("delete raw events", 2, DeleteRawAsync),
        new("append events", 8, (session, cancellation) => AppendAsync(session, session.Random.Next(1, 9), cancellation)),
    ];

    public static async Task<int> InsertRawAsync(WriteSession session, int count, CancellationToken cancellation)
    {
        session.Keys.AddRawEvents(count);
        return await session.ExecuteAsync(
            """
            INSERT INTO raw_events (user_id, event_type, payload, received_at)
            SELECT e.user_id, e.event_type, nullif(e.payload, '')::jsonb, e.received_at
            FROM unnest($1::int[], $2::text[], $3::text[], $4::timestamptz[]) AS e(user_id, event_type, payload, received_at)
            """,
            cancellation,
            WriteSession.Many(count, () => session.Random.Next(1, SharedKeys.Customers + 1)),
            WriteSession.Many(count, () => session.OneOf(RawTypes)),
            WriteSession.Many(count, () => Payload(session)),
            WriteSession.Many(count, session.Keys.NextTime));
    }

    /// <summary>Appends to the event store. Its source is never updated, as the pattern advises.</summary>
    public static Task<int> AppendAsync(WriteSession session, int count, CancellationToken cancellation) => session.ExecuteAsync(
        """
        INSERT INTO events (aggregate_id, event_type, payload, created_at)
        SELECT md5(e.aggregate::text)::uuid, e.event_type, jsonb_build_object('step', e.aggregate, 'by', e.event_type), e.created_at
        FROM unnest($1::int[], $2::text[], $3::timestamptz[]) AS e(aggregate, event_type, created_at)
        """,
        cancellation,
        WriteSession.Many(count, () => session.Random.Next(SharedKeys.Aggregates)),
        WriteSession.Many(count, () => session.OneOf(StoreTypes)),
        WriteSession.Many(count, session.Keys.NextTime));

    private static Task<int> CorrectRawAsync(WriteSession session, CancellationToken cancellation) => session.ExecuteAsync(
        "UPDATE raw_events SET payload = nullif($1, '')::jsonb WHERE event_id = ANY ($2)",
        cancellation, Payload(session), session.SomeKeys(session.Keys.RawEvents, 6));

    /// <summary>Moves events into and out of what the silver layer keeps.</summary>
    private static Task<int> RetypeRawAsync(WriteSession session, CancellationToken cancellation) => session.ExecuteAsync(
        "UPDATE raw_events SET event_type = $1, user_id = $2 WHERE event_id = ANY ($3)",
        cancellation, session.OneOf(RawTypes), session.Random.Next(1, SharedKeys.Customers + 1), session.SomeKeys(session.Keys.RawEvents, 6));

    private static Task<int> DeleteRawAsync(WriteSession session, CancellationToken cancellation) => session.ExecuteAsync(
        "DELETE FROM raw_events WHERE event_id = ANY ($1)", cancellation, session.SomeKeys(session.Keys.RawEvents, 6));

    /// <summary>Amounts of differing scale, payloads without amount, no payload: what raw data looks like.</summary>
    private static string Payload(WriteSession session) => session.Random.Next(12) switch
    {
        0 => string.Empty,
        1 => """{"source": "import"}""",
        2 => """{"amount": null}""",
        var kind => string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"amount": {{decimal.Round(session.Random.Next(1, 500_000) / 1000m, kind % 4)}}, "source": "shop"}"""),
    };
}
