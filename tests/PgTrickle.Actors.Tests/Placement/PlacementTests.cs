using System.Collections.Immutable;
using Akka.Actor;
using Microsoft.Extensions.Time.Testing;
using PgTrickle.Actors.Contracts.Messages;
using PgTrickle.Actors.Placement;
using PgTrickle.Actors.Tests.Fakes;
using PgTrickle.Scheduling.Placement;
using Xunit.Abstractions;

namespace PgTrickle.Actors.Tests.Placement;

public sealed class PlacementTests : ActorTest
{
    private static readonly Address Self = Address.Parse("akka.tcp://pgtrickle@10.0.0.1:1");
    private static readonly Address Other = Address.Parse("akka.tcp://pgtrickle@10.0.0.2:1");

    private readonly FakeTimeProvider clock = new();
    private readonly LoadBook book;
    private readonly LoadAllocationStrategy strategy;
    private readonly IActorRef here;
    private readonly IActorRef there;

    public PlacementTests(ITestOutputHelper output)
        : base(output)
    {
        book = new LoadBook(clock, TimeSpan.FromMinutes(1));
        strategy = new LoadAllocationStrategy(book, Self, PlacementOptions.Default);
        here = CreateTestProbe("here");
        there = new RemoteRegion(new RootActorPath(Other) / "system" / "region");
    }

    [Fact]
    public void A_load_is_refresh_time_a_second_and_fades_with_the_window()
    {
        book.Add("1", TimeSpan.FromSeconds(6));
        clock.Advance(TimeSpan.FromSeconds(30));
        book.Add("1", TimeSpan.FromSeconds(6));
        Assert.Equal(new ShardLoadData("1", 200), Assert.Single(book.Own()));
        clock.Advance(TimeSpan.FromSeconds(35));
        Assert.Equal(new ShardLoadData("1", 100), Assert.Single(book.Own()));
        clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Empty(book.Own());
    }

    [Fact]
    public async Task A_new_shard_goes_to_the_node_with_the_least_load_and_not_the_fewest_shards()
    {
        book.Take(new NodeLoads(Self.ToString(), [new ShardLoadData("1", 900)]));
        book.Take(new NodeLoads(Other.ToString(), [new ShardLoadData("2", 10), new ShardLoadData("3", 10)]));
        Assert.Same(there, await strategy.AllocateShard(here, "4", Allocated(["1"], ["2", "3"])));
    }

    [Fact]
    public async Task Load_moves_from_the_busy_node_to_the_idle_one()
    {
        book.Take(new NodeLoads(Self.ToString(), [new ShardLoadData("1", 500), new ShardLoadData("2", 400)]));
        book.Take(new NodeLoads(Other.ToString(), []));
        Assert.Equal("2", Assert.Single(await RebalanceAsync(["1", "2"], ["3", "4"])));
    }

    [Fact]
    public async Task Equal_loads_stay_whatever_the_number_of_shards()
    {
        book.Take(new NodeLoads(Self.ToString(), [new ShardLoadData("1", 500)]));
        book.Take(new NodeLoads(Other.ToString(), [new ShardLoadData("2", 250), new ShardLoadData("3", 250)]));
        Assert.Empty(await RebalanceAsync(["1"], ["2", "3"]));
    }

    [Fact]
    public async Task While_a_node_with_shards_has_not_reported_shards_move_by_number()
    {
        book.Take(new NodeLoads(Self.ToString(), [new ShardLoadData("1", 500)]));
        Assert.Empty(await RebalanceAsync(["1", "2"], ["3", "4"]));
        Assert.NotEmpty(await RebalanceAsync(["1"], ["2", "3", "4", "5"]));
    }

    [Fact]
    public async Task A_report_that_has_grown_old_counts_no_more()
    {
        book.Take(new NodeLoads(Self.ToString(), [new ShardLoadData("1", 500), new ShardLoadData("2", 400)]));
        book.Take(new NodeLoads(Other.ToString(), []));
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Empty(await RebalanceAsync(["1", "2"], ["3", "4"]));
    }

    [Fact]
    public async Task Nothing_moves_while_shards_are_moving()
    {
        book.Take(new NodeLoads(Self.ToString(), [new ShardLoadData("1", 500), new ShardLoadData("2", 400)]));
        book.Take(new NodeLoads(Other.ToString(), []));
        Assert.Empty(await strategy.Rebalance(Allocated(["1", "2"], ["3"]), ImmutableHashSet.Create("3")));
    }

    private Task<IImmutableSet<string>> RebalanceAsync(string[] mine, string[] theirs) =>
        strategy.Rebalance(Allocated(mine, theirs), ImmutableHashSet<string>.Empty);

    private ImmutableDictionary<IActorRef, IImmutableList<string>> Allocated(string[] mine, string[] theirs) =>
        ImmutableDictionary<IActorRef, IImmutableList<string>>.Empty.Add(here, mine.ToImmutableList()).Add(there, theirs.ToImmutableList());

    // A region on another node: only its address matters.
    private sealed class RemoteRegion(ActorPath path) : MinimalActorRef
    {
        public override ActorPath Path => path;

        public override IActorRefProvider Provider => throw new NotSupportedException();
    }
}
