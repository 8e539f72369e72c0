using System.Diagnostics.Metrics;

namespace PgTrickle.Gateway;

/// <summary>What a gateway counts, as the meter <c>PgTrickle.Gateway</c>.</summary>
public sealed class GatewayMetrics : IDisposable
{
    /// <summary>The name to subscribe to.</summary>
    public const string MeterName = "PgTrickle.Gateway";

    private readonly Meter _meter = new(MeterName);

    /// <summary>Makes the instruments.</summary>
    public GatewayMetrics()
    {
        Sessions = _meter.CreateUpDownCounter<long>("pgtrickle.gateway.sessions", "{session}", "Sessions that are open.");
        SessionsBegun = _meter.CreateCounter<long>("pgtrickle.gateway.sessions.begun", "{session}", "Sessions that logged in.");
        Holds = _meter.CreateUpDownCounter<long>("pgtrickle.gateway.holds", "{session}", "Sessions that wait for the outcome of a call.");
        HoldDuration = _meter.CreateHistogram<double>("pgtrickle.gateway.hold.duration", "s", "How long a session waited for the outcome of a call.");
        BytesToServer = _meter.CreateCounter<long>("pgtrickle.gateway.bytes.to_server", "By", "Bytes relayed from clients.");
        BytesToClient = _meter.CreateCounter<long>("pgtrickle.gateway.bytes.to_client", "By", "Bytes relayed from the server.");
        Errors = _meter.CreateCounter<long>("pgtrickle.gateway.errors", "{error}", "Sessions refused or ended by an error, by its SQLSTATE.");
        Cancels = _meter.CreateCounter<long>("pgtrickle.gateway.cancels", "{request}", "Cancel requests, by whether their key was known.");
    }

    internal UpDownCounter<long> Sessions { get; }

    internal Counter<long> SessionsBegun { get; }

    internal UpDownCounter<long> Holds { get; }

    internal Histogram<double> HoldDuration { get; }

    internal Counter<long> BytesToServer { get; }

    internal Counter<long> BytesToClient { get; }

    internal Counter<long> Errors { get; }

    internal Counter<long> Cancels { get; }

    internal void CountError(string sqlState) => Errors.Add(1, new KeyValuePair<string, object?>("sqlstate", sqlState));

    internal void CountCancel(bool known) => Cancels.Add(1, new KeyValuePair<string, object?>("known", known));

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
