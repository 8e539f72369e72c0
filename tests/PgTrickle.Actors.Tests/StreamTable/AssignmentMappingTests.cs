using PgTrickle.Actors.Dag;
using PgTrickle.Actors.StreamTable;
using PgTrickle.Actors.Tests.Fakes;

namespace PgTrickle.Actors.Tests.StreamTable;

public sealed class AssignmentMappingTests
{
    [Fact]
    public async Task Every_assignment_is_the_same_after_the_wire()
    {
        var catalog = new FakeCatalog();
        catalog.Set(
            FakeCatalog.Table(1, "5s", sources: [100]) with { Tier = "warm", ReadsUntracked = true, FuseMode = "on", FuseCeiling = 10, FuseSensitivity = 2 },
            FakeCatalog.Table(2, "*/10 * * * * *", sources: [100]),
            FakeCatalog.Table(3, "1h30m", upstream: [1, 2], sources: [7]) with { DiamondSchedulePolicy = "slowest" },
            FakeCatalog.Table(4, "calculated", upstream: [3], sources: []),
            FakeCatalog.Table(5, "@daily", upstream: [4]) with { Status = "SUSPENDED", RefreshMode = "FULL" },
            FakeCatalog.Table(6, "1s") with { Tier = "frozen" });
        var planned = CatalogPlanning.Plan(await catalog.LoadAsync(CancellationToken.None));
        Assert.Equal(6, planned.Plan.Assignments.Count);
        Assert.Contains(planned.Plan.Assignments.Values, assignment => assignment.Group is not null);
        foreach (var assignment in planned.Plan.Assignments.Values)
        {
            Assert.Equal(assignment, assignment.ToData().ToAssignment());
        }
    }

    [Fact]
    public async Task A_keyword_of_a_later_release_is_refused_and_named()
    {
        var catalog = new FakeCatalog();
        catalog.Set(FakeCatalog.Table(1));
        var data = CatalogPlanning.Plan(await catalog.LoadAsync(CancellationToken.None)).Plan.Assignments[1].ToData();
        Assert.Contains(
            "lukewarm", Assert.Throws<UnreadableAssignmentException>(() => (data with { Tier = "lukewarm" }).ToAssignment()).Message, StringComparison.Ordinal);
    }
}
