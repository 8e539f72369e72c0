using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace PgTrickle.Actors.Diagnostics;

/// <summary>What a node tells OpenTelemetry. Names follow its conventions: durations in seconds.</summary>
public static class Telemetry
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "PgTrickle";

    private static readonly Meter Meter = new(Name);

    /// <summary>Spans of refreshes.</summary>
    public static ActivitySource Activities { get; } = new(Name);

    /// <summary>Refreshes that ended, by action or kind of failure.</summary>
    internal static Counter<long> Refreshes { get; } =
        Meter.CreateCounter<long>("pgtrickle.refreshes", "{refresh}", "Refreshes that ended, by outcome.");

    /// <summary>Rows that refreshes changed.</summary>
    internal static Counter<long> Rows { get; } = Meter.CreateCounter<long>("pgtrickle.rows", "{row}", "Rows inserted and deleted by refreshes.");

    /// <summary>From the start of an attempt to its end.</summary>
    internal static Histogram<double> RefreshDuration { get; } =
        Meter.CreateHistogram<double>("pgtrickle.refresh.duration", "s", "Time from the start of a refresh to its commit or failure.");

    /// <summary>From the moment at which a refresh was due to its end: how old data gets beyond its schedule.</summary>
    internal static Histogram<double> Lateness { get; } =
        Meter.CreateHistogram<double>("pgtrickle.refresh.lateness", "s", "Time that a due refresh waited for a worker.");

    /// <summary>Attempts that run on this node.</summary>
    internal static UpDownCounter<long> ActiveWorkers { get; } =
        Meter.CreateUpDownCounter<long>("pgtrickle.workers.active", "{worker}", "Workers that refresh.");

    /// <summary>Attempts that wait for a worker of this node.</summary>
    internal static UpDownCounter<long> Waiting { get; } =
        Meter.CreateUpDownCounter<long>("pgtrickle.workers.waiting", "{attempt}", "Due refreshes that wait for a worker.");

    /// <summary>Entities on this node.</summary>
    internal static UpDownCounter<long> Entities { get; } =
        Meter.CreateUpDownCounter<long>("pgtrickle.entities", "{stream table}", "Stream tables that live on this node.");

    /// <summary>Polls of the change log.</summary>
    internal static Counter<long> Polls { get; } = Meter.CreateCounter<long>("pgtrickle.detector.polls", "{poll}", "Polls of the change log, by result.");

    /// <summary>Commands carried out.</summary>
    internal static Counter<long> Commands { get; } = Meter.CreateCounter<long>("pgtrickle.commands", "{command}", "Commands ended, by kind and outcome.");
}
