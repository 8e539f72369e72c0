using PgTrickle.Actors.Contracts.Messages;
using Proto = PgTrickle.Actors.Contracts.Protos;

namespace PgTrickle.Actors.Contracts.Serialization;

/// <summary>Assignments to and from their wire form.</summary>
internal static class AssignmentCodec
{
    public static Proto.Assignment ToProto(this AssignmentData data)
    {
        var proto = new Proto.Assignment
        {
            Id = data.Id,
            Name = data.Name,
            DefinitionVersion = data.DefinitionVersion,
            Mode = data.Mode,
            Schedule = data.Schedule.ToProto(),
            Tier = data.Tier,
            Timetable = data.Timetable.ToProto(),
            Level = data.Level,
            Group = data.Group?.ToProto(),
            NeverSkips = data.NeverSkips,
            FuseCeiling = data.FuseCeiling ?? -1,
            FuseSensitivity = data.FuseSensitivity,
        };
        proto.Upstream.AddRange(data.Upstream);
        proto.Downstream.AddRange(data.Downstream);
        proto.Sources.AddRange(data.Sources);
        proto.WatchedSources.AddRange(data.WatchedSources);
        proto.WatchedUpstream.AddRange(data.WatchedUpstream);
        proto.Announce.AddRange(data.Announce.Select(link => new Proto.AdvanceLink { Advanced = link.Advanced, Entity = link.Entity }));
        return proto;
    }

    public static AssignmentData ToData(this Proto.Assignment proto) => new()
    {
        Id = proto.Id,
        Name = proto.Name,
        DefinitionVersion = proto.DefinitionVersion,
        Mode = proto.Mode,
        Schedule = proto.Schedule.ToData(),
        Tier = proto.Tier,
        Timetable = proto.Timetable.ToData(),
        Level = proto.Level,
        Upstream = [.. proto.Upstream],
        Downstream = [.. proto.Downstream],
        Sources = [.. proto.Sources],
        Group = proto.Group?.ToData(),
        WatchedSources = [.. proto.WatchedSources],
        WatchedUpstream = [.. proto.WatchedUpstream],
        Announce = [.. proto.Announce.Select(link => new AdvanceLinkData(link.Advanced, link.Entity))],
        NeverSkips = proto.NeverSkips,
        FuseCeiling = proto.FuseCeiling < 0 ? null : proto.FuseCeiling,
        FuseSensitivity = Math.Max(1, proto.FuseSensitivity),
    };

    public static Proto.Standing ToProto(this StandingData data) => new()
    {
        Status = data.Status,
        IsPopulated = data.IsPopulated,
        Initialize = data.Initialize,
        ConsecutiveErrors = data.ConsecutiveErrors,
        LastRefreshAt = data.LastRefreshAt?.ToMicroseconds() ?? 0,
    };

    public static StandingData ToData(this Proto.Standing proto) => new(
        proto.Status,
        proto.IsPopulated,
        proto.Initialize,
        proto.ConsecutiveErrors,
        proto.LastRefreshAt == 0 ? null : proto.LastRefreshAt.ToInstant());

    public static Proto.EntityRules ToProto(this RulesData data) => new()
    {
        MaxConsecutiveErrors = data.MaxConsecutiveErrors,
        AutoBackoff = data.AutoBackoff,
        Enabled = data.Enabled,
        PollIntervalTicks = data.PollInterval.Ticks,
    };

    public static RulesData ToData(this Proto.EntityRules proto) => new(
        proto.MaxConsecutiveErrors, proto.AutoBackoff, proto.Enabled, TimeSpan.FromTicks(proto.PollIntervalTicks));

    private static Proto.Timetable ToProto(this TimetableData data)
    {
        var proto = new Proto.Timetable { IntervalTicks = data.Interval?.Ticks ?? 0, OnUpstreamAdvance = data.OnUpstreamAdvance };
        proto.Crons.AddRange(data.Crons.Select(cron => new Proto.CronText { Text = cron.Text, Zone = cron.Zone }));
        return proto;
    }

    private static TimetableData ToData(this Proto.Timetable? proto) => proto is null
        ? new TimetableData(null, [], false)
        : new TimetableData(
            proto.IntervalTicks == 0 ? null : TimeSpan.FromTicks(proto.IntervalTicks),
            [.. proto.Crons.Select(cron => new CronData(cron.Text, cron.Zone))],
            proto.OnUpstreamAdvance);

    private static Proto.Group ToProto(this GroupData data)
    {
        var proto = new Proto.Group { Policy = data.Policy, IsDriver = data.IsDriver };
        proto.Members.AddRange(data.Members);
        proto.Convergences.AddRange(data.Convergences);
        proto.BlockedBy.AddRange(data.BlockedBy);
        return proto;
    }

    private static GroupData ToData(this Proto.Group proto) =>
        new([.. proto.Members], [.. proto.Convergences], proto.Policy, proto.IsDriver, [.. proto.BlockedBy]);
}
