using System.Collections.Immutable;
using System.Globalization;
using PgTrickle.Actors.Contracts.Messages;
using PgTrickle.Postgres.Ports;
using PgTrickle.Scheduling;
using PgTrickle.Scheduling.Assignments;
using PgTrickle.Scheduling.Graph;
using PgTrickle.Scheduling.Schedules;

namespace PgTrickle.Actors.Dag;

/// <summary>A catalog image as the planner takes it.</summary>
/// <param name="Plan">Assignments of all readable stream tables.</param>
/// <param name="Tables">What they were computed from, by id.</param>
/// <param name="Unreadable">Stream tables with a definition that this release does not understand, and why.</param>
internal sealed record PlannedCatalog(
    AssignmentPlan Plan, ImmutableDictionary<long, CatalogStreamTable> Tables, ImmutableArray<(long PgtId, string Problem)> Unreadable)
{
    public static PlannedCatalog Empty { get; } = new(AssignmentPlan.Empty, ImmutableDictionary<long, CatalogStreamTable>.Empty, []);
}

/// <summary>From the catalog to assignments: pure.</summary>
internal static class CatalogPlanning
{
    private const string Enabled = "enabled";
    private const string PollInterval = "poll_interval_ms";
    private const string DefaultSchedule = "default_schedule_seconds";
    private const string TieredScheduling = "tiered_scheduling";
    private const string MaxConsecutiveErrors = "max_consecutive_errors";
    private const string AutoBackoff = "auto_backoff";
    private const string MaxWorkers = "max_workers";

    /// <summary>How often the change log is polled unless a setting says otherwise.</summary>
    public static TimeSpan DefaultPollInterval { get; } = TimeSpan.FromMilliseconds(200);

    public static PlannedCatalog Plan(CatalogImage image)
    {
        var infos = new List<StreamTableInfo>(image.StreamTables.Length);
        var unreadable = ImmutableArray.CreateBuilder<(long, string)>();
        foreach (var table in image.StreamTables)
        {
            if (InfoOf(table) is { } info)
            {
                infos.Add(info);
            }
            else
            {
                unreadable.Add((table.PgtId, $"schedule {table.Schedule}, mode {table.RefreshMode}, tier {table.Tier}, status {table.Status}"));
            }
        }

        var settings = new PlanningSettings(
            TimeSpan.FromSeconds(Number(image, DefaultSchedule, 1, 0.001)), Flag(image, TieredScheduling, true));
        return new PlannedCatalog(
            AssignmentPlanner.Plan(infos, settings), image.StreamTables.ToImmutableDictionary(table => table.PgtId), unreadable.ToImmutable());
    }

    /// <summary>
    /// Whether an entity may begin. A stream table that was never filled waits for those that it reads: filled from empty ones, it would be filled
    /// again row by row.
    /// </summary>
    public static bool MayStart(this PlannedCatalog planned, Assignment assignment) =>
        planned.Tables[assignment.Id].Status != "INITIALIZING"
        || assignment.Upstream.All(upstream => planned.Tables[upstream] is not { Status: "INITIALIZING", Initialize: true });

    public static StandingData Standing(CatalogStreamTable table) =>
        new(table.Status, table.IsPopulated, table.Initialize, table.ConsecutiveErrors, table.LastRefreshAt);

    public static RulesData Rules(CatalogImage image) => new(
        (int)Number(image, MaxConsecutiveErrors, 3, 1), Flag(image, AutoBackoff, true), Flag(image, Enabled, true), Poll(image));

    public static TimeSpan Poll(CatalogImage image) =>
        TimeSpan.FromMilliseconds(Number(image, PollInterval, DefaultPollInterval.TotalMilliseconds, 10));

    public static int Workers(CatalogImage image) => (int)Math.Min(1000, Number(image, MaxWorkers, 4, 1));

    /// <summary>What users see as <c>effective_schedule</c>.</summary>
    public static string EffectiveSchedule(Assignment assignment, CatalogStreamTable table) =>
        (Tiers.TryParse(table.Tier, out var tier) ? assignment.Schedule.In(tier.Value) : assignment.Schedule).ToString();

    private static StreamTableInfo? InfoOf(CatalogStreamTable table)
    {
        var readable = ScheduleParser.TryParse(table.Schedule, out var schedule, out _)
            & StreamTableKeywords.TryParse(table.RefreshMode, out RefreshMode? mode)
            & StreamTableKeywords.TryParse(table.Status, out StreamTableStatus? status)
            & Tiers.TryParse(table.Tier, out var tier)
            & DiamondOptions.TryParse(table.DiamondConsistency, out DiamondConsistency? consistency)
            & DiamondOptions.TryParse(table.DiamondSchedulePolicy, out DiamondSchedulePolicy? policy);
        return !readable ? null : new StreamTableInfo(
            table.PgtId,
            $"{table.Schema}.{table.Name}",
            schedule!,
            tier!.Value,
            mode!.Value,
            status!.Value,
            consistency!.Value,
            policy!.Value,
            table.Sources.Where(source => source.PgtId is not null).Select(source => source.PgtId!.Value).ToEquatableArray(),
            table.Sources.Where(source => source.PgtId is null).Select(source => source.Relid).ToEquatableArray(),
            table.DefinitionVersion,
            table.ReadsUntracked,
            table.FuseMode == "off" ? null : table.FuseCeiling,
            Math.Max(1, table.FuseSensitivity));
    }

    private static double Number(CatalogImage image, string name, double standard, double least) =>
        image.Settings.TryGetValue(name, out var text) && double.TryParse(text, CultureInfo.InvariantCulture, out var value)
            ? Math.Max(least, value)
            : standard;

    private static bool Flag(CatalogImage image, string name, bool standard) => image.Settings.GetValueOrDefault(name)?.Trim().ToUpperInvariant() switch
    {
        "ON" or "TRUE" or "YES" or "1" => true,
        "OFF" or "FALSE" or "NO" or "0" => false,
        _ => standard,
    };
}
