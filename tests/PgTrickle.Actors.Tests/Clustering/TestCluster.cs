using Akka.Actor;
using Microsoft.Extensions.Logging.Abstractions;
using PgTrickle.Actors.Configuration;
using PgTrickle.Actors.Dag;
using PgTrickle.Actors.Diagnostics;
using PgTrickle.Actors.Tests.Fakes;
using PgTrickle.Postgres.Cluster;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Actors.Tests.Clustering;

/// <summary>
/// Nodes in one process with the shipped configuration, real membership, leases and journal in PostgreSQL, and an engine that commits at
/// once and notes on which node.
/// </summary>
public sealed class TestCluster(InstalledDatabase database) : IAsyncDisposable
{
    private const string Overrides = """
        akka.coordinated-shutdown.run-by-actor-system-terminate = off
        akka.cluster.sharding.rebalance-interval = 1s
        pgtrickle.coordinator.resend-interval = 500ms
        pgtrickle.cluster.member-freshness = 4s
        """;

    private readonly List<Node> nodes = [];

    public FakeCatalog Catalog { get; } = new();

    public FakeQueue Queue { get; } = new();

    public FakeDetector Detector { get; } = new();

    public IReadOnlyList<Node> Nodes => nodes;

    /// <summary>Starts nodes at the same time.</summary>
    public async Task StartAsync(int count, string more = "") =>
        nodes.AddRange(await Task.WhenAll(Enumerable.Range(nodes.Count + 1, count).Select(number => StartNodeAsync($"node-{number}", more))));

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes.Where(node => !node.Actors.Terminated.IsCompleted))
        {
            await node.Actors.StopAsync();
        }
    }

    private async Task<Node> StartNodeAsync(string name, string more)
    {
        var engine = new FakeEngine { Automatically = call => call.Commit([.. call.Members]) };
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var actors = await ActorNode.StartAsync(
            new ActorNodeOptions(
                ShippedConfiguration.Load($"{more}\n{Overrides}\npgtrickle.node.name = {name}"),
                new PostgresClusterDirectory(database.Control),
                new PostgresLeaseStore(database.Control),
                (identity, _, _) => Task.FromResult(new DatabaseServices("db", engine, Catalog, Catalog, Queue, Detector)),
                TimeProvider.System,
                [JournalConnections.Over(database.Control.CreateConnection), new LoggingSetup(NullLoggerFactory.Instance)]),
            timeout.Token);
        return new Node(name, actors, engine);
    }

    public sealed record Node(string Name, ActorNode Actors, FakeEngine Engine)
    {
        /// <summary>As after kill -9: nobody is told.</summary>
        public void Crash() => ((ExtendedActorSystem)Actors.System).Abort();

        /// <summary>Stream tables that this node refreshed.</summary>
        public IReadOnlySet<long> Refreshed => Engine.History.SelectMany(call => call.Members).ToHashSet();
    }
}
