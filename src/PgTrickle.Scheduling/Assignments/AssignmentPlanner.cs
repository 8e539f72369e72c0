using System.Collections.Frozen;
using System.Collections.Immutable;
using PgTrickle.Scheduling.Graph;
using PgTrickle.Scheduling.Schedules;

namespace PgTrickle.Scheduling.Assignments;

/// <summary>Computes assignments from a snapshot of the catalog: the coordinator's pure part.</summary>
public sealed class AssignmentPlanner
{
    private readonly FrozenDictionary<long, StreamTableInfo> tables;
    private readonly PlanningSettings settings;
    private readonly DependencyGraph graph;
    private readonly FrozenDictionary<long, EffectiveSchedule> schedules;
    private readonly FrozenDictionary<long, AtomicGroup> groupOf;

    private AssignmentPlanner(
        FrozenDictionary<long, StreamTableInfo> tables, PlanningSettings settings, DependencyGraph graph, EquatableArray<AtomicGroup> groups)
    {
        this.tables = tables;
        this.settings = settings;
        this.graph = graph;
        schedules = ScheduleResolution.Resolve(graph, tables, settings);
        groupOf = groups.SelectMany(group => group.Members.Select(member => (member, group))).ToFrozenDictionary(x => x.member, x => x.group);
    }

    /// <summary>Plans all stream tables of one database.</summary>
    /// <exception cref="ArgumentException">Two stream tables have the same id.</exception>
    public static AssignmentPlan Plan(IEnumerable<StreamTableInfo> catalog, PlanningSettings settings)
    {
        // Not ToFrozenDictionary alone: it takes the last of two equal ids in silence.
        var tables = catalog.ToDictionary(table => table.Id).ToFrozenDictionary();
        var build = DependencyGraph.Build(tables.Values.Select(table => new StreamTableNode(table.Id, table.Upstream, table.Sources)));
        var groups = Diamonds.Find(build.Graph, id => new DiamondSettings(
            tables[id].DiamondConsistency, tables[id].DiamondSchedulePolicy, IsScheduled(tables[id], settings)));
        var planner = new AssignmentPlanner(tables, settings, build.Graph, groups);
        var assignments = build.Graph.TopologicalOrder.ToImmutableSortedDictionary(id => id, planner.Assign);
        return new AssignmentPlan(build.Graph, groups, assignments, build.Excluded, build.Cycle);
    }

    private static bool IsScheduled(StreamTableInfo table, PlanningSettings settings) =>
        !table.IsImmediate && settings.TierOf(table) != Tier.Frozen;

    private Assignment Assign(long id)
    {
        var table = tables[id];
        var group = groupOf.GetValueOrDefault(id);
        var drives = group is null || group.Owner == id;
        EquatableArray<long> refreshed = !drives ? [] : group is null ? [id] : group.Members;
        var watchedUpstream = refreshed.SelectMany(member => graph.Upstream(member)).Except(refreshed).Order().ToEquatableArray();
        var timetable = !drives ? EffectiveSchedule.Never
            : group is null ? schedules[id].In(settings.TierOf(table))
            : GroupTimetable(group);
        return new Assignment
        {
            Id = id,
            Name = table.Name,
            DefinitionVersion = table.DefinitionVersion,
            Mode = table.Mode,
            Schedule = schedules[id],
            Tier = drives && group is not null ? group.Members.Min(member => settings.TierOf(tables[member])) : settings.TierOf(table),
            Timetable = watchedUpstream.IsEmpty ? timetable.WithoutUpstreamAdvance() : timetable,
            Level = graph.Level(id),
            Upstream = graph.Upstream(id),
            Downstream = graph.Downstream(id),
            Sources = graph.Node(id).Sources,
            Group = group is null ? null : new GroupMembership(group, drives, BlockersOf(group, id)),
            WatchedSources = refreshed.SelectMany(member => graph.Node(member).Sources).Distinct().Order().ToEquatableArray(),
            WatchedUpstream = watchedUpstream,
            Announce = AnnouncementsOf(refreshed),
            FuseCeiling = table.FuseCeiling,
            FuseSensitivity = table.FuseSensitivity,
            NeverSkips = refreshed.Any(member => tables[member].ReadsUntracked),
        };
    }

    private EffectiveSchedule GroupTimetable(AtomicGroup group)
    {
        var members = group.Members.Select(member => schedules[member].In(settings.TierOf(tables[member]))).ToList();
        var slowest = members.MaxBy(member => member.TypicalPeriod() ?? TimeSpan.Zero)!;
        return group.Policy == DiamondSchedulePolicy.Slowest && slowest.IsTimed
            ? slowest.WithoutUpstreamAdvance()
            : members.Aggregate(EffectiveSchedule.Never, (all, next) => all.Or(next));
    }

    private EquatableArray<long> BlockersOf(AtomicGroup group, long self) => group.Members
        .Where(member => member != self && tables[member].Status != StreamTableStatus.Active)
        .ToEquatableArray();

    private EquatableArray<AdvanceLink> AnnouncementsOf(EquatableArray<long> refreshed) => refreshed
        .SelectMany(member => graph.Downstream(member)
            .Except(refreshed)
            .Where(reader => IsScheduled(tables[reader], settings))
            .Select(reader => new AdvanceLink(member, groupOf.TryGetValue(reader, out var group) ? group.Owner : reader)))
        .Distinct()
        .OrderBy(link => link.Advanced)
        .ThenBy(link => link.Entity)
        .ToEquatableArray();
}
