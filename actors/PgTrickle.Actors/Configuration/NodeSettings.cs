using System.Collections.Immutable;
using Akka.Configuration;

namespace PgTrickle.Actors.Configuration;

/// <summary>The settings under <c>pgtrickle</c> in <c>hocon/pgtrickle.reference.conf</c>, validated; that file says what each means.</summary>
public sealed record NodeSettings(
    string Name,
    ImmutableArray<string> Roles,
    int MaxWorkers,
    int MaxWaiting,
    TimeSpan StopTimeout,
    MembershipSettings Cluster,
    LeaseTimes Lease,
    int DetectorIdleFactor,
    CoordinatorSettings Coordinator,
    CommandSettings Commands,
    PlacementSettings Placement,
    GatewaySettings Gateway,
    TelemetrySettings Telemetry)
{
    /// <summary>Roles that a node can have.</summary>
    public static ImmutableArray<string> KnownRoles { get; } = [NodeRoles.Worker, NodeRoles.Coordinator, NodeRoles.Gateway];

    /// <summary>Reads and checks all settings.</summary>
    /// <exception cref="ConfigurationException">One is missing, malformed or out of range; the message names it.</exception>
    public static NodeSettings From(Config config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var reader = new SettingsReader(config.GetConfig("pgtrickle") ?? throw new ConfigurationException("There is no section pgtrickle."));
        return new NodeSettings(
            reader.Text("node.name"),
            reader.Words("node.roles", KnownRoles),
            reader.Number("node.max-workers", 0, 1000),
            reader.Number("node.max-waiting", 1, int.MaxValue),
            reader.Time("node.stop-timeout"),
            MembershipSettings.From(reader),
            LeaseTimes.From(reader),
            reader.Number("detector.idle-factor", 1, 100),
            new CoordinatorSettings(
                reader.Time("coordinator.resend-interval"),
                reader.Number("coordinator.snapshot-every", 10, int.MaxValue),
                reader.Time("coordinator.clean-up-interval")),
            new CommandSettings(reader.Time("commands.lease"), reader.Number("commands.max-claimed", 1, 100_000), reader.Time("commands.ask-again")),
            new PlacementSettings(
                reader.Time("placement.report-interval"),
                reader.Time("placement.window"),
                reader.Number("placement.tolerance-percent", 1, 1000),
                reader.Number("placement.max-moves", 1, 1000)),
            GatewaySettings.From(reader),
            new TelemetrySettings(reader.Text("telemetry.otlp-endpoint"), reader.Text("telemetry.service-name")));
    }
}

/// <summary>Names of roles.</summary>
public static class NodeRoles
{
    /// <summary>Refreshes stream tables.</summary>
    public const string Worker = "worker";

    /// <summary>May host the DAG coordinator.</summary>
    public const string Coordinator = "coordinator";

    /// <summary>Takes client connections.</summary>
    public const string Gateway = "gateway";
}

/// <summary>Section <c>cluster</c>.</summary>
public sealed record MembershipSettings(
    string SystemName,
    string Hostname,
    string PublicHostname,
    int Port,
    int PublicPort,
    TimeSpan HeartbeatInterval,
    TimeSpan MemberFreshness,
    TimeSpan BootstrapInterval,
    TimeSpan JoinTimeout,
    int Shards)
{
    internal static MembershipSettings From(SettingsReader reader)
    {
        var settings = new MembershipSettings(
            reader.Text("cluster.system-name"),
            reader.Text("cluster.hostname"),
            reader.Text("cluster.public-hostname"),
            reader.Number("cluster.port", 0, 65535),
            reader.Number("cluster.public-port", 0, 65535),
            reader.Time("cluster.heartbeat-interval"),
            reader.Time("cluster.member-freshness"),
            reader.Time("cluster.bootstrap-interval"),
            reader.Time("cluster.join-timeout"),
            reader.Number("cluster.shards", 1, 10_000));
        SettingsReader.Require(
            settings.SystemName.Length > 0 && settings.SystemName.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_'),
            "cluster.system-name",
            "letters, digits, - and _ are allowed");
        SettingsReader.Require(settings.Hostname.Length > 0, "cluster.hostname", "it must not be empty");
        SettingsReader.Require(
            settings.MemberFreshness >= settings.HeartbeatInterval * 3, "cluster.member-freshness", "it must be at least three heartbeat intervals");
        return settings;
    }
}

/// <summary>Section <c>lease</c>: how long a lease lives, and how often it is renewed.</summary>
public sealed record LeaseTimes(TimeSpan Timeout, TimeSpan Interval, TimeSpan OperationTimeout)
{
    internal static LeaseTimes From(SettingsReader reader)
    {
        var times = new LeaseTimes(
            reader.Time("lease.heartbeat-timeout"), reader.Time("lease.heartbeat-interval"), reader.Time("lease.lease-operation-timeout"));
        SettingsReader.Require(times.Interval * 3 <= times.Timeout, "lease.heartbeat-interval", "it must be at most a third of heartbeat-timeout");
        return times;
    }
}

/// <summary>Section <c>coordinator</c>.</summary>
public sealed record CoordinatorSettings(TimeSpan ResendInterval, int SnapshotEvery, TimeSpan CleanUpInterval);

/// <summary>Section <c>commands</c>.</summary>
public sealed record CommandSettings(TimeSpan Lease, int MaxClaimed, TimeSpan AskAgain);

/// <summary>Section <c>placement</c>.</summary>
public sealed record PlacementSettings(TimeSpan ReportInterval, TimeSpan Window, int TolerancePercent, int MaxMoves);

/// <summary>Section <c>telemetry</c>.</summary>
public sealed record TelemetrySettings(string OtlpEndpoint, string ServiceName);

/// <summary>Reads values of the section and names the offending setting in errors.</summary>
internal sealed class SettingsReader(Config config)
{
    public static void Require(bool condition, string setting, string rule)
    {
        if (!condition)
        {
            throw new ConfigurationException($"pgtrickle.{setting} is invalid: {rule}.");
        }
    }

    public string Text(string setting)
    {
        Require(config.HasPath(setting), setting, "it is missing");
        return config.GetString(setting) ?? "";
    }

    public int Number(string setting, int least, int most)
    {
        var text = Text(setting);
        var isNumber = int.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var value);
        Require(isNumber && value >= least && value <= most, setting, $"\"{text}\" is no whole number from {least} to {most}");
        return value;
    }

    public bool Flag(string setting)
    {
        var text = Text(setting);
        Require(text is "on" or "off" or "true" or "false", setting, $"\"{text}\" is neither on nor off");
        return text is "on" or "true";
    }

    public TimeSpan Time(string setting)
    {
        var text = Text(setting);
        TimeSpan? value;
        try
        {
            value = config.GetTimeSpan(setting);
        }
        catch (Exception)
        {
            value = null;
        }

        Require(value is { } time && time > TimeSpan.Zero && text.Any(char.IsAsciiLetter), setting, $"\"{text}\" is no duration such as 500ms or 10s");
        return value!.Value;
    }

    public ImmutableArray<string> Words(string setting, ImmutableArray<string> allowed)
    {
        Require(config.HasPath(setting), setting, "it is missing");
        var words = config.GetStringList(setting);
        Require(words.Count > 0 && words.All(allowed.Contains), setting, $"it is a list of {string.Join(", ", allowed)}");
        return [.. words.Distinct()];
    }
}
