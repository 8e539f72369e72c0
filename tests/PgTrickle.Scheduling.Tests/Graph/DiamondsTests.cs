using CsCheck;
using PgTrickle.Scheduling.Graph;

namespace PgTrickle.Scheduling.Tests.Graph;

public sealed class DiamondsTests
{
    private static readonly DiamondSettings Atomic = new(DiamondConsistency.Atomic, DiamondSchedulePolicy.Fastest, IsScheduled: true);

    [Fact]
    public void Two_stream_tables_over_one_table_that_meet_are_a_group()
    {
        var group = Assert.Single(Find(Graphs.Node(1, [], 10), Graphs.Node(2, [], 10), Graphs.Node(3, [1, 2])));
        Assert.Equal([1, 2, 3], group.Members);
        Assert.Equal([3], group.Convergences);
        Assert.Equal(3, group.Owner);
    }

    [Fact]
    public void Two_stream_tables_over_one_table_that_never_meet_are_none() =>
        Assert.Empty(Find(Graphs.Node(1, [], 10), Graphs.Node(2, [], 10), Graphs.Node(3, [1]), Graphs.Node(4, [2])));

    [Fact]
    public void Joins_of_the_same_tables_that_never_meet_are_none() =>
        Assert.Empty(Find(Graphs.Node(1, [], 10, 11), Graphs.Node(2, [], 10, 11)));

    [Fact]
    public void A_source_read_directly_and_through_a_stream_table_is_a_diamond() =>
        Assert.Equal([1, 2], Assert.Single(Find(Graphs.Node(1, [], 10), Graphs.Node(2, [1], 10))).Members);

    [Fact]
    public void What_the_paths_share_above_the_fork_is_no_member() =>
        Assert.Equal([2, 3, 4], Assert.Single(Find(Graphs.Node(1, [], 10), Graphs.Node(2, [1]), Graphs.Node(3, [1]), Graphs.Node(4, [2, 3]))).Members);

    [Fact]
    public void What_reads_the_meeting_point_alone_is_no_member() =>
        Assert.Equal([1, 2, 3], Assert.Single(Find(Graphs.Node(1, [], 10), Graphs.Node(2, [], 10), Graphs.Node(3, [1, 2]), Graphs.Node(4, [3]))).Members);

    [Fact]
    public void Diamonds_in_a_row_share_their_ends_only_and_stay_apart_when_the_end_is_just_a_source()
    {
        // 3 is the meeting point of the first diamond and the shared source, not a member, of the second.
        var groups = Find(
            Graphs.Node(1, [], 10), Graphs.Node(2, [], 10), Graphs.Node(3, [1, 2]),
            Graphs.Node(4, [3]), Graphs.Node(5, [3]), Graphs.Node(6, [4, 5]));
        Assert.Equal(["[1, 2, 3]", "[4, 5, 6]"], groups.Select(group => group.Members.ToString()));
    }

    [Fact]
    public void Overlapping_diamonds_are_one_group_with_the_strictest_policy()
    {
        var graph = Graphs.Build(
            Graphs.Node(1, [], 10), Graphs.Node(2, [], 10), Graphs.Node(3, [], 10), Graphs.Node(4, [1, 2]), Graphs.Node(5, [2, 3]));
        var group = Assert.Single(Diamonds.Find(graph, id => Atomic with { Policy = id == 4 ? DiamondSchedulePolicy.Slowest : DiamondSchedulePolicy.Fastest }));
        Assert.Equal([1, 2, 3, 4, 5], group.Members);
        Assert.Equal([4, 5], group.Convergences);
        Assert.Equal(5, group.Owner);
        Assert.Equal(DiamondSchedulePolicy.Slowest, group.Policy);
    }

    [Fact]
    public void A_meeting_point_that_asks_for_none_forms_no_group()
    {
        var graph = Graphs.Build(Graphs.Node(1, [], 10), Graphs.Node(2, [], 10), Graphs.Node(3, [1, 2]));
        Assert.Empty(Diamonds.Find(graph, id => id == 3 ? Atomic with { Consistency = DiamondConsistency.None } : Atomic));
        Assert.Single(Diamonds.Find(graph, id => id == 1 ? Atomic with { Consistency = DiamondConsistency.None } : Atomic));
    }

    [Fact]
    public void One_that_no_entity_refreshes_is_no_member()
    {
        var graph = Graphs.Build(Graphs.Node(1, [], 10), Graphs.Node(2, [], 10), Graphs.Node(3, [1, 2]));
        Assert.Equal([2, 3], Assert.Single(Diamonds.Find(graph, id => Atomic with { IsScheduled = id != 1 })).Members);
        Assert.Empty(Diamonds.Find(graph, id => Atomic with { IsScheduled = id > 2 }));
    }

    [Fact]
    public void Groups_are_those_that_enumerating_all_paths_finds() =>
        Gen.Select(Graphs.Acyclic(7), Gen.Int[0, 5].Array[7]).Sample((nodes, choice) =>
        {
            DiamondSettings Settings(long id) => new(
                choice[id] == 0 ? DiamondConsistency.None : DiamondConsistency.Atomic,
                choice[id] == 1 ? DiamondSchedulePolicy.Slowest : DiamondSchedulePolicy.Fastest,
                IsScheduled: choice[id] != 2);
            var graph = Graphs.Build(nodes);
            var expected = DiamondsByEnumeration.Find(nodes, Settings).Select(members => string.Join(",", members)).Order();
            var groups = Diamonds.Find(graph, Settings);
            Assert.Equal(expected, groups.Select(group => string.Join(",", group.Members.Order())).Order());
            foreach (var group in groups)
            {
                Assert.Equal(group.Members.OrderBy(id => graph.PositionOf(id)), group.Members);
                Assert.Equal(group.Members[^1], group.Owner);
                Assert.Equal(group.Convergences.Max(id => Settings(id).Policy), group.Policy);
            }
        });

    [Fact]
    public void Ten_thousand_stream_tables_in_a_row_of_diamonds_are_searched_without_recursion()
    {
        // Each round: a fork into two and a meeting point, over the meeting point before.
        var nodes = Enumerable.Range(0, 3_333).SelectMany(round => new[]
        {
            Graphs.Node((3 * round) + 1, [3 * round]),
            Graphs.Node((3 * round) + 2, [3 * round]),
            Graphs.Node((3 * round) + 3, [(3 * round) + 1, (3 * round) + 2]),
        });
        Assert.Equal(3_333, Find([Graphs.Node(0, [], 10), .. nodes]).Count);
    }

    private static EquatableArray<AtomicGroup> Find(params StreamTableNode[] nodes) => Diamonds.Find(Graphs.Build(nodes), _ => Atomic);
}
