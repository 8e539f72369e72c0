using CsCheck;
using PgTrickle.Scheduling.Assignments;
using PgTrickle.Scheduling.Schedules;
using static PgTrickle.Scheduling.Tests.Assignments.Catalogs;

namespace PgTrickle.Scheduling.Tests.Assignments;

public sealed class ScheduleResolutionTests
{
    [Fact]
    public void A_calculated_one_takes_the_shortest_schedule_among_its_dependents_through_any_number_of_calculated_ones()
    {
        var plan = Plan(
            Table(1, "calculated", [], 10), Table(2, "calculated", [1]), Table(3, "30s", [2]), Table(4, "5s", [2]), Table(5, "10s", [1]));
        Assert.Equal("5s", Effective(plan, 1));
        Assert.Equal("5s", Effective(plan, 2));
    }

    [Fact]
    public void One_without_dependents_is_due_when_an_upstream_stream_table_advanced()
    {
        var plan = Plan(Table(1, "5s", [], 10), Table(2, "calculated", [1]));
        Assert.Equal("on upstream advance", Effective(plan, 2));
    }

    [Fact]
    public void One_over_tables_alone_that_nothing_drives_has_the_default_schedule()
    {
        Assert.Equal("1s", Effective(Plan(Table(1, "calculated", [], 10)), 1));
        Assert.Equal("1s", Effective(Plan(Table(1, "calculated", [], 10), Table(2, "calculated", [1])), 1));
    }

    [Fact]
    public void One_over_a_stream_table_and_a_table_does_not_miss_changes_of_the_table() =>
        Assert.Equal("1s or on upstream advance", Effective(Plan(Table(1, "5s", [], 10), Table(2, "calculated", [1], 11)), 2));

    [Fact]
    public void A_dependent_with_a_cron_expression_alone_passes_it_on() =>
        Assert.Equal("@hourly", Effective(Plan(Table(1, "calculated", [], 10), Table(2, "@hourly", [1])), 1));

    [Theory]
    [InlineData("5s", "5s")]
    [InlineData("1d", "1d or @hourly")]
    public void A_cron_expression_and_an_interval_are_both_served(string other, string expected) =>
        Assert.Equal(expected, Effective(Plan(Table(1, "calculated", [], 10), Table(2, "@hourly", [1]), Table(3, other, [1])), 1));

    [Theory]
    [InlineData(Tier.Warm, "10s")]
    [InlineData(Tier.Cold, "50s")]
    [InlineData(Tier.Frozen, "1s")]
    public void A_dependents_tier_counts(Tier tier, string expected) =>
        Assert.Equal(expected, Effective(Plan(Table(1, "calculated", [], 10), Table(2, "5s", [1]) with { Tier = tier }), 1));

    [Fact]
    public void With_tiers_switched_off_all_are_hot()
    {
        var settings = PlanningSettings.Default with { TieredScheduling = false };
        var plan = AssignmentPlanner.Plan([Table(1, "calculated", [], 10), Table(2, "5s", [1]) with { Tier = Tier.Cold }], settings);
        Assert.Equal("5s", Effective(plan, 1));
        Assert.Equal(Tier.Hot, plan.Assignments[2].Tier);
    }

    [Fact]
    public void An_immediate_one_has_no_schedule_and_asks_for_none()
    {
        var plan = Plan(Table(1, "calculated", [], 10), Table(2, "IMMEDIATE", [1]), Table(3, "calculated", [2]));
        Assert.Equal("1s", Effective(plan, 1));
        Assert.Equal("never", Effective(plan, 2));

        // No entity announces an advance of 2: the default schedule must find it.
        Assert.Equal("1s", Effective(plan, 3));
    }

    [Fact]
    public void The_result_is_the_fixpoint_of_asking_each_dependent() => Any(8).Sample(catalog =>
    {
        var plan = Plan(catalog);
        foreach (var table in catalog.Where(table => table is { IsImmediate: false, Schedule: CalculatedSchedule }))
        {
            var wanted = catalog.Where(reader => reader.Upstream.Contains(table.Id))
                .Select(reader => plan.Assignments[reader.Id].Schedule.In(reader.Tier))
                .ToList();
            var mine = plan.Assignments[table.Id].Schedule;
            if (wanted.Any(schedule => schedule.IsTimed))
            {
                Assert.Equal(wanted.Min(schedule => schedule.Interval), mine.Interval);
                Assert.False(mine.OnUpstreamAdvance);
                Assert.All(mine.Crons, cron => Assert.Contains(wanted, schedule => schedule.Crons.Contains(cron)));
                Assert.All(wanted.SelectMany(schedule => schedule.Crons), cron => Assert.True(mine.Crons.Contains(cron) || cron.ShortestGap() >= mine.Interval));
            }
            else
            {
                var announcing = table.Upstream.Count(upstream => !catalog[upstream].IsImmediate);
                Assert.Equal(announcing > 0, mine.OnUpstreamAdvance);
                Assert.Empty(mine.Crons);
                var silent = table.Sources.Count + table.Upstream.Count - announcing;
                Assert.Equal(silent > 0 || announcing == 0 ? TimeSpan.FromSeconds(1) : null, mine.Interval);
            }
        }
    });

    private static AssignmentPlan Plan(params StreamTableInfo[] catalog) => AssignmentPlanner.Plan(catalog, PlanningSettings.Default);

    private static string Effective(AssignmentPlan plan, long id) => plan.Assignments[id].Schedule.ToString();
}
