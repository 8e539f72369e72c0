using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;
using PgTrickle.Postgres.Ports;

namespace PgTrickle.Actors.Tests.Fakes;

/// <summary>One call of the engine, which ends when the test says so.</summary>
public sealed class EngineCall(ImmutableArray<long> members, string kind, RefreshInitiator? initiator, CancellationToken cancellation)
{
    private readonly TaskCompletionSource<RefreshOutcome> done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ImmutableArray<long> Members { get; } = members;

    /// <summary>refresh, fill or prepare.</summary>
    public string Kind { get; } = kind;

    public RefreshInitiator? Initiator { get; } = initiator;

    public CancellationToken Cancellation { get; } = cancellation;

    internal Task<RefreshOutcome> Task => done.Task;

    /// <summary>It commits; these members advanced.</summary>
    public void Commit(params long[] advanced) => done.TrySetResult(new RefreshOutcome(
        [.. Members.Select(id => new MemberOutcome(id, RefreshAction.Differential, advanced.Contains(id) ? 1 : 0, 0, 1))],
        TimeSpan.FromMilliseconds(5)));

    public void Fail(FailureKind kind, string sqlState, string message = "it failed") =>
        done.TrySetException(new RefreshFailedException(Members[0], kind, sqlState, message));

    public void Throw(Exception problem) => done.TrySetException(problem);
}

/// <summary>An engine whose calls the test takes and ends one by one; or that ends them all by itself.</summary>
public sealed class FakeEngine : IRefreshEngine
{
    private readonly Channel<EngineCall> calls = Channel.CreateUnbounded<EngineCall>();
    private int cleanUps;

    /// <summary>What becomes of a call that nobody takes.</summary>
    public Action<EngineCall>? Automatically { get; set; }

    public ConcurrentQueue<EngineCall> History { get; } = new();

    public int CleanUps => Volatile.Read(ref cleanUps);

    public async Task<EngineCall> NextAsync()
    {
        using var timeout = new CancellationTokenSource(ActorTest.Patience);
        return await calls.Reader.ReadAsync(timeout.Token);
    }

    public bool IsIdle => calls.Reader.Count == 0;

    public Task<RefreshOutcome> InitializeAsync(long pgtId, bool fill, CancellationToken cancellation) =>
        Begin(new EngineCall([pgtId], fill ? "fill" : "prepare", null, cancellation));

    public Task<RefreshOutcome> RefreshAsync(RefreshRequest request, CancellationToken cancellation) =>
        Begin(new EngineCall(request.Members, "refresh", request.Initiator, cancellation));

    public Task<long> CleanUpAsync(CancellationToken cancellation)
    {
        Interlocked.Increment(ref cleanUps);
        return Task.FromResult(0L);
    }

    private Task<RefreshOutcome> Begin(EngineCall call)
    {
        History.Enqueue(call);
        if (Automatically is { } action)
        {
            action(call);
        }
        else
        {
            calls.Writer.TryWrite(call);
        }

        return call.Task;
    }
}
