using PgTrickle.Scheduling.Assignments;
using PgTrickle.Scheduling.Entities;
using PgTrickle.Scheduling.Schedules;
using static PgTrickle.Scheduling.Tests.Assignments.Catalogs;

namespace PgTrickle.Scheduling.Tests.Entities;

public sealed class StreamTableDeciderTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly StreamTableInfo[] Diamond = [Table(1, "5s", [], 10), Table(2, "5s", [], 10), Table(3, "5s", [1, 2]), Table(4, "calculated", [3])];

    [Fact]
    public void Nothing_starts_before_an_assignment()
    {
        var entity = new Entity().Tell(new RefreshRequested(5));
        entity.After(Second).None<SlotRequested>();
        Assert.Equal(AttemptOrigin.Request, entity.Assign([Table(1, "5s", [], 10)]).Single<SlotRequested>().Origin);
    }

    [Fact]
    public void An_older_generation_is_ignored_and_the_same_assignment_again_changes_nothing()
    {
        var entity = Entity.Settled("5s").Assign([Table(1, "7s", [], 10)], generation: 3);
        Assert.Equal(new StaleAssignmentIgnored(2), Assert.Single(entity.Assign([Table(1, "9s", [], 10)], generation: 2).Events));
        Assert.Empty(entity.Assign([Table(1, "7s", [], 10)], generation: 3).Events);
        Assert.Equal("7s", entity.State.Assignment!.Timetable.ToString());
    }

    [Fact]
    public void A_slot_that_comes_too_late_is_given_back()
    {
        var entity = Entity.Settled("5s").Changed().After(5 * Second);
        entity.Tell(new SuspendRequested()).Single<SlotCancelled>();
        Assert.Equal(new SlotReturned(2), Assert.Single(entity.Tell(new SlotGranted(2)).Events));
    }

    [Fact]
    public void A_result_of_another_attempt_is_ignored()
    {
        var entity = Entity.Settled("5s").Changed().After(5 * Second).Grant();
        var before = entity.State;
        Assert.IsType<LateResultIgnored>(Assert.Single(entity.Tell(new AttemptCompleted(1, [1])).Events));
        Assert.IsType<LateResultIgnored>(Assert.Single(entity.Tell(new AttemptBroken(1, new Failure(FailureClass.Query, "22012", ""), 0)).Events));
        Assert.Equal(before, entity.State);
    }

    [Fact]
    public void Counted_errors_back_off_and_suspend_at_the_limit()
    {
        var entity = Entity.Settled("1s").Changed();
        for (var error = 1; error <= 2; error++)
        {
            entity.After(TimeSpan.FromMinutes(1)).Grant().Fail("22012").None<Suspended>();
            Assert.Equal(error, entity.State.Failures.Counted);
            Assert.Equal(error * Second, entity.NextWake);
        }

        entity.After(TimeSpan.FromMinutes(1)).Grant().Fail("22012");
        Assert.Equal(SuspensionReason.Errors, entity.Single<Suspended>().Reason);
        Assert.Null(entity.NextWake);
        entity.Changed().After(TimeSpan.FromDays(1)).None<SlotRequested>();
    }

    [Fact]
    public void Jitter_takes_up_to_half_of_a_delay_away()
    {
        var entity = Entity.Settled("100ms").Changed().After(Second).Grant().Fail("22012", jitter: 1);
        Assert.Equal(Second / 2, entity.NextWake);
    }

    [Theory]
    [InlineData("40001")]
    [InlineData("40P01")]
    [InlineData("55P03")]
    [InlineData("08006")]
    [InlineData("57P01")]
    [InlineData("53300")]
    [InlineData("42501")]
    public void Some_errors_are_tried_again_for_ever_and_do_not_count(string sqlState)
    {
        var entity = Entity.Settled("@daily").Changed().After(TimeSpan.FromDays(1));
        for (var error = 0; error < 20; error++)
        {
            entity.Grant().Fail(sqlState);
            Assert.Equal(StreamTableStatus.Active, entity.State.Status);
            Assert.Equal(0, entity.State.Failures.Counted);
            entity.After(TimeSpan.FromMinutes(6)).Single<SlotRequested>();
        }

        // The occurrence that was missed is made up for: the work was not lost.
        Assert.Equal(FailureStreak.None, entity.Grant().Complete(1).State.Failures);
    }

    [Fact]
    public void A_success_clears_the_count()
    {
        var entity = Entity.Settled("1s").Changed().After(Second).Grant().Fail("22012").After(Second).Grant().Complete();
        Assert.Equal(FailureStreak.None, entity.State.Failures);
    }

    [Fact]
    public void A_permanent_error_is_shown_at_once_and_looked_at_again_until_it_is_mended()
    {
        var entity = Entity.Settled("1s").Changed().After(Second).Grant().Fail("42703");
        entity.Single<MovedToError>();
        Assert.Equal(StreamTableStatus.Error, entity.State.Status);
        entity.After(TimeSpan.FromMinutes(4)).None<SlotRequested>();
        entity.After(TimeSpan.FromMinutes(1)).Single<SlotRequested>();
        Assert.Equal(StreamTableStatus.Active, entity.Grant().Complete(1).State.Status);
    }

    [Fact]
    public void A_new_definition_is_tried_at_once_in_spite_of_the_errors_of_the_old_one()
    {
        var entity = Entity.Settled("1s").Changed().After(Second).Grant().Fail("42703");
        entity.Assign([Table(1, "1s", [], 10) with { DefinitionVersion = 2 }], generation: 2).Single<SlotRequested>();
    }

    [Fact]
    public void A_request_runs_at_once_whatever_schedule_tier_and_gate_say()
    {
        var entity = Entity.Settled("1d", table => table with { Tier = Tier.Frozen })
            .Tell(new HoldRequested(Hold.Paused, true)).Tell(new HoldRequested(Hold.Gated, true));
        Assert.Equal(0, entity.Tell(new RefreshRequested(5)).Single<SlotRequested>().Priority.Rank);
        Assert.Equal([5L], entity.Grant().Complete().Single<RequestsAnswered>().Requests);
    }

    [Fact]
    public void A_request_during_a_refresh_waits_for_another_one_since_that_snapshot_may_be_too_old()
    {
        var entity = Entity.Settled("5s").Changed().After(5 * Second).Grant().Tell(new RefreshRequested(5));
        entity.Complete().None<RequestsAnswered>();
        entity.Single<SlotRequested>();
        Assert.Equal([5L], entity.Grant().Complete().Single<RequestsAnswered>().Requests);
    }

    [Fact]
    public void A_request_told_twice_is_served_once()
    {
        var entity = Entity.Settled("1d").Tell(new RefreshRequested(5));
        Assert.Empty(entity.Tell(new RefreshRequested(5)).Events);
        Assert.Empty(entity.Grant().Tell(new RefreshRequested(5)).Events);
        Assert.Equal([5L], entity.Complete().Single<RequestsAnswered>().Requests);
    }

    [Fact]
    public void A_request_does_not_queue_behind_scheduled_work()
    {
        var entity = Entity.Settled("5s").Changed().After(5 * Second).Tell(new RefreshRequested(5));
        entity.Single<SlotCancelled>();
        Assert.Equal(0, entity.Single<SlotRequested>().Priority.Rank);
    }

    [Fact]
    public void When_all_who_asked_have_gone_the_slot_is_not_needed()
    {
        var entity = Entity.Settled("1d").Tell(new RefreshRequested(5)).Tell(new RequestWithdrawn(5));
        entity.Single<SlotCancelled>();
        Assert.IsType<IdlePhase>(entity.State.Phase);
    }

    [Fact]
    public void A_refresh_that_nobody_wants_any_more_is_stopped_and_that_is_no_failure()
    {
        var entity = Entity.Settled("1d").Tell(new RefreshRequested(5)).Tell(new RefreshRequested(6)).Grant();
        entity.Tell(new RequestWithdrawn(5)).None<AttemptAbandoned>();
        Assert.Equal(entity.State.LastAttempt, entity.Tell(new RequestWithdrawn(6)).Single<AttemptAbandoned>().Attempt);
        entity.Tell(new RequestWithdrawn(6)).None<AttemptAbandoned>();
        entity.Fail("57014").Single<AttemptStopped>();
        entity.None<RequestsAnswered>();
        Assert.Equal((FailureStreak.None, true), (entity.State.Failures, entity.State.Phase is IdlePhase));
    }

    [Fact]
    public void Who_asks_while_an_abandoned_refresh_ends_gets_one_of_his_own()
    {
        var entity = Entity.Settled("1d").Tell(new RefreshRequested(5)).Grant().Tell(new RequestWithdrawn(5)).Tell(new RefreshRequested(6));
        entity.Fail("57014").Single<SlotRequested>();
        Assert.Equal([6L], entity.Grant().Complete().Single<RequestsAnswered>().Requests.AsEnumerable());
    }

    [Fact]
    public void An_abandoned_refresh_may_have_committed_already()
    {
        var entity = Entity.Settled("1d").Tell(new RefreshRequested(5)).Grant().Tell(new RequestWithdrawn(5)).Complete();
        entity.Single<AttemptSucceeded>();
        entity.None<RequestsAnswered>();
    }

    [Fact]
    public void Changes_that_an_abandoned_refresh_had_taken_wait_for_the_schedule()
    {
        var entity = Entity.Settled("1d").Changed().Tell(new RefreshRequested(5)).Grant().Tell(new RequestWithdrawn(5)).Fail("57014");
        Assert.True(DueTimes.HasWork(entity.State));
        Assert.True(entity.NextWake > Second * 3600);
    }

    [Fact]
    public void A_request_is_answered_with_the_querys_error_but_a_transient_one_is_tried_again()
    {
        var entity = Entity.Settled("1d").Tell(new RefreshRequested(5)).Grant();
        entity.Fail("40001").None<RequestsAnswered>();
        Assert.Equal(Second / 5, entity.NextWake);
        entity.After(Second).Grant();
        Assert.Equal("22012", entity.Fail("22012").Single<RequestsAnswered>().Failure!.SqlState);
    }

    [Fact]
    public void A_failed_request_without_other_work_is_not_tried_again_for_nobody()
    {
        var entity = Entity.Settled("10s").Tell(new RefreshRequested(5)).Grant().Fail("42501");
        Assert.Empty(entity.After(TimeSpan.FromHours(1)).Events);
        Assert.Null(entity.NextWake);
        entity.Changed().Single<SlotRequested>();
    }

    [Fact]
    public void A_request_told_again_after_the_stream_table_is_gone_is_answered_once()
    {
        var entity = Entity.Settled("1d").Tell(new RefreshRequested(5)).Grant().Tell(new Withdrawn());
        Assert.Empty(entity.Tell(new RefreshRequested(5)).Events);
        Assert.Equal([5L], entity.Complete().Single<RequestsAnswered>().Requests);
        Assert.Equal("42P01", entity.Tell(new RefreshRequested(6)).Single<RequestRefused>().SqlState);
    }

    [Fact]
    public void A_suspended_one_refuses_requests_until_it_is_resumed()
    {
        var entity = Entity.Settled("5s").Tell(new SuspendRequested());
        Assert.Equal("55000", entity.Tell(new RefreshRequested(5)).Single<RequestRefused>().SqlState);
        entity.Tell(new ResumeRequested()).Single<Resumed>();
        entity.Tell(new RefreshRequested(6)).Single<SlotRequested>();
        entity.Tell(new ResumeRequested()).Single<ResumeRefused>();
    }

    [Fact]
    public void Suspending_lets_a_running_attempt_end()
    {
        var entity = Entity.Settled("5s").Changed().After(5 * Second).Grant().Tell(new SuspendRequested()).Complete(1);
        entity.Single<AttemptSucceeded>();
        Assert.Equal(StreamTableStatus.Suspended, entity.State.Status);
        Assert.IsType<IdlePhase>(entity.State.Phase);
    }

    [Fact]
    public void Draining_refuses_everything_and_lets_a_running_attempt_end()
    {
        var entity = Entity.Settled("5s").Changed().After(5 * Second).Grant().Tell(new HoldRequested(Hold.Draining, true));
        entity.Changed().Complete().None<SlotRequested>();
        Assert.Equal("55000", entity.Tell(new RefreshRequested(5)).Single<RequestRefused>().SqlState);
        Assert.Null(entity.After(TimeSpan.FromDays(1)).NextWake);
        entity.Tell(new HoldRequested(Hold.Draining, false)).Single<SlotRequested>();
    }

    [Fact]
    public void A_closed_gate_records_one_skip_for_each_due_time()
    {
        var entity = Entity.Settled("10s").Tell(new HoldRequested(Hold.Gated, true)).Changed();
        Assert.Equal(SkipReason.Gated, entity.After(10 * Second).Single<DueSkipped>().Reason);
        entity.After(5 * Second).None<DueSkipped>();
        Assert.Equal(5 * Second, entity.NextWake);
        entity.After(5 * Second).Single<DueSkipped>();
        entity.Tell(new HoldRequested(Hold.Gated, false));
        entity.After(10 * Second).Single<SlotRequested>();
    }

    [Fact]
    public void A_closed_gate_before_one_that_follows_its_upstream_does_not_spin()
    {
        var entity = new Entity(2).Assign([Table(1, "5s", [], 10), Table(2, "calculated", [1])]).Grant().Complete();
        entity.Tell(new HoldRequested(Hold.Gated, true)).After(Second).Tell(new UpstreamAdvanced(1)).Single<DueSkipped>();
        Assert.Null(entity.NextWake);
        entity.After(Second).None<DueSkipped>();
        entity.Tell(new HoldRequested(Hold.Gated, false)).Single<SlotRequested>();
    }

    [Fact]
    public void Refreshes_that_take_too_long_stretch_the_interval_to_eight_times_and_no_more()
    {
        var entity = Entity.Settled("1s");
        foreach (var factor in new[] { 2, 4, 8, 8 })
        {
            entity.Changed().After(TimeSpan.FromMinutes(1)).Grant();
            entity.After(20 * Second).Complete();
            Assert.Equal(factor, entity.State.IntervalFactor);
        }

        // 3 s fit into 4 s, not into 2 s: it stops there, and does not go to and fro.
        foreach (var factor in new[] { 4, 4 })
        {
            entity.Changed().After(TimeSpan.FromMinutes(1)).Grant();
            entity.After(3 * Second).Complete();
            Assert.Equal(factor, entity.State.IntervalFactor);
        }

        Assert.Equal(Second, entity.Changed().NextWake);
    }

    [Theory]
    [InlineData(950, 1)]
    [InlineData(951, 2)]
    public void Late_is_more_than_95_percent_of_the_interval(int milliseconds, int factor)
    {
        var entity = Entity.Settled("1s").Changed().After(Second).Grant();
        Assert.Equal(factor, entity.After(TimeSpan.FromMilliseconds(milliseconds)).Complete().State.IntervalFactor);
    }

    [Fact]
    public void A_fuse_blows_after_enough_observations_in_a_row_and_waits_for_its_owner()
    {
        var entity = Entity.Settled("1s", table => table with { FuseCeiling = 100, FuseSensitivity = 2 });
        entity.Tell(new VolumeObserved(101)).None<Suspended>();
        entity.Tell(new VolumeObserved(100)).Tell(new VolumeObserved(101)).None<Suspended>();
        Assert.Equal(SuspensionReason.Fuse, entity.Tell(new VolumeObserved(500)).Single<Suspended>().Reason);
        Assert.Equal(FuseAction.SkipChanges, entity.Tell(new FuseResetRequested(FuseAction.SkipChanges)).Single<FuseReset>().Action);
        Assert.Equal((StreamTableStatus.Active, 0), (entity.State.Status, entity.State.FuseObservations));
    }

    [Fact]
    public void The_driver_of_a_group_refreshes_all_members_and_announces_what_advanced()
    {
        var entity = new Entity(3).Assign(Diamond).Grant();
        Assert.Equal([1L, 2L, 3L], entity.Single<AttemptStarted>().Members);
        Assert.Equal([new AdvanceLink(3, 4)], entity.Complete(1, 3).Single<AdvanceAnnounced>().Links);
        entity.Changed().After(5 * Second).Grant().Complete(1).None<AdvanceAnnounced>();
    }

    [Fact]
    public void A_passenger_leaves_everything_to_the_driver()
    {
        var entity = new Entity(1).Assign(Diamond).Changed();
        entity.After(TimeSpan.FromDays(1)).None<SlotRequested>();
        var forwarded = entity.Tell(new RefreshRequested(5)).Single<RequestsForwarded>();
        Assert.Equal(3, forwarded.Driver);
        Assert.Equal([5L], forwarded.Requests);
        Assert.Empty(entity.State.Requests);
    }

    [Fact]
    public void A_passenger_that_was_never_filled_is_filled_alone_while_its_group_waits()
    {
        StreamTableInfo[] catalog = [Diamond[0] with { Status = StreamTableStatus.Initializing }, .. Diamond[1..]];
        var passenger = new Entity(1).Assign(catalog, memory: new EntityMemory(StreamTableStatus.Initializing, false, true, 0, null)).Grant();
        Assert.Equal([1L], passenger.Single<AttemptStarted>().Members);
        Assert.IsType<IdlePhase>(passenger.Complete(1).State.Phase);

        var driver = new Entity(3).Assign(catalog).Changed();
        Assert.Null(driver.After(TimeSpan.FromDays(1)).NextWake);
        Assert.Equal("55000", driver.Tell(new RefreshRequested(5)).Single<RequestRefused>().SqlState);
        driver.Assign(Diamond, generation: 2).Single<SlotRequested>();
    }

    [Fact]
    public void One_that_becomes_a_passenger_while_it_waits_gives_way()
    {
        var entity = new Entity(1).Assign([Diamond[0]]);
        entity.Single<SlotRequested>();
        entity.Assign(Diamond, generation: 2).Single<SlotCancelled>();
    }

    [Fact]
    public void One_that_is_gone_answers_who_still_waits_and_ignores_the_rest()
    {
        var entity = Entity.Settled("5s").Tell(new RefreshRequested(5)).Tell(new Withdrawn());
        Assert.Equal("42P01", entity.Single<RequestRefused>().SqlState);
        entity.Single<Retired>();
        Assert.Empty(entity.Changed().Events);
        Assert.Null(entity.NextWake);
        entity.Tell(new SlotGranted(2)).Single<SlotReturned>();
    }

    [Fact]
    public void An_impossible_transition_throws()
    {
        var idle = Entity.Settled("5s").State;
        Assert.Throws<ImpossibleTransitionException>(() => idle.Apply(new AttemptSucceeded(1, Second)));
        Assert.Throws<ImpossibleTransitionException>(() => idle.Apply(new SlotCancelled(2)));
        Assert.Throws<ImpossibleTransitionException>(() => idle.Apply(new SlotRequested(9, AttemptOrigin.Schedule, default)));
        Assert.Throws<ImpossibleTransitionException>(() => idle.Apply(new Assigned(0, idle.Assignment!, null, default)));
        var suspended = idle.Apply(new Suspended(SuspensionReason.Owner));
        Assert.Throws<ImpossibleTransitionException>(() => suspended.Apply(new SlotRequested(2, AttemptOrigin.Schedule, default)));
    }
}
