using Npgsql;
using PgTrickle.Actors.Configuration;
using PgTrickle.Node;

namespace PgTrickle.Gateway.Tests.EndToEnd;

public sealed class SettingsTests
{
    private static readonly ServerAddress Server = new("db", 5433, SslMode.VerifyFull);

    [Fact]
    public void The_shipped_settings_are_the_defaults_of_a_gateway()
    {
        var options = Options("");
        Assert.Equal(new GatewayOptions { Listen = options.Listen, Server = Server, Database = "shop" }, options);
        Assert.Equal("127.0.0.1:0", options.Listen.ToString());
    }

    [Fact]
    public void What_an_operator_sets_reaches_the_gateway()
    {
        var options = Options("""
            pgtrickle.gateway { hostname = "0.0.0.0", port = 6543, trust-loopback = off, require-tls = on, certificate = "a.crt", key = "a.key", max-sessions = 7 }
            """);
        Assert.Equal("0.0.0.0:6543", options.Listen.ToString());
        Assert.Equal(
            (false, true, new CertificateFiles("a.crt", "a.key"), 7), (options.TrustsLoopback, options.RequireTls, options.Certificate, options.MaxSessions));
    }

    private static GatewayOptions Options(string text) => GatewayRole.OptionsOf(NodeSettings.From(ShippedConfiguration.Load(text)).Gateway, Server, "shop");
}
