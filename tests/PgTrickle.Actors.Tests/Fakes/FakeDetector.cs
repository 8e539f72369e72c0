using System.Collections.Immutable;
using PgTrickle.Postgres.Ports;

namespace PgTrickle.Actors.Tests.Fakes;

/// <summary>A change log in memory that many detectors may read, each from its own snapshot.</summary>
public sealed class FakeDetector : IChangeDetector
{
    private readonly Lock gate = new();
    private readonly List<uint> log = [];
    private int polls;

    public int Polls => Volatile.Read(ref polls);

    public Func<bool> CommandsPending { get; set; } = () => false;

    public Exception? Problem { get; set; }

    public void Changed(params uint[] sources)
    {
        lock (gate)
        {
            log.AddRange(sources);
        }
    }

    public Task<ChangeObservation> PollAsync(string? since, CancellationToken cancellation)
    {
        Interlocked.Increment(ref polls);
        lock (gate)
        {
            if (Problem is { } problem)
            {
                return Task.FromException<ChangeObservation>(problem);
            }

            var position = since is null ? log.Count : int.Parse(since, System.Globalization.CultureInfo.InvariantCulture);
            return Task.FromResult(new ChangeObservation(
                log.Count.ToString(System.Globalization.CultureInfo.InvariantCulture),
                log.Skip(position).ToImmutableHashSet(),
                Everything: since is null,
                CommandsPending()));
        }
    }
}
