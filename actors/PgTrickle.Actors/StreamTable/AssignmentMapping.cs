using PgTrickle.Actors.Contracts.Messages;
using PgTrickle.Scheduling;
using PgTrickle.Scheduling.Assignments;
using PgTrickle.Scheduling.Entities;
using PgTrickle.Scheduling.Graph;
using PgTrickle.Scheduling.Schedules;

namespace PgTrickle.Actors.StreamTable;

/// <summary>An assignment came in a form that this release can not read.</summary>
public sealed class UnreadableAssignmentException(string message) : Exception(message);

/// <summary>Assignments between the scheduler's types and those that cross the wire.</summary>
public static class AssignmentMapping
{
    /// <summary>For the wire.</summary>
    public static AssignmentData ToData(this Assignment assignment)
    {
        ArgumentNullException.ThrowIfNull(assignment);
        return new AssignmentData
        {
            Id = assignment.Id,
            Name = assignment.Name,
            DefinitionVersion = assignment.DefinitionVersion,
            Mode = assignment.Mode.ToKeyword(),
            Schedule = assignment.Schedule.ToData(),
            Tier = assignment.Tier.ToKeyword(),
            Timetable = assignment.Timetable.ToData(),
            Level = assignment.Level,
            Upstream = assignment.Upstream.AsImmutableArray(),
            Downstream = assignment.Downstream.AsImmutableArray(),
            Sources = assignment.Sources.AsImmutableArray(),
            Group = assignment.Group is not { } part
                ? null
                : new GroupData(
                    part.Group.Members.AsImmutableArray(),
                    part.Group.Convergences.AsImmutableArray(),
                    part.Group.Policy.ToKeyword(),
                    part.IsDriver,
                    part.BlockedBy.AsImmutableArray()),
            WatchedSources = assignment.WatchedSources.AsImmutableArray(),
            WatchedUpstream = assignment.WatchedUpstream.AsImmutableArray(),
            Announce = [.. assignment.Announce.Select(link => new AdvanceLinkData(link.Advanced, link.Entity))],
            NeverSkips = assignment.NeverSkips,
            FuseCeiling = assignment.FuseCeiling,
            FuseSensitivity = assignment.FuseSensitivity,
        };
    }

    /// <summary>From the wire.</summary>
    /// <exception cref="UnreadableAssignmentException">A keyword or a cron expression is unknown to this release.</exception>
    public static Assignment ToAssignment(this AssignmentData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return new Assignment
        {
            Id = data.Id,
            Name = data.Name,
            DefinitionVersion = data.DefinitionVersion,
            Mode = StreamTableKeywords.TryParse(data.Mode, out RefreshMode? mode) ? mode.Value : throw Unreadable("mode", data.Mode),
            Schedule = data.Schedule.ToSchedule(),
            Tier = Tiers.TryParse(data.Tier, out var tier) ? tier.Value : throw Unreadable("tier", data.Tier),
            Timetable = data.Timetable.ToSchedule(),
            Level = data.Level,
            Upstream = data.Upstream.ToEquatableArray(),
            Downstream = data.Downstream.ToEquatableArray(),
            Sources = data.Sources.ToEquatableArray(),
            Group = data.Group?.ToMembership(),
            WatchedSources = data.WatchedSources.ToEquatableArray(),
            WatchedUpstream = data.WatchedUpstream.ToEquatableArray(),
            Announce = data.Announce.Select(link => new AdvanceLink(link.Advanced, link.Entity)).ToEquatableArray(),
            NeverSkips = data.NeverSkips,
            FuseCeiling = data.FuseCeiling,
            FuseSensitivity = data.FuseSensitivity,
        };
    }

    /// <summary>From the wire.</summary>
    public static EntityMemory ToMemory(this StandingData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var status = StreamTableKeywords.TryParse(data.Status, out StreamTableStatus? known) ? known.Value : throw Unreadable("status", data.Status);
        return new EntityMemory(status, data.IsPopulated, data.Initialize, data.ConsecutiveErrors, data.LastRefreshAt);
    }

    /// <summary>From the wire: the shipped settings with what the database says.</summary>
    public static EntitySettings ToSettings(this RulesData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return EntitySettings.Default with { MaxConsecutiveErrors = Math.Max(1, data.MaxConsecutiveErrors), AutoBackoff = data.AutoBackoff };
    }

    private static TimetableData ToData(this EffectiveSchedule schedule) => new(
        schedule.Interval,
        [.. schedule.Crons.Select(cron => new CronData(cron.Text, cron.Zone.Id))],
        schedule.OnUpstreamAdvance);

    private static EffectiveSchedule ToSchedule(this TimetableData data)
    {
        var schedule = data.Interval is { } interval ? EffectiveSchedule.Every(interval) : EffectiveSchedule.Never;
        schedule = data.Crons.Select(ToCron).Aggregate(schedule, (all, cron) => all.Or(EffectiveSchedule.At(cron)));
        return data.OnUpstreamAdvance ? schedule.Or(EffectiveSchedule.UponUpstreamAdvance) : schedule;
    }

    private static CronSchedule ToCron(CronData data) =>
        TimeZoneInfo.TryFindSystemTimeZoneById(data.Zone, out var zone)
        && ScheduleParser.TryParse(data.Text, zone, out var schedule, out _)
        && schedule is CronSchedule cron
            ? cron
            : throw Unreadable("cron expression", $"{data.Text} ({data.Zone})");

    private static GroupMembership ToMembership(this GroupData data) => new(
        new AtomicGroup(
            data.Members.ToEquatableArray(),
            data.Convergences.ToEquatableArray(),
            DiamondOptions.TryParse(data.Policy, out DiamondSchedulePolicy? policy) ? policy.Value : throw Unreadable("policy", data.Policy)),
        data.IsDriver,
        data.BlockedBy.ToEquatableArray());

    private static UnreadableAssignmentException Unreadable(string what, string value) => new($"Unknown {what} \"{value}\".");
}
