using Akka.Configuration;
using Akka.TestKit.Xunit2;
using Microsoft.Extensions.Time.Testing;
using PgTrickle.Actors.Configuration;
using Xunit.Abstractions;

namespace PgTrickle.Actors.Tests.Fakes;

/// <summary>
/// An actor system with the shipped configuration, but for what a single process without a database needs: no cluster, a journal in memory.
/// Every message is serialised on its way, and time stands still until a test moves it.
/// </summary>
public abstract class ActorTest(ITestOutputHelper output, string more = "")
    : TestKit(Configured(more), "test", output)
{
    private const string Overrides = """
        akka.actor.provider = local
        akka.actor.serialize-messages = on
        akka.loggers = ["Akka.TestKit.TestEventListener, Akka.TestKit"]
        akka.loglevel = WARNING
        akka.test.filter-leeway = 60s
        akka.persistence.journal.plugin = "akka.persistence.journal.inmem"
        akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
        """;

    public static TimeSpan Patience { get; } = TimeSpan.FromMinutes(1);

    protected FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    private static Config Configured(string more) => ShippedConfiguration.Load(Overrides + "\n" + more);
}
