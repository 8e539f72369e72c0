using Npgsql;

namespace PgTrickle.Cli.Demo.Writing;

/// <summary>The demo's writers. What they do depends on the seed alone, though not how their transactions interleave.</summary>
/// <param name="source">Connections of the writing role.</param>
/// <param name="seed">Of the first writer; the others count on from it.</param>
/// <param name="time">For pauses.</param>
internal sealed class Workload(NpgsqlDataSource source, int seed, TimeProvider time)
{
    private const int InitialOrders = 3000;
    private const int InitialEvents = 1500;
    private const int InitialVersions = 200;

    /// <summary>Hours of data before the present, so that queries that group by the hour have several groups.</summary>
    private static readonly TimeSpan History = TimeSpan.FromHours(6);

    /// <summary>Shared by all writers.</summary>
    public SharedKeys Keys { get; } = new(time.GetUtcNow() - History);

    public WorkloadCounters Counters { get; } = new();

    /// <summary>Fills the tables before there are stream tables, so that their first fill has work.</summary>
    public async Task PrepareAsync(CancellationToken cancellation)
    {
        await using var connection = await source.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var session = new WriteSession(connection, new Random(seed), Keys);
        await CustomerSteps.UpsertAsync(session, [.. Enumerable.Range(1, SharedKeys.Customers).Where(id => id % 3 > 0)], cancellation);
        await OrderSteps.InsertAsync(session, InitialOrders, cancellation);
        await EventSteps.InsertRawAsync(session, InitialEvents, cancellation);
        await EventSteps.AppendAsync(session, InitialEvents, cancellation);
        for (var version = 0; version < InitialVersions; version++)
        {
            await CustomerSteps.AddVersionAsync(session, cancellation);
        }

        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Writes from several connections at once, the last of which keeps its transactions open for long.</summary>
    /// <param name="writers">How many connections, at least 2.</param>
    /// <param name="duration">How long.</param>
    /// <param name="cancellation">Ends it at once.</param>
    /// <param name="enough">Ends it orderly before its time: open transactions are brought to their end.</param>
    /// <exception cref="PostgresException">A writer met an error that is no conflict with another writer.</exception>
    public async Task RunAsync(int writers, TimeSpan duration, CancellationToken cancellation, CancellationToken enough = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(writers, 2);
        using var stop = new CancellationTokenSource(duration, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop.Token, cancellation, enough);
        var running = Enumerable.Range(0, writers).Select(index => RunWriterAsync(index, keepsOpen: index == writers - 1)).ToList();
        await foreach (var ended in Task.WhenEach(running))
        {
            if (ended.IsFaulted)
            {
                // One that fails ends them all, or the demo would go on without it.
                await stop.CancelAsync();
            }
        }

        await Task.WhenAll(running);

        async Task RunWriterAsync(int index, bool keepsOpen)
        {
            await using var connection = await source.OpenConnectionAsync(cancellation);
            var session = new WriteSession(connection, new Random(seed + index + 1), Keys);
            await new Writer(session, Counters, keepsOpen, time).RunAsync(either.Token, cancellation);
        }
    }
}
