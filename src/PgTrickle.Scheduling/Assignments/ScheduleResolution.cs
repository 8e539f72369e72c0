using System.Collections.Frozen;
using PgTrickle.Scheduling.Graph;
using PgTrickle.Scheduling.Schedules;

namespace PgTrickle.Scheduling.Assignments;

/// <summary>
/// Gives each stream table its effective schedule, before its own tier is applied.
/// <list type="bullet">
/// <item>A duration or a cron expression stands for itself; one maintained in the writer's transaction has none.</item>
/// <item>A calculated one is as frequent as its most demanding dependent: the union (<see cref="EffectiveSchedule.Or"/>) of the timed
/// schedules of its direct dependents, their tiers applied. So a dependent's interval reaches up through any number of calculated
/// stream tables, a dependent with a cron expression alone passes that on, and a frozen or immediate one asks for nothing.</item>
/// <item>A calculated one that no dependent drives by the clock is due when an upstream stream table advanced, when it reads
/// a scheduled one. What it reads besides, and everything when it reads none, announces no advance: for that it has the default
/// schedule.</item>
/// </list>
/// The graph has no cycles, so one pass from the last stream table to the first reaches the fixpoint.
/// </summary>
public static class ScheduleResolution
{
    /// <summary>Resolves all stream tables of a graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="tables">Each stream table of the graph, by id.</param>
    /// <param name="settings">The default schedule and whether tiers count.</param>
    public static FrozenDictionary<long, EffectiveSchedule> Resolve(
        DependencyGraph graph, IReadOnlyDictionary<long, StreamTableInfo> tables, PlanningSettings settings)
    {
        var resolved = new Dictionary<long, EffectiveSchedule>(graph.Count);
        for (var index = graph.TopologicalOrder.Count - 1; index >= 0; index--)
        {
            var table = tables[graph.TopologicalOrder[index]];
            resolved.Add(table.Id, table switch
            {
                { IsImmediate: true } => EffectiveSchedule.Never,
                { Schedule: DurationSchedule duration } => EffectiveSchedule.Every(duration.Interval),
                { Schedule: CronSchedule cron } => EffectiveSchedule.At(cron),
                _ => DrivenByDependents(table.Id),
            });
        }

        return resolved.ToFrozenDictionary();

        EffectiveSchedule DrivenByDependents(long id)
        {
            var wanted = graph.Downstream(id)
                .Select(reader => resolved[reader].In(settings.TierOf(tables[reader])).WithoutUpstreamAdvance())
                .Aggregate(EffectiveSchedule.Never, (all, next) => all.Or(next));
            return wanted.IsNever ? DrivenBySources(id) : wanted;
        }

        EffectiveSchedule DrivenBySources(long id)
        {
            var upstream = graph.Upstream(id);
            var announced = upstream.Where(read => !tables[read].IsImmediate).ToList();
            var triggers = announced.Count > 0 ? EffectiveSchedule.UponUpstreamAdvance : EffectiveSchedule.Never;
            var readsMore = !tables[id].Sources.IsEmpty || announced.Count < upstream.Count || tables[id].ReadsUntracked;
            return announced.Count == 0 || readsMore ? triggers.Or(EffectiveSchedule.Every(settings.DefaultSchedule)) : triggers;
        }
    }

    /// <summary>The tier that counts: hot for all when tiers are switched off.</summary>
    public static Tier TierOf(this PlanningSettings settings, StreamTableInfo table) => settings.TieredScheduling ? table.Tier : Tier.Hot;
}
