using System.Collections.Concurrent;
using System.Collections.Immutable;
using PgTrickle.Postgres.Ports;

namespace PgTrickle.Actors.Tests.Fakes;

/// <summary>Commands in memory, with claims that end by epoch as in the database.</summary>
public sealed class FakeQueue : ICommandQueue
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<long, Entry> entries = [];

    private readonly ConcurrentDictionary<long, bool> aborted = new();

    public ConcurrentDictionary<long, string> Outcomes { get; } = new();

    public ConcurrentBag<long> Renewals { get; } = [];

    public bool HasPending
    {
        get
        {
            lock (gate)
            {
                return entries.Values.Any(entry => !entry.IsClaimed);
            }
        }
    }

    public void Add(long id, string kind, long pgtId, string role = "alice")
    {
        lock (gate)
        {
            entries[id] = new Entry(new ClaimedCommand(id, 0, kind, pgtId, "{}", role), false);
        }
    }

    /// <summary>Another node claims it: its lease had run out.</summary>
    public void Steal(long id)
    {
        lock (gate)
        {
            entries[id] = entries[id] with { Command = entries[id].Command with { Epoch = entries[id].Command.Epoch + 1 } };
        }
    }

    /// <summary>Its caller ends it.</summary>
    public void Abort(long id)
    {
        Steal(id);
        aborted.TryAdd(id, true);
    }

    public Task<ImmutableArray<ClaimedCommand>> ClaimAsync(TimeSpan lease, int limit, CancellationToken cancellation)
    {
        lock (gate)
        {
            var free = entries.Values.Where(entry => !entry.IsClaimed).Take(limit).Select(entry => entry.Command with { Epoch = entry.Command.Epoch + 1 }).ToList();
            foreach (var command in free)
            {
                entries[command.CommandId] = new Entry(command, true);
            }

            return Task.FromResult(free.ToImmutableArray());
        }
    }

    public Task<bool> CompleteAsync(ClaimedCommand command, CancellationToken cancellation) => End(command, "done");

    public Task<bool> FailAsync(ClaimedCommand command, RefreshFailedException error, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(error);
        return End(command, $"{error.SqlState} {error.Message}");
    }

    public Task<CommandLease> RenewAsync(ClaimedCommand command, TimeSpan lease, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(command);
        Renewals.Add(command.CommandId);
        return Task.FromResult(IsMine(command) ? CommandLease.Held : aborted.ContainsKey(command.CommandId) ? CommandLease.Ended : CommandLease.Lost);
    }

    private Task<bool> End(ClaimedCommand command, string outcome)
    {
        var mine = IsMine(command);
        if (mine)
        {
            Outcomes[command.CommandId] = outcome;
        }

        return Task.FromResult(mine);
    }

    private bool IsMine(ClaimedCommand command)
    {
        lock (gate)
        {
            return entries[command.CommandId].Command.Epoch == command.Epoch;
        }
    }

    private sealed record Entry(ClaimedCommand Command, bool IsClaimed);
}
