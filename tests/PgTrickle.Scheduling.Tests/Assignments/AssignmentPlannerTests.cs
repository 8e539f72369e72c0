using CsCheck;
using PgTrickle.Scheduling.Assignments;
using PgTrickle.Scheduling.Graph;
using PgTrickle.Scheduling.Schedules;
using static PgTrickle.Scheduling.Tests.Assignments.Catalogs;

namespace PgTrickle.Scheduling.Tests.Assignments;

public sealed class AssignmentPlannerTests
{
    private static readonly StreamTableInfo[] Diamond =
        [Table(1, "5s", [], 10), Table(2, "30s", [], 10, 11), Table(3, "1m", [1, 2]), Table(4, "calculated", [3, 2])];

    [Fact]
    public void The_driver_of_a_group_watches_and_announces_for_all_members()
    {
        var plan = Plan([Table(0, "1s", [], 12), Table(1, "5s", [0], 10), Table(2, "30s", [], 10, 11), Table(3, "1m", [1, 2]), Table(4, "1m", [2])]);
        var driver = plan.Assignments[3];
        Assert.True(driver.Group!.IsDriver);
        Assert.Equal([1, 2, 3], driver.Group.Group.Members.Order());
        Assert.Equal([10u, 11u], driver.WatchedSources);
        Assert.Equal([0L], driver.WatchedUpstream);
        Assert.Equal([new AdvanceLink(2, 4)], driver.Announce);
        Assert.Equal("5s", driver.Timetable.ToString());
        Assert.Equal("1m", driver.Schedule.ToString());
        Assert.Equal([new AdvanceLink(0, 3)], plan.Assignments[0].Announce);
    }

    [Fact]
    public void A_passenger_does_nothing_by_itself()
    {
        var passenger = Plan(Diamond).Assignments[1];
        Assert.True(passenger.IsPassenger);
        Assert.Equal(4, passenger.Driver);
        Assert.True(passenger.Timetable.IsNever);
        Assert.Empty(passenger.WatchedSources);
        Assert.Empty(passenger.Announce);
        Assert.Equal("5s", passenger.Schedule.ToString());
    }

    [Fact]
    public void Slowest_waits_for_the_member_with_the_longest_period()
    {
        var plan = Plan([.. Diamond[..3].Select(table => table with { DiamondSchedulePolicy = DiamondSchedulePolicy.Slowest })]);
        Assert.Equal("1m", plan.Assignments[3].Timetable.ToString());
    }

    [Fact]
    public void A_suspended_member_blocks_the_others()
    {
        var plan = Plan([Diamond[0] with { Status = StreamTableStatus.Suspended }, Diamond[1], Diamond[2]]);
        Assert.Equal([1L], plan.Assignments[3].Group!.BlockedBy);
        Assert.Empty(plan.Assignments[1].Group!.BlockedBy);
    }

    [Fact]
    public void A_cycle_in_the_catalog_stops_nothing_else()
    {
        var plan = Plan([Table(1, "5s", [2]), Table(2, "5s", [1]), Table(3, "5s", [2]), Table(4, "5s", [], 10)]);
        Assert.Equal([4L], plan.Assignments.Keys);
        Assert.Equal([1L, 2L, 3L], plan.Excluded);
        Assert.Equal("t1 reads t2 reads t1", plan.Cycle!.Describe(id => $"t{id}"));
    }

    [Fact]
    public void Planning_the_same_catalog_again_changes_nothing_whatever_the_order() => Any(7).Sample(catalog =>
        Assert.True(Plan([.. catalog.Reverse()]).Since(Plan(catalog)).IsEmpty));

    [Fact]
    public void Changes_applied_to_the_plan_before_give_the_plan_after() => Gen.Select(Any(7), Any(7)).Sample((before, after) =>
    {
        var (old, plan) = (Plan(before), Plan(after));
        var changes = plan.Since(old);
        var told = changes.Withdrawn.Aggregate(old.Assignments, (all, id) => all.Remove(id));
        told = changes.Assigned.Aggregate(told, (all, assignment) => all.SetItem(assignment.Id, assignment));
        Assert.Equal(plan.Assignments.AsEnumerable(), told);
        Assert.All(changes.Assigned, assignment => Assert.NotEqual(assignment, old.Assignments.GetValueOrDefault(assignment.Id)));
    });

    [Fact]
    public void A_changed_tier_is_told_to_those_alone_whom_it_concerns()
    {
        var catalog = new[] { Table(1, "calculated", [], 10), Table(2, "5s", [1]), Table(3, "5s", [], 10) };
        var changes = Plan([catalog[0], catalog[1] with { Tier = Tier.Cold }, catalog[2]]).Since(Plan(catalog));
        Assert.Equal([1L, 2L], changes.Assigned.Select(assignment => assignment.Id));
    }

    [Fact]
    public void Every_scheduled_stream_table_is_driven_by_exactly_one_entity_that_watches_all_it_reads() => Any(7).Sample(catalog =>
    {
        var plan = Plan(catalog);
        foreach (var mine in plan.Assignments.Values)
        {
            var driver = plan.Assignments[mine.Driver];
            Assert.False(driver.IsPassenger);
            Assert.All(mine.Sources, source => Assert.Contains(source, driver.WatchedSources));
            foreach (var upstream in mine.Upstream.Where(upstream => plan.Assignments[upstream].Driver != driver.Id))
            {
                Assert.Contains(upstream, driver.WatchedUpstream);
                if (catalog[mine.Id] is { IsImmediate: false, Tier: not Tier.Frozen })
                {
                    Assert.Contains(new AdvanceLink(upstream, driver.Id), plan.Assignments[plan.Assignments[upstream].Driver].Announce);
                }
            }
        }
    });

    private static AssignmentPlan Plan(IEnumerable<StreamTableInfo> catalog) => AssignmentPlanner.Plan(catalog, PlanningSettings.Default);
}
