using System.Globalization;
using Npgsql;
using PgTrickle.TestInfrastructure;
using PgTrickle.Workloads.Generation;
using PgTrickle.Workloads.Running;

namespace PgTrickle.Workloads.Nexmark;

/// <summary>
/// Nexmark: persons, auctions and bids, 1 : 3 : 46 as in its generator, and its queries as far as they speak of tables. Windows by tumbling and hopping are
/// <c>date_bin</c> and <c>generate_series</c>. Left out: q11 (session windows, which SQL has no word for) and q12 (windows over the time of processing, which no table holds).
/// </summary>
public sealed class NexmarkWorkload : Workload
{
    private const int EventsAtScaleOne = 1_000_000;

    private static readonly string[] Chosen =
        ["q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8", "q9", "q10", "q13", "q14", "q15", "q16", "q17", "q18", "q19", "q20", "q21", "q22"];

    private readonly NexmarkRows _rows;
    private readonly long _events;
    private long _nextEvent;

    /// <param name="seed">Another seed, other data.</param>
    /// <param name="scale">1 is a million events; at least 0.001.</param>
    public NexmarkWorkload(int seed, double scale)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(scale, 0.001);
        _rows = new NexmarkRows(seed);
        _events = _nextEvent = (long)(EventsAtScaleOne * scale);
        Queries = ResourceQueries(Chosen);
    }

    public override string Name => "nexmark";

    public override IReadOnlyList<WorkloadQuery> Queries { get; }

    public override async Task LoadAsync(NpgsqlDataSource database)
    {
        await database.ExecuteAsync(Resource("schema.sql"));
        await using (var connection = await database.OpenConnectionAsync())
        {
            await CopyAsync(connection, 0, _events);
        }

        await database.ExecuteAsync(Resource("keys.sql"));
        await database.ExecuteAsync("VACUUM ANALYZE");
    }

    /// <summary>New events, of all kinds; then updates and deletes of old ones.</summary>
    public override async Task ChangeAsync(NpgsqlDataSource database, int round, double share)
    {
        await using var connection = await database.OpenConnectionAsync();
        var third = Math.Max((long)(_events * share / 3), 50);
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await CopyAsync(connection, _nextEvent, third);
            _nextEvent += third;
            await transaction.CommitAsync();
        }

        var few = Math.Max(third / 50, 1);
        await ChangeAsync(connection, 8L * round, third,
            "DELETE FROM bid WHERE ctid IN (SELECT ctid FROM bid ORDER BY hashint8extended(extract(epoch FROM date_time)::bigint * 1000000 + price, $1) LIMIT $2)");
        await ChangeAsync(connection, 8L * round + 1, third,
            """
            UPDATE bid SET price = price + 100, channel = CASE channel WHEN 'Apple' THEN 'Google' ELSE 'Apple' END
            WHERE ctid IN (SELECT ctid FROM bid ORDER BY hashint8extended(extract(epoch FROM date_time)::bigint * 1000000 + price, $1) LIMIT $2)
            """);
        await ChangeAsync(connection, 8L * round + 2, few, "DELETE FROM auction WHERE id IN (SELECT id FROM auction ORDER BY hashint8extended(id, $1) LIMIT $2)");
        await ChangeAsync(connection, 8L * round + 3, few,
            """
            UPDATE auction SET category = 10 + (category + 1) % 5, expires = expires + interval '3 seconds'
            WHERE id IN (SELECT id FROM auction ORDER BY hashint8extended(id, $1) LIMIT $2)
            """);
        await ChangeAsync(connection, 8L * round + 4, few, "DELETE FROM person WHERE id IN (SELECT id FROM person ORDER BY hashint8extended(id, $1) LIMIT $2)");
        await ChangeAsync(connection, 8L * round + 5, few, "UPDATE person SET state = 'OR' WHERE id IN (SELECT id FROM person ORDER BY hashint8extended(id, $1) LIMIT $2)");
        await ChangeAsync(connection, 8L * round + 6, 2, "UPDATE side_input SET value = value || '.' WHERE key IN (SELECT key FROM side_input ORDER BY hashint8extended(key, $1) LIMIT $2)");
    }

    private static Task ChangeAsync(NpgsqlConnection connection, long salt, long count, string statement) => connection.ExecuteAsync(statement, salt, count);

    private async Task CopyAsync(NpgsqlConnection connection, long first, long count)
    {
        IEnumerable<long> Events(Func<long, bool> isOfKind)
        {
            for (var n = first; n < first + count; n++)
            {
                if (isOfKind(n % 50))
                {
                    yield return n;
                }
            }
        }

        await Copy.RowsAsync(connection, "person", Events(static k => k == 0).Select(_rows.Person));
        await Copy.RowsAsync(connection, "auction", Events(static k => k is >= 1 and <= 3).Select(_rows.Auction));
        await Copy.RowsAsync(connection, "bid", Events(static k => k > 3).Select(_rows.Bid));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name}, {_events} events");
}
