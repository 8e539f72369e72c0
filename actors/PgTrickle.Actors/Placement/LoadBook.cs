using System.Collections.Concurrent;
using System.Collections.Immutable;
using PgTrickle.Actors.Contracts.Messages;

namespace PgTrickle.Actors.Placement;

/// <summary>
/// How much refresh time each shard took lately on this node, and what other nodes said of theirs. Written by attempts of any thread, read by
/// the reporter and, on the node that has the shard coordinator, by the allocation strategy.
/// </summary>
public sealed class LoadBook
{
    private const int Buckets = 6;

    private readonly ConcurrentDictionary<string, double[]> own = new(StringComparer.Ordinal);
    private readonly TimeProvider clock;
    private readonly TimeSpan window;
    private readonly long origin;
    private ImmutableDictionary<string, Report> reports = ImmutableDictionary<string, Report>.Empty;

    /// <summary>An empty book.</summary>
    /// <param name="clock">The time.</param>
    /// <param name="window">How far back loads look.</param>
    public LoadBook(TimeProvider clock, TimeSpan window)
    {
        ArgumentNullException.ThrowIfNull(clock);
        this.clock = clock;
        this.window = window;
        origin = clock.GetTimestamp();
    }

    /// <summary>An attempt of a shard took this long.</summary>
    public void Add(string shard, TimeSpan took)
    {
        var buckets = own.GetOrAdd(shard, _ => new double[Buckets * 2]);
        lock (buckets)
        {
            var now = Slice();
            var index = (int)(now % Buckets);
            if (buckets[Buckets + index] != now)
            {
                buckets[Buckets + index] = now;
                buckets[index] = 0;
            }

            buckets[index] += took.TotalMilliseconds;
        }
    }

    /// <summary>Milliseconds of refresh time a second, of all shards that had any within the window.</summary>
    public ImmutableArray<ShardLoadData> Own()
    {
        var oldest = Slice() - Buckets + 1;
        var loads = ImmutableArray.CreateBuilder<ShardLoadData>();
        foreach (var (shard, buckets) in own)
        {
            double sum = 0;
            lock (buckets)
            {
                for (var index = 0; index < Buckets; index++)
                {
                    sum += buckets[Buckets + index] >= oldest ? buckets[index] : 0;
                }
            }

            if (sum > 0)
            {
                loads.Add(new ShardLoadData(shard, sum / window.TotalSeconds));
            }
            else
            {
                own.TryRemove(shard, out _);
            }
        }

        return loads.ToImmutable();
    }

    /// <summary>Takes a node's report.</summary>
    public void Take(NodeLoads report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var entry = new Report(clock.GetTimestamp(), report.Shards.ToImmutableDictionary(shard => shard.Shard, shard => shard.Load));
        ImmutableInterlocked.AddOrUpdate(ref reports, report.Address, entry, (_, _) => entry);
    }

    /// <summary>Loads by shard that a node reported within the window; null when it has not.</summary>
    public ImmutableDictionary<string, double>? Of(string address) =>
        reports.TryGetValue(address, out var report) && clock.GetElapsedTime(report.At) <= window ? report.Shards : null;

    private long Slice() => 1 + (clock.GetElapsedTime(origin).Ticks / Math.Max(1, window.Ticks / Buckets));

    private sealed record Report(long At, ImmutableDictionary<string, double> Shards);
}
