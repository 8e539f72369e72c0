using Akka.Actor;
using PgTrickle.Actors.Capture;
using PgTrickle.Actors.Contracts.Messages;
using PgTrickle.Actors.Tests.Fakes;
using PgTrickle.Postgres.Ports;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Actors.Tests.StreamTable;

public sealed class FailureTests : EntityTest
{
    public FailureTests(ITestOutputHelper output)
        : base(output) => Catalog.Set(FakeCatalog.Table(1, sources: [100]));

    private DateTimeOffset Later => Clock.GetUtcNow() + TimeSpan.FromMinutes(10);

    [Fact]
    public async Task A_failure_is_recorded_and_tried_again_later()
    {
        var entity = Entity(1);
        entity.Tell(AssignmentOf(1));
        (await Engine.NextAsync()).Fail(FailureKind.Query, "22012", "division by zero");
        var record = await RecordedAsync(1);
        Assert.Equal((FailureKind.Query, "22012", "division by zero", false), (record.Kind, record.SqlState, record.Message, record.Suspend));
        await SettleAsync(entity);
        Assert.Single(Engine.History);
        Clock.Advance(TimeSpan.FromMinutes(10));
        (await Engine.NextAsync()).Commit();
    }

    [Fact]
    public async Task The_limit_of_counted_errors_suspends_and_the_coordinator_hears_after_the_catalog()
    {
        Catalog.Set("max_consecutive_errors", "2");
        var entity = Entity(1);
        entity.Tell(AssignmentOf(1));
        (await Engine.NextAsync()).Fail(FailureKind.Query, "22012");
        await RecordedAsync(1);
        await SettleAsync(entity);
        Clock.Advance(TimeSpan.FromMinutes(10));
        (await Engine.NextAsync()).Fail(FailureKind.Query, "22012");
        Assert.Equal("SUSPENDED", (await Coordinator.FishForMessageAsync<StatusReported>(_ => true, Patience)).Status);
        Assert.True((await RecordedAsync(2)).Suspend);
        await SettleAsync(entity);
        entity.Tell(new TablesChanged([100u]));
        Clock.Advance(TimeSpan.FromHours(1));
        await SettleAsync(entity);
        Assert.Equal(2, Engine.History.Count);
    }

    [Fact]
    public async Task A_suspended_one_refuses_requests_until_it_is_resumed()
    {
        Catalog.Update(1, table => table with { Status = "SUSPENDED" });
        var entity = Entity(1);
        entity.Tell(AssignmentOf(1));
        var caller = CreateTestProbe();
        entity.Tell(new RefreshStreamTable(IdOf(1), "r1", Later), caller);
        Assert.Equal("55000", (await caller.ExpectMsgAsync<RequestAnswered>(Patience)).Failure!.SqlState);
        entity.Tell(new StatusChanged(IdOf(1), "ACTIVE"));
        (await Engine.NextAsync()).Commit();
    }

    [Fact]
    public async Task A_permanent_error_is_no_matter_of_counting()
    {
        var entity = Entity(1);
        entity.Tell(AssignmentOf(1));
        (await Engine.NextAsync()).Fail(FailureKind.Permanent, "42703");
        Assert.Equal("ERROR", (await Coordinator.FishForMessageAsync<StatusReported>(_ => true, Patience)).Status);
        Assert.False((await RecordedAsync(1)).Suspend);
    }

    [Fact]
    public async Task Transient_failures_never_suspend_and_their_callers_wait()
    {
        var entity = await SettledEntityAsync(1);
        var caller = CreateTestProbe();
        entity.Tell(new RefreshStreamTable(IdOf(1), "r1", Later), caller);
        for (var i = 1; i <= 6; i++)
        {
            (await Engine.NextAsync()).Fail(FailureKind.Transient, "40001");
            await RecordedAsync(i);
            await SettleAsync(entity);
            Clock.Advance(TimeSpan.FromMinutes(1));
        }

        (await Engine.NextAsync()).Commit();
        Assert.Null((await caller.ExpectMsgAsync<RequestAnswered>(Patience)).Failure);
        Assert.All(Catalog.Failures, failure => Assert.False(failure.Suspend));
    }

    [Fact]
    public async Task An_error_that_nobody_foresaw_is_counted_and_shown()
    {
        var entity = Entity(1);
        entity.Tell(AssignmentOf(1));
        (await Engine.NextAsync()).Throw(new InvalidOperationException("a bug"));
        var record = await RecordedAsync(1);
        Assert.Equal((FailureKind.Query, "XX000"), (record.Kind, record.SqlState));
        Assert.Contains("a bug", record.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_waits_for_the_first_fill_gets_its_error_with_detail_or_its_success()
    {
        Catalog.Update(1, Unfilled);
        var entity = Entity(1);
        var caller = CreateTestProbe();
        entity.Tell(new InitializeStreamTable(IdOf(1), "c1", Later), caller);
        entity.Tell(AssignmentOf(1));
        (await Engine.NextAsync()).Fail(FailureKind.Query, "22012");
        Assert.Equal("22012", (await caller.ExpectMsgAsync<RequestAnswered>(Patience)).Failure!.SqlState);
        entity.Tell(new InitializeStreamTable(IdOf(1), "c2", Later), caller);
        await SettleAsync(entity);
        Clock.Advance(TimeSpan.FromMinutes(1));
        (await Engine.NextAsync()).Commit();
        Assert.Null((await caller.ExpectMsgAsync<RequestAnswered>(Patience)).Failure);
    }

    /// <summary>The coordinator's own look at the catalog may be faster than the command: the fill has failed for good before its creator asks.</summary>
    [Fact]
    public async Task Whoever_asks_after_the_first_fill_has_failed_for_good_is_answered_at_once()
    {
        Catalog.Update(1, Unfilled);
        var entity = Entity(1);
        var caller = CreateTestProbe();
        entity.Tell(AssignmentOf(1));
        (await Engine.NextAsync()).Fail(FailureKind.Permanent, "0A000");
        await RecordedAsync(1);
        entity.Tell(new InitializeStreamTable(IdOf(1), "c1", Later), caller);
        Assert.Equal("0A000", (await caller.ExpectMsgAsync<RequestAnswered>(Patience)).Failure!.SqlState);
    }

    [Fact]
    public async Task One_created_without_a_fill_is_only_prepared()
    {
        Catalog.Update(1, table => Unfilled(table) with { Initialize = false, Schedule = "1h" });
        var entity = Entity(1);
        var caller = CreateTestProbe();
        entity.Tell(new InitializeStreamTable(IdOf(1), "c1", Later), caller);
        entity.Tell(AssignmentOf(1));
        var call = await Engine.NextAsync();
        Assert.Equal("prepare", call.Kind);
        call.Commit();
        Assert.Null((await caller.ExpectMsgAsync<RequestAnswered>(Patience)).Failure);
        await SettleAsync(entity);
        Assert.Single(Engine.History);
    }

    private async Task<FailureRecord> RecordedAsync(int count)
    {
        await Eventually.TrueAsync(() => Catalog.Failures.Count >= count, $"failure {count} is recorded");
        return Catalog.Failures.ElementAt(count - 1);
    }
}
