using CsCheck;
using PgTrickle.Scheduling.Schedules;
using PgTrickle.Scheduling.Workers;

namespace PgTrickle.Scheduling.Tests.Workers;

public sealed class SlotQueueTests
{
    [Fact]
    public void Waiting_attempts_are_served_requests_first_then_by_tier_then_by_lateness_then_by_arrival()
    {
        var queue = SlotQueue.Create(1).Request(new("running", 1), Scheduled(Tier.Hot, 0)).Queue;
        (string Entity, SlotPriority Priority)[] order =
        [
            ("asked", SlotPriority.Requested(TimeSpan.FromSeconds(99))),
            ("hot, late", Scheduled(Tier.Hot, 1)),
            ("hot", Scheduled(Tier.Hot, 2)),
            ("hot, came after", Scheduled(Tier.Hot, 2)),
            ("warm, very late", Scheduled(Tier.Warm, -100)),
            ("cold", Scheduled(Tier.Cold, 0)),
        ];
        foreach (var index in new[] { 5, 2, 4, 3, 0, 1 })
        {
            var grants = queue.Request(new(order[index].Entity, 1), order[index].Priority);
            Assert.Empty(grants.Granted);
            queue = grants.Queue;
        }

        var holder = "running";
        foreach (var (entity, _) in order)
        {
            var grants = queue.Release(new(holder, 1));
            Assert.Equal(entity, Assert.Single(grants.Granted).Entity);
            (queue, holder) = (grants.Queue, entity);
        }
    }

    [Fact]
    public void Asking_again_changes_the_priority_and_takes_no_second_place()
    {
        var queue = SlotQueue.Create(0).Request(new("a", 1), Scheduled(Tier.Cold, 0)).Queue;
        queue = queue.Request(new("b", 1), Scheduled(Tier.Warm, 0)).Queue.Request(new("a", 1), Scheduled(Tier.Hot, 0)).Queue;
        Assert.Equal(2, queue.Waiting);
        Assert.Equal(["a", "b"], queue.Resize(2).Granted.Select(holder => holder.Entity));
    }

    [Fact]
    public void An_entity_that_ended_leaves_nothing_behind()
    {
        var queue = SlotQueue.Create(1).Request(new("a", 1), Scheduled(Tier.Hot, 0)).Queue;
        queue = queue.Request(new("a", 2), Scheduled(Tier.Hot, 0)).Queue.Request(new("b", 1), Scheduled(Tier.Cold, 0)).Queue;
        var grants = queue.ReleaseAll("a");
        Assert.Equal([new SlotHolder("b", 1)], grants.Granted);
        Assert.Equal((1, 0), (grants.Queue.Active, grants.Queue.Waiting));
    }

    [Fact]
    public void A_random_history_matches_a_list_that_is_sorted_every_time() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 5], Gen.Int[0, 4], Gen.Int[0, 3]).Array[0, 60].Sample(moves =>
        {
            var queue = SlotQueue.Create(2);
            var (capacity, active, waiting) = (2, new HashSet<SlotHolder>(), new List<(SlotPriority Priority, SlotHolder Holder)>());
            foreach (var (kind, entity, rank, number) in moves)
            {
                var holder = new SlotHolder($"e{entity}", number % 2);
                SlotGrants grants;
                switch (kind)
                {
                    case 0 or 1:
                        var priority = new SlotPriority(rank, TimeSpan.FromSeconds(number));
                        grants = queue.Request(holder, priority);
                        if (!active.Contains(holder))
                        {
                            waiting.RemoveAll(item => item.Holder == holder);
                            waiting.Add((priority, holder));
                        }

                        break;
                    case 2:
                        grants = queue.Release(holder);
                        active.Remove(holder);
                        waiting.RemoveAll(item => item.Holder == holder);
                        break;
                    default:
                        capacity = number;
                        grants = queue.Resize(capacity);
                        break;
                }

                // OrderBy is stable, so equals stay in order of arrival.
                var expected = waiting.OrderBy(item => item.Priority).Take(Math.Max(0, capacity - active.Count)).Select(item => item.Holder).ToList();
                Assert.Equal(expected, grants.Granted.AsEnumerable());
                waiting.RemoveAll(item => expected.Contains(item.Holder));
                active.UnionWith(expected);
                queue = grants.Queue;
                Assert.Equal((capacity, active.Count, waiting.Count), (queue.Capacity, queue.Active, queue.Waiting));
            }
        });

    private static SlotPriority Scheduled(Tier tier, int due) => SlotPriority.Scheduled(tier, TimeSpan.FromSeconds(due));
}
