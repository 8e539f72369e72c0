using PgTrickle.Scheduling.Assignments;
using PgTrickle.Scheduling.Entities;
using PgTrickle.Scheduling.Schedules;
using PgTrickle.Scheduling.Tests.Assignments;

namespace PgTrickle.Scheduling.Tests.Entities;

public sealed class DueTimesTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void An_interval_counts_from_the_last_start()
    {
        var entity = Entity.Settled("10s").Changed();
        Assert.Equal(10 * Second, entity.NextWake);
        entity.After(9 * Second).None<SlotRequested>();
        entity.After(Second).Single<SlotRequested>();

        // The refresh takes 3 s: the next is due 10 s after its start.
        entity.Grant().Changed();
        entity.After(3 * Second).Complete();
        Assert.Equal(7 * Second, entity.NextWake);
    }

    [Fact]
    public void While_nothing_changes_an_interval_needs_no_timer_and_the_first_change_is_due_at_once()
    {
        var entity = Entity.Settled("10s");
        Assert.Null(entity.NextWake);
        entity.After(60 * Second).None<SlotRequested>();
        Assert.Equal(AttemptOrigin.Schedule, entity.Changed().Single<SlotRequested>().Origin);
    }

    [Fact]
    public void Changes_of_other_relations_are_no_work()
    {
        var entity = Entity.Settled("10s");
        Assert.Empty(entity.Tell(new SourcesChanged([11u])).Events);
        Assert.Empty(entity.Tell(new UpstreamAdvanced(10)).Events);
    }

    [Fact]
    public void A_change_during_a_refresh_is_work_for_the_next_one()
    {
        var entity = Entity.Settled("10s").Changed().After(10 * Second).Grant().Changed().Complete();
        Assert.Equal(10 * Second, entity.NextWake);
    }

    [Theory]
    [InlineData(Tier.Hot, 10)]
    [InlineData(Tier.Warm, 20)]
    [InlineData(Tier.Cold, 100)]
    public void A_tier_stretches_the_interval(Tier tier, int seconds) =>
        Assert.Equal(seconds * Second, Entity.Settled("10s", table => table with { Tier = tier }).Changed().NextWake);

    [Fact]
    public void A_frozen_one_is_refreshed_on_request_alone()
    {
        var entity = Entity.Settled("10s", table => table with { Tier = Tier.Frozen }).Changed();
        Assert.Null(entity.NextWake);
        entity.After(TimeSpan.FromDays(1)).None<SlotRequested>();
        entity.Tell(new RefreshRequested(5)).Single<SlotRequested>();
    }

    [Fact]
    public void One_that_reads_the_clock_is_refreshed_though_no_source_changes()
    {
        var entity = Entity.Settled("10s", table => table with { ReadsUntracked = true });
        Assert.Equal(10 * Second, entity.NextWake);
        entity.After(10 * Second).Single<SlotRequested>();
    }

    [Fact]
    public void One_that_follows_its_upstream_is_due_as_soon_as_that_advanced()
    {
        var entity = new Entity(2).Assign([Catalogs.Table(1, "5s", [], 10), Catalogs.Table(2, "calculated", [1])]).Grant().Complete();
        Assert.Null(entity.NextWake);
        entity.Tell(new UpstreamAdvanced(1)).Single<SlotRequested>();

        // An advance while it runs is not lost.
        entity.Grant().Tell(new UpstreamAdvanced(1)).None<SlotRequested>();
        entity.Complete().Single<SlotRequested>();
    }

    [Fact]
    public void A_cron_expression_waits_for_its_time_and_uses_up_an_occurrence_without_changes()
    {
        var entity = Entity.Settled("@hourly");
        var minutes = TimeSpan.FromMinutes(1);
        Assert.Equal(SkipReason.NothingChanged, entity.After(60 * minutes).Single<DueSkipped>().Reason);
        entity.After(10 * minutes);
        entity.Changed().None<SlotRequested>();
        entity.After(49 * minutes).None<SlotRequested>();
        entity.After(minutes).Single<SlotRequested>();
    }

    [Fact]
    public void A_cron_expression_looks_at_the_wall_clock_again_while_it_sleeps()
    {
        var entity = Entity.Settled("@daily").Changed();
        Assert.Equal(TimeSpan.FromMinutes(1), entity.NextWake);
        entity.StepWallClock(TimeSpan.FromHours(12)).After(Second).Single<SlotRequested>();
    }

    [Fact]
    public void An_occurrence_is_not_served_twice_when_the_clock_is_corrected_a_little()
    {
        var entity = Entity.Settled("@hourly").Changed().After(TimeSpan.FromHours(1)).Grant().Changed().Complete();
        entity.StepWallClock(-5 * Second).After(10 * Second).None<SlotRequested>();
    }

    [Fact]
    public void A_clock_stepped_back_by_a_year_does_not_stop_a_cron_expression_for_a_year()
    {
        var entity = Entity.Settled("@hourly").Changed().StepWallClock(TimeSpan.FromDays(-365));
        entity.After(TimeSpan.FromHours(1)).Single<SlotRequested>();
    }

    [Theory]
    [InlineData(-365)]
    [InlineData(365)]
    public void A_step_of_the_clock_does_not_touch_an_interval(int days)
    {
        var entity = Entity.Settled("10s").Changed().StepWallClock(TimeSpan.FromDays(days));
        Assert.Equal(10 * Second, entity.NextWake);
    }

    [Fact]
    public void After_a_failover_an_interval_counts_from_the_refresh_that_the_catalog_remembers()
    {
        var entity = new Entity();
        entity.Assign([Catalogs.Table(1, "10s", [], 10)], memory: Entity.Filled with { LastRefreshAt = entity.Now.Wall - (4 * Second) });
        Assert.Equal(6 * Second, entity.NextWake);

        // Another node's clock was ahead: no longer than one interval from now.
        var ahead = new Entity();
        ahead.Assign([Catalogs.Table(1, "10s", [], 10)], memory: Entity.Filled with { LastRefreshAt = ahead.Now.Wall + TimeSpan.FromHours(1) });
        Assert.Equal(10 * Second, ahead.NextWake);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 10)]
    public void One_that_was_never_filled_is_filled_at_once_or_at_its_schedule(bool atOnce, int seconds)
    {
        var entity = new Entity();
        entity.Assign([Catalogs.Table(1, "10s", [], 10)], memory: new EntityMemory(StreamTableStatus.Initializing, false, atOnce, 0, null));
        entity.After(seconds * Second);
        Assert.Equal(AttemptOrigin.Initial, Assert.IsType<WaitingPhase>(entity.State.Phase).Origin);
        Assert.Equal(StreamTableStatus.Active, entity.Grant().Complete(1).State.Status);
    }
}
