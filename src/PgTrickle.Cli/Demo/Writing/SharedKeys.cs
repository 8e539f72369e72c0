namespace PgTrickle.Cli.Demo.Writing;

/// <summary>
/// Keys that the writers share, so that what one inserts another one updates, and times that never repeat: a query with DISTINCT ON ... ORDER BY
/// created_at has one right answer only if no two rows tie. Thread-safe.
/// </summary>
/// <param name="start">The time of the first row; each further time is a second later.</param>
internal sealed class SharedKeys(DateTimeOffset start)
{
    /// <summary>Customers have ids from 1 to this; not all of them exist at any time.</summary>
    public const int Customers = 300;

    public const int Products = 40;

    public const int Aggregates = 250;

    private long _time;
    private int _orders;
    private int _rawEvents;

    /// <summary>About how many ids the sequence of orders has handed out.</summary>
    public int Orders => Volatile.Read(ref _orders);

    /// <summary>About how many ids the sequence of raw_events has handed out.</summary>
    public int RawEvents => Volatile.Read(ref _rawEvents);

    /// <summary>A time that nobody else gets, in UTC.</summary>
    public DateTime NextTime() => start.UtcDateTime.AddSeconds(Interlocked.Increment(ref _time));

    public void AddOrders(int count) => Interlocked.Add(ref _orders, count);

    public void AddRawEvents(int count) => Interlocked.Add(ref _rawEvents, count);
}
