using System.Net;

namespace PgTrickle.Actors.Configuration;

/// <summary>Section <c>gateway</c>: where clients connect.</summary>
public sealed record GatewaySettings(
    IPAddress Address, int Port, string PublicHostname, string Certificate, string Key, bool RequireTls, bool TrustsLoopback, int MaxSessions, TimeSpan DrainTimeout)
{
    /// <summary>Whether a node in role gateway takes clients.</summary>
    public bool IsEnabled => Port >= 0;

    internal static GatewaySettings From(SettingsReader reader)
    {
        var hostname = reader.Text("gateway.hostname");
        var isAddress = IPAddress.TryParse(hostname == "localhost" ? "127.0.0.1" : hostname, out var address);
        SettingsReader.Require(isAddress, "gateway.hostname", $"\"{hostname}\" is no address of this machine");
        var settings = new GatewaySettings(
            address!,
            reader.Number("gateway.port", -1, 65535),
            reader.Text("gateway.public-hostname") is { Length: > 0 } name ? name : hostname,
            reader.Text("gateway.certificate"),
            reader.Text("gateway.key"),
            reader.Flag("gateway.require-tls"),
            reader.Flag("gateway.trust-loopback"),
            reader.Number("gateway.max-sessions", 1, int.MaxValue),
            reader.Time("gateway.drain-timeout"));
        SettingsReader.Require((settings.Certificate.Length > 0) == (settings.Key.Length > 0), "gateway.certificate", "certificate and key belong together");
        SettingsReader.Require(!settings.RequireTls || settings.Certificate.Length > 0, "gateway.require-tls", "there is no certificate");
        return settings;
    }
}
