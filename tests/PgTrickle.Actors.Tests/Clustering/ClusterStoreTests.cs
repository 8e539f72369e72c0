using PgTrickle.Postgres.Cluster;
using PgTrickle.Postgres.Ports;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Actors.Tests.Clustering;

public sealed class ClusterStoreTests
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(5);

    [Theory]
    [PostgresVersions]
    public async Task A_node_is_listed_with_its_state_and_a_restart_at_its_address_replaces_it(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        var directory = new PostgresClusterDirectory(database.Control);
        var first = await directory.RegisterAsync(Node("a", 1), default);
        await directory.SetStateAsync(first, "joined", default);
        var row = Assert.Single(await directory.ListAsync("sys", Fresh, default));
        Assert.Equal((first.NodeId, "a", "joined"), (row.NodeId, row.Name, row.State));
        Assert.Equal("worker,gateway", string.Join(',', row.Roles));
        var second = await directory.RegisterAsync(Node("a", 1), default);
        Assert.NotEqual(first.NodeId, second.NodeId);
        Assert.False(first.Token.Span.SequenceEqual(second.Token.Span));
        Assert.Equal(("init", second.NodeId), (await directory.ListAsync("sys", Fresh, default)).Select(member => (member.State, member.NodeId)).Single());
        Assert.Empty(await directory.ListAsync("another", Fresh, default));
        await directory.RemoveAsync(second, default);
        Assert.Empty(await directory.ListAsync("sys", Fresh, default));
    }

    [Theory]
    [PostgresVersions]
    public async Task The_server_keeps_a_hash_of_the_token_only_and_users_see_nodes_without_it(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        var directory = new PostgresClusterDirectory(database.Control);
        var node = await directory.RegisterAsync(Node("a", 1), default);
        await directory.SetStateAsync(node, "joined", default);
        await directory.HeartbeatAsync(node, 3, 17, default);
        var hash = await database.Control.ScalarAsync<byte[]>("SELECT token_hash FROM pgtrickle.cluster_members");
        Assert.Equal(System.Security.Cryptography.SHA256.HashData(node.Token.Span), hash);
        Assert.DoesNotContain(Convert.ToHexString(node.Token.Span), node.ToString(), StringComparison.OrdinalIgnoreCase);
        var seen = Assert.Single((await database.QueryAsync("SELECT active_workers, entities, alive FROM pgtrickle.cluster_nodes()")).Rows);
        Assert.Equal([3, 17, true], seen);
        Assert.Equal("(3,5)", await database.ScalarAsync<string>("SELECT pgtrickle.worker_pool_status()::text"));
        var refused = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => database.QueryAsync("SELECT * FROM pgtrickle.cluster_members"));
        Assert.Equal("42501", refused.SqlState);
    }

    [Theory]
    [PostgresVersions]
    public async Task One_node_at_a_time_may_found_and_the_right_ends_with_its_connection(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        var directory = new PostgresClusterDirectory(database.Control);
        var inner = true;
        Assert.True(await directory.TryFoundAsync(
            "sys", async token => inner = await directory.TryFoundAsync("sys", _ => throw new InvalidOperationException("twice"), token), default));
        Assert.False(inner);
        await Assert.ThrowsAsync<InvalidOperationException>(() => directory.TryFoundAsync("sys", _ => throw new InvalidOperationException("broken"), default));
        Assert.True(await directory.TryFoundAsync("sys", _ => Task.CompletedTask, default));
    }

    [Theory]
    [PostgresVersions]
    public async Task A_lease_has_one_owner_and_a_new_epoch_for_each(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        var leases = new PostgresLeaseStore(database.Control);
        var mine = await leases.AcquireAsync("l", "a", Fresh, default);
        Assert.Null(await leases.AcquireAsync("l", "b", Fresh, default));
        Assert.True(await leases.RenewAsync("l", "a", mine!.Value, Fresh, default));
        Assert.False(await leases.RenewAsync("l", "a", mine.Value + 1, Fresh, default));
        Assert.True(await leases.ReleaseAsync("l", "a", mine.Value, default));
        var theirs = await leases.AcquireAsync("l", "b", Fresh, default);
        Assert.True(theirs > mine);
        Assert.False(await leases.RenewAsync("l", "a", mine.Value, Fresh, default));
        Assert.False(await leases.ReleaseAsync("l", "a", mine.Value, default));
    }

    [Theory]
    [PostgresVersions]
    public async Task An_expired_lease_is_free_and_its_last_owner_notices(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        var leases = new PostgresLeaseStore(database.Control);
        var mine = await leases.AcquireAsync("l", "a", TimeSpan.FromMilliseconds(-1), default);
        var theirs = await leases.AcquireAsync("l", "b", Fresh, default);
        Assert.NotNull(theirs);
        Assert.False(await leases.RenewAsync("l", "a", mine!.Value, Fresh, default));
    }

    private static NodeDescription Node(string name, int port) => new(name, $"akka.tcp://sys@h:{port}", "sys", ["worker", "gateway"], 5);
}
