using Akka.Configuration;
using PgTrickle.Actors.Configuration;

namespace PgTrickle.Actors.Tests.Configuration;

public sealed class ShippedConfigurationTests
{
    [Fact]
    public void The_shipped_files_make_valid_settings()
    {
        var settings = NodeSettings.From(ShippedConfiguration.Load());
        Assert.Equal("worker coordinator gateway", string.Join(" ", settings.Roles));
        Assert.Equal("pgtrickle", settings.Cluster.SystemName);
        Assert.Equal(0, settings.Cluster.Port);
        Assert.True(settings.Gateway is { RequireTls: false, TrustsLoopback: true, MaxSessions: 1000 });
        Assert.True(settings.Lease.Interval * 3 <= settings.Lease.Timeout);
    }

    [Fact]
    public void Every_file_is_shipped_and_none_repeats_a_setting_of_another()
    {
        var owners = new Dictionary<string, string>();
        foreach (var file in ShippedConfiguration.Files)
        {
            foreach (var (path, _) in ConfigurationFactory.ParseString(ShippedConfiguration.Text(file)).AsEnumerable().SelectMany(Leaves))
            {
                Assert.True(owners.TryAdd(path, file), $"{path} is in {file} and in {owners[path]}");
            }
        }

        Assert.Contains("akka.cluster.split-brain-resolver.active-strategy", owners.Keys);
        Assert.Contains("pgtrickle.node.max-workers", owners.Keys);
    }

    [Theory]
    [InlineData("akka.cluster.downing-provider-class", "Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster")]
    [InlineData("akka.cluster.split-brain-resolver.active-strategy", "lease-majority")]
    [InlineData("akka.cluster.sharding.state-store-mode", "ddata")]
    [InlineData("akka.persistence.journal.sql.auto-initialize", "off")]
    [InlineData("akka.persistence.journal.plugin", "akka.persistence.journal.sql")]
    public void What_the_cluster_depends_on_is_set(string path, string expected) =>
        Assert.Equal(expected, ShippedConfiguration.Load().GetString(path));

    [Fact]
    public void What_a_user_gives_prevails() =>
        Assert.Equal(7, NodeSettings.From(ShippedConfiguration.Load("pgtrickle.node.max-workers = 7")).MaxWorkers);

    [Theory]
    [InlineData("pgtrickle.node.max-workers = 1001", "pgtrickle.node.max-workers")]
    [InlineData("pgtrickle.node.max-workers = many", "pgtrickle.node.max-workers")]
    [InlineData("pgtrickle.node.roles = [baker]", "pgtrickle.node.roles")]
    [InlineData("pgtrickle.node.roles = []", "pgtrickle.node.roles")]
    [InlineData("pgtrickle.node.stop-timeout = 10", "pgtrickle.node.stop-timeout")]
    [InlineData("pgtrickle.node.stop-timeout = soon", "pgtrickle.node.stop-timeout")]
    [InlineData("pgtrickle.cluster.port = 65536", "pgtrickle.cluster.port")]
    [InlineData("pgtrickle.cluster.system-name = \"a b\"", "pgtrickle.cluster.system-name")]
    [InlineData("pgtrickle.cluster.member-freshness = 2s", "pgtrickle.cluster.member-freshness")]
    [InlineData("pgtrickle.lease.heartbeat-interval = 9s", "pgtrickle.lease.heartbeat-interval")]
    [InlineData("pgtrickle.gateway.trust-loopback = perhaps", "pgtrickle.gateway.trust-loopback")]
    [InlineData("pgtrickle.gateway.require-tls = on", "pgtrickle.gateway.require-tls")]
    [InlineData("pgtrickle.gateway.certificate = \"tls.crt\"", "pgtrickle.gateway.certificate")]
    [InlineData("pgtrickle.gateway.hostname = nowhere", "pgtrickle.gateway.hostname")]
    public void A_wrong_setting_is_named(string text, string setting) =>
        Assert.Contains(
            setting, Assert.Throws<ConfigurationException>(() => NodeSettings.From(ShippedConfiguration.Load(text))).Message, StringComparison.Ordinal);

    private static IEnumerable<(string Path, string Value)> Leaves(KeyValuePair<string, Akka.Configuration.Hocon.HoconValue> entry) => Leaves(entry.Key, entry.Value);

    private static IEnumerable<(string Path, string Value)> Leaves(string path, Akka.Configuration.Hocon.HoconValue value) => value.IsObject()
        ? value.GetObject().Items.SelectMany(item => Leaves($"{path}.{item.Key}", item.Value))
        : [(path, value.ToString()!)];
}
