using System.Collections.Immutable;
using PgTrickle.Actors.Contracts.Messages;
using PgTrickle.Actors.Dag;
using PgTrickle.Actors.Tests.Fakes;

namespace PgTrickle.Actors.Tests.Dag;

public sealed class CoordinatorMemoryTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Occasion Alice = new("command alter", ImmutableDictionary<long, string>.Empty.Add(1, "alice"));

    private readonly FakeCatalog catalog = new();

    [Fact]
    public async Task Each_change_is_one_decision_with_who_asked()
    {
        catalog.Set(FakeCatalog.Table(1), FakeCatalog.Table(2));
        var (memory, _) = await DecideAsync(CoordinatorMemory.Empty, 2, true);
        catalog.Update(1, table => table with { Tier = "cold" });
        catalog.Update(2, table => table with { Status = "SUSPENDED" });
        var (_, events) = await DecideAsync(memory, 1);
        var decisions = events.OfType<DecisionNoted>().ToList();
        Assert.Equal(
            [(1L, DecisionSubject.Tier, "hot", "cold", "alice"), (2L, DecisionSubject.Status, "ACTIVE", "SUSPENDED", "catalog")],
            decisions.Select(noted => (noted.PgtId, noted.Subject, noted.Before!, noted.After!, noted.AskedBy)));
        Assert.Equal(2, Assert.Single(events.OfType<GenerationPlanned>()).Generation);
    }

    [Fact]
    public async Task Nothing_new_is_no_event()
    {
        catalog.Set(FakeCatalog.Table(1));
        var (memory, _) = await DecideAsync(CoordinatorMemory.Empty, 1, true);
        Assert.Empty((await DecideAsync(memory, 0)).Events);
    }

    [Fact]
    public async Task Groups_are_formed_once_and_dissolved()
    {
        catalog.Set(
            FakeCatalog.Table(1, sources: [100]),
            FakeCatalog.Table(2, sources: [100]),
            FakeCatalog.Table(3, upstream: [1, 2], sources: []));
        var (memory, events) = await DecideAsync(CoordinatorMemory.Empty, 3, true);
        Assert.Equal([1L, 2, 3], Assert.Single(events.OfType<GroupFormed>()).Members.AsEnumerable());
        Assert.Empty((await DecideAsync(memory, 0)).Events);
        catalog.Update(3, table => table with { DiamondConsistency = "none" });
        var (after, dissolved) = await DecideAsync(memory, 3);
        Assert.Equal(3, Assert.Single(dissolved.OfType<GroupDissolved>()).Owner);
        Assert.Empty(after.Groups);
    }

    [Fact]
    public async Task A_snapshot_and_the_events_lead_to_the_same_memory()
    {
        catalog.Set(FakeCatalog.Table(1, sources: [100]), FakeCatalog.Table(2, sources: [100]), FakeCatalog.Table(3, upstream: [1, 2], sources: []));
        var (memory, _) = await DecideAsync(CoordinatorMemory.Empty, 3, true);
        catalog.Update(1, table => table with { Schedule = "1h" });
        (memory, _) = await DecideAsync(memory, 3);
        var restored = CoordinatorMemory.From(memory.ToSnapshot());
        Assert.Equal(memory.Generation, restored.Generation);
        Assert.Equal(memory.Tables.Values, restored.Tables.Values);
        Assert.Equal("1h", restored.Tables[1].Schedule);
        Assert.Empty((await DecideAsync(restored, 0)).Events);
        catalog.Set();
        Assert.Empty((await DecideAsync(restored, 3)).Memory.Tables);
    }

    [Fact]
    public async Task A_definition_of_a_later_release_is_left_out_and_named()
    {
        catalog.Set(FakeCatalog.Table(1), FakeCatalog.Table(2) with { Schedule = "whenever" });
        var planned = CatalogPlanning.Plan(await catalog.LoadAsync(CancellationToken.None));
        Assert.Equal([1L], planned.Plan.Assignments.Keys);
        Assert.Equal(2, Assert.Single(planned.Unreadable).PgtId);
    }

    private async Task<(CoordinatorMemory Memory, ImmutableArray<ICoordinatorEvent> Events)> DecideAsync(
        CoordinatorMemory memory, int changed, bool isFirst = false)
    {
        var events = memory.Decide(CatalogPlanning.Plan(await catalog.LoadAsync(CancellationToken.None)), changed, isFirst, Alice, Now);
        return (events.Aggregate(memory, (state, occurred) => state.Apply(occurred)), events);
    }
}
