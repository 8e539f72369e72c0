using Akka.Cluster;
using PgTrickle.Actors.Tests.Fakes;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Actors.Tests.Clustering;

public sealed class ClusterTests
{
    private const int Tables = 30;

    [Theory]
    [PostgresVersions]
    public async Task Three_nodes_find_each_other_share_the_work_and_take_over_from_one_that_dies(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await using var cluster = new TestCluster(database);
        cluster.Catalog.Set([.. Enumerable.Range(1, Tables).Select(id => FakeCatalog.Table(id, "100ms"))]);
        await cluster.StartAsync(3);

        await Eventually.TrueAsync(
            () => cluster.Nodes.All(node => Cluster.Get(node.Actors.System).State.Members.Count(member => member.Status == MemberStatus.Up) == 3),
            "each node sees all three up");
        await Eventually.TrueAsync(() => RefreshedBy(cluster.Nodes).Count == Tables, "all stream tables were refreshed");
        await Eventually.TrueAsync(
            () =>
            {
                cluster.Detector.Changed([.. Enumerable.Range(1, Tables).Select(id => (uint)(1000 + id))]);
                return cluster.Nodes.All(node => node.Refreshed.Count > 0);
            },
            "each node has a part of the work");

        var (dead, alive) = (cluster.Nodes[0], cluster.Nodes.Skip(1).ToList());
        var lost = dead.Refreshed;
        dead.Crash();
        await Eventually.TrueAsync(
            () =>
            {
                cluster.Detector.Changed([.. Enumerable.Range(1, Tables).Select(id => (uint)(1000 + id))]);
                return RefreshedBy(alive).IsSupersetOf(lost);
            },
            "the other nodes refresh what the dead one had");
        await Eventually.TrueAsync(
            () => alive.All(node => Cluster.Get(node.Actors.System).State.Members.Count == 2), "the dead node is removed");
        Assert.All(alive, node => Assert.False(node.Actors.Terminated.IsCompleted));
    }

    [Theory]
    [PostgresVersions]
    public async Task A_node_that_leaves_hands_over_and_its_row_goes(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await using var cluster = new TestCluster(database);
        cluster.Catalog.Set([.. Enumerable.Range(1, Tables).Select(id => FakeCatalog.Table(id, "100ms"))]);
        await cluster.StartAsync(2);
        await Eventually.TrueAsync(() => RefreshedBy(cluster.Nodes).Count == Tables, "all stream tables were refreshed");
        var (leaving, staying) = (cluster.Nodes[0], cluster.Nodes[1]);
        var handed = leaving.Refreshed;
        await leaving.Actors.StopAsync();
        Assert.Null(leaving.Actors.Failure);
        await Eventually.TrueAsync(
            () =>
            {
                cluster.Detector.Changed([.. handed.Select(id => (uint)(1000 + id))]);
                return staying.Refreshed.IsSupersetOf(handed);
            },
            "the other node refreshes what was handed over");
        Assert.Equal([staying.Name], (await database.QueryAsync("SELECT node_name FROM pgtrickle.cluster_nodes()")).Rows.Select(row => (string)row[0]!));
    }

    [Theory]
    [PostgresVersions]
    public async Task The_coordinator_goes_on_from_its_journal_on_another_node(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await using var cluster = new TestCluster(database);
        cluster.Catalog.Set(FakeCatalog.Table(1, "100ms"), FakeCatalog.Table(2, "100ms", upstream: [1], sources: []));
        await cluster.StartAsync(2, "pgtrickle.coordinator.snapshot-every = 10");
        await Eventually.TrueAsync(() => cluster.Catalog.Schedules.Count == 2, "the coordinator has planned");
        for (var hour = 1; hour <= 10; hour++)
        {
            var schedule = $"{hour}h";
            cluster.Catalog.Update(2, table => table with { Schedule = schedule });
            await Eventually.TrueAsync(() => cluster.Catalog.Schedules[2] == schedule, "the change is planned");
        }

        await Eventually.TrueAsync(async () => await database.Control.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.snapshots") > 0, "a snapshot is saved");
        var oldest = cluster.Nodes.MinBy(node => Cluster.Get(node.Actors.System).SelfMember, Member.AgeOrdering)!;
        oldest.Crash();
        cluster.Catalog.Update(2, table => table with { Schedule = "1d" });
        await Eventually.TrueAsync(() => cluster.Catalog.Schedules[2] == "1d", "the new coordinator has planned");
        var journal = await database.Control.QueryAsync(
            "SELECT persistence_id, min(sequence_number), max(sequence_number), count(*) FROM pgtrickle.journal GROUP BY 1");
        var row = Assert.Single(journal.Rows);
        Assert.Equal("dag/db", row[0]);
        Assert.Equal((long)row[2]! - (long)row[1]! + 1, row[3]);
    }

    [Theory]
    [PostgresVersions]
    public async Task A_command_is_carried_out_once_by_whichever_node(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await using var cluster = new TestCluster(database);
        cluster.Detector.CommandsPending = () => cluster.Queue.HasPending;
        cluster.Catalog.Set(FakeCatalog.Table(1, "1h"));
        await cluster.StartAsync(2);
        cluster.Catalog.Set(
            FakeCatalog.Table(1, "1h"),
            FakeCatalog.Table(2, "1h", upstream: [1], sources: []) with { Status = "INITIALIZING", IsPopulated = false });
        cluster.Queue.Add(1, "create", 2);
        cluster.Queue.Add(2, "refresh", 1);
        await Eventually.TrueAsync(() => cluster.Queue.Outcomes.Count == 2, "both commands ended");
        Assert.All(cluster.Queue.Outcomes.Values, outcome => Assert.Equal("done", outcome));
        Assert.Equal("fill", Assert.Single(cluster.Nodes.SelectMany(node => node.Engine.History), call => call.Members[0] == 2).Kind);
        Assert.Single(cluster.Nodes.SelectMany(node => node.Engine.History), call => call.Initiator == Postgres.Ports.RefreshInitiator.Manual);
    }

    private static HashSet<long> RefreshedBy(IEnumerable<TestCluster.Node> nodes) => nodes.SelectMany(node => node.Refreshed).ToHashSet();
}
