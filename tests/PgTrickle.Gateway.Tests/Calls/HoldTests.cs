using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using PgTrickle.Gateway.Calls;
using PgTrickle.Gateway.Outcomes;
using PgTrickle.TestInfrastructure;
using PgTrickle.Wire.Backend;

namespace PgTrickle.Gateway.Tests.Calls;

/// <summary>The wait for an outcome, by a clock that the tests turn.</summary>
public sealed class HoldTests
{
    private static readonly GatewayOptions Options = new()
    {
        Listen = new(System.Net.IPAddress.Loopback, 0), Server = new ServerAddress("localhost", 5432, SslMode.Disable), Database = "db",
    };

    private readonly FakeTimeProvider clock = new();
    private readonly FakeOutcomes outcomes = new();
    private readonly FakeSession session = new();

    [Fact]
    public async Task A_long_wait_is_told_of_from_time_to_time_and_keeps_the_session_alive()
    {
        var verdict = Begin().RunAsync(default);
        await ForwardUntilAsync(() => session.Told.Count == 2);
        Assert.All(session.Told, message => Assert.Equal(("NOTICE", "00000"), (message.Severity, message.SqlState)));
        Assert.Matches("^still waiting for the call to be carried out, for 1[0-9] s$", session.Told.First().Message);
        Assert.True(session.KeepAlives > 20);
        outcomes.Finish(null);
        Assert.Same(Verdict.Success, await verdict);
    }

    [Fact]
    public async Task The_statement_timeout_of_the_caller_ends_the_command()
    {
        var verdict = Begin(TimeSpan.FromSeconds(3)).RunAsync(default);
        await ForwardUntilAsync(() => outcomes.Aborted is not null);
        Assert.Equal("57014 canceling statement due to statement timeout", outcomes.Aborted);
        Assert.InRange(clock.GetElapsedTime(0, clock.GetTimestamp()) - Start, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(10));
        outcomes.Finish(new CommandError("57014", "canceling statement due to statement timeout", null, null));
        Assert.Equal("57014", (await verdict).Error!.SqlState);
    }

    [Fact]
    public async Task What_can_not_be_found_out_is_a_warning_and_no_error()
    {
        var verdict = Begin().RunAsync(default);
        outcomes.Lose();
        var (error, warnings) = await verdict;
        Assert.Null(error);
        Assert.Contains("SQLSTATE 08006", Assert.Single(warnings).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancel_request_while_the_catalog_is_out_of_reach_releases_the_client()
    {
        outcomes.IsOutOfReach = true;
        var hold = Begin();
        var verdict = hold.RunAsync(default);
        hold.Cancel();
        var (error, warnings) = await verdict;
        Assert.Null(error);
        Assert.Contains("SQLSTATE 08006", Assert.Single(warnings).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_catalog_may_be_out_of_reach_for_half_a_minute()
    {
        await using var nowhere = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Username=nobody;Database=none");
        var waiting = new CommandWatch(nowhere, clock).WaitAsync([1], default);
        await ForwardUntilAsync(() => waiting.IsCompleted);
        Assert.True(clock.GetElapsedTime(0, clock.GetTimestamp()) - Start > TimeSpan.FromSeconds(30));
        await Assert.ThrowsAsync<OutcomeUnknownException>(() => waiting);
    }

    private TimeSpan Start { get; init; }

    public HoldTests() => Start = clock.GetElapsedTime(0, clock.GetTimestamp());

    private Hold Begin(TimeSpan? timeout = null)
    {
        var cycle = new Cycle(clock.GetTimestamp());
        return new Hold(new Settlement([new Mark(7, timeout)], cycle, IsSole: true), isReplaceable: true, session, outcomes, Options, clock);
    }

    private Task ForwardUntilAsync(Func<bool> condition) => Eventually.TrueAsync(
        () =>
        {
            clock.Advance(Options.KeepAlive);
            return condition();
        },
        "the condition holds");

    private sealed class FakeOutcomes : ICommandOutcomes
    {
        private readonly TaskCompletionSource<ImmutableArray<CommandOutcome>> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsOutOfReach { get; set; }

        public string? Aborted { get; private set; }

        public void Finish(CommandError? error) => _outcome.TrySetResult([new CommandOutcome(7, "refresh", error)]);

        public void Lose() => _outcome.TrySetException(new OutcomeUnknownException(new IOException("gone")));

        public Task<ImmutableArray<CommandOutcome>> WaitAsync(ImmutableArray<long> commands, CancellationToken cancellation) => _outcome.Task.WaitAsync(cancellation);

        public Task AbortAsync(long command, string sqlState, string message, CancellationToken cancellation)
        {
            Aborted = $"{sqlState} {message}";
            return IsOutOfReach ? Task.FromException(new OutcomeUnknownException(new IOException("gone"))) : Task.CompletedTask;
        }

        public Task CancelBlockersAsync(int processId, CancellationToken cancellation) => Task.CompletedTask;
    }

    private sealed class FakeSession : IHeldSession
    {
        private int _keepAlives;

        public int KeepAlives => Volatile.Read(ref _keepAlives);

        public ConcurrentQueue<ServerMessage> Told { get; } = new();

        public Task KeepAliveAsync(CancellationToken cancellation)
        {
            Interlocked.Increment(ref _keepAlives);
            return Task.CompletedTask;
        }

        public Task TellAsync(ServerMessage message, CancellationToken cancellation)
        {
            Told.Enqueue(message);
            return Task.CompletedTask;
        }

        public Task<bool> TakeBackAsync(long command, CancellationToken cancellation) => Task.FromResult(true);
    }
}
