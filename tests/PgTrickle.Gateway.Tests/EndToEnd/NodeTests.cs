using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgTrickle.Actors.Configuration;
using PgTrickle.Node;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Gateway.Tests.EndToEnd;

/// <summary>Calls through the gateway of a real node, carried out by the same node.</summary>
public sealed class NodeTests(ITestOutputHelper output)
{
    [Theory, PostgresVersions]
    public async Task A_stream_table_is_filled_when_its_creation_returns_and_fresh_when_its_refresh_returns(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var node = await StartNodeAsync(database);
        await using var connections = Connect(database, node);
        await connections.ExecuteAsync("CREATE TABLE public.t (k int PRIMARY KEY, v int NOT NULL)");
        await TimedAsync("create over an empty table", () => connections.ExecuteAsync(
            "SELECT pgtrickle.create_stream_table('public.st', 'SELECT k, v FROM public.t WHERE v > 0', '1h')"));
        Assert.True(await database.Superuser.ScalarAsync<bool>("SELECT is_populated FROM pgtrickle.stream_table_state"));
        for (var i = 0; i < 5; i++)
        {
            await connections.ExecuteAsync("INSERT INTO public.t SELECT $1 * 10 + n, n - 1 FROM generate_series(1, 10) n", i);
            await TimedAsync("refresh with 10 changes", () => connections.ExecuteAsync("SELECT pgtrickle.refresh_stream_table('public.st')"));
            await database.AssertSameMultisetAsync("TABLE public.st", "SELECT k, v FROM public.t WHERE v > 0");
        }

        await connections.ExecuteAsync("SELECT pgtrickle.drop_stream_table('public.st')");
        Assert.Equal(0, await database.Superuser.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.stream_tables"));
    }

    [Theory]
    [PostgresVersions("SELECT k, 1 / (v - 1) AS q FROM public.t", "AUTO", "22012")]
    [PostgresVersions("SELECT k, random() AS r FROM public.t", "DIFFERENTIAL", "0A000")]
    public async Task What_only_the_node_finds_wrong_is_the_statement_s_error_and_leaves_nothing(PostgresVersion version, string query, string mode, string code)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var node = await StartNodeAsync(database);
        await using var connections = Connect(database, node);
        await connections.ExecuteAsync("CREATE TABLE public.t (k int PRIMARY KEY, v int NOT NULL); INSERT INTO public.t VALUES (1, 1)");
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var error = await Assert.ThrowsAsync<PostgresException>(() => connections.ExecuteAsync(
                "SELECT pgtrickle.create_stream_table('public.st', $1, '1h', $2)", query, mode));
            Assert.Equal(code, error.SqlState);
            Assert.True(await database.Superuser.ScalarAsync<bool>("SELECT to_regclass('public.st') IS NULL AND NOT EXISTS (SELECT FROM pgtrickle.stream_tables)"));
        }
    }

    [Theory, PostgresVersions]
    public async Task A_fill_that_is_cancelled_stops_and_leaves_nothing(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var node = await StartNodeAsync(database);
        await using var connections = Connect(database, node);
        await connections.ExecuteAsync("CREATE TABLE public.t (k int PRIMARY KEY, v int NOT NULL); INSERT INTO public.t SELECT n, n FROM generate_series(1, 20000) n");
        await using var connection = await connections.OpenConnectionAsync();
        using var cancellation = new CancellationTokenSource();
        await using var command = new NpgsqlCommand(
            "SELECT pgtrickle.create_stream_table('public.st', 'SELECT count(*) AS n FROM public.t a, public.t b, public.t c WHERE a.v * b.v <> c.v', '1h', 'FULL')", connection);
        var running = command.ExecuteNonQueryAsync(cancellation.Token);
        await UntilWorkersAsync(database, true, "the fill runs");
        await cancellation.CancelAsync();
        var error = await Assert.ThrowsAsync<OperationCanceledException>(() => running);
        Assert.Equal("57014", Assert.IsType<PostgresException>(error.InnerException).SqlState);
        Assert.True(await database.Superuser.ScalarAsync<bool>("SELECT to_regclass('public.st') IS NULL AND NOT EXISTS (SELECT FROM pgtrickle.stream_tables)"));
        await UntilWorkersAsync(database, false, "the fill has stopped");
    }

    [Theory]
    [PostgresVersions(false)]
    [PostgresVersions(true)]
    public async Task A_refresh_that_is_cancelled_stops_and_changes_nothing(PostgresVersion version, bool gatewayIsElsewhere)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var node = await StartNodeAsync(database);
        await using var other = gatewayIsElsewhere ? await StartNodeAsync(database, "two", NodeRoles.Gateway) : null;
        await using var connections = Connect(database, other ?? node);
        await connections.ExecuteAsync("CREATE TABLE public.t (k int PRIMARY KEY, v int NOT NULL)");
        await connections.ExecuteAsync(
            "SELECT pgtrickle.create_stream_table('public.st', 'SELECT count(*) AS n FROM public.t a, public.t b, public.t c WHERE a.v * b.v <> c.v', '1h', 'FULL')");
        await connections.ExecuteAsync("INSERT INTO public.t SELECT n, n FROM generate_series(1, 20000) n");
        await using var connection = await connections.OpenConnectionAsync();
        using var cancellation = new CancellationTokenSource();
        await using var command = new NpgsqlCommand("SELECT pgtrickle.refresh_stream_table('public.st')", connection);
        var running = command.ExecuteNonQueryAsync(cancellation.Token);
        await UntilWorkersAsync(database, true, "the refresh runs");
        await cancellation.CancelAsync();
        var error = await Assert.ThrowsAsync<OperationCanceledException>(() => running);
        Assert.Equal("57014", Assert.IsType<PostgresException>(error.InnerException).SqlState);

        // Well before its claim would have been renewed, and without counting as an error of the stream table.
        await UntilWorkersAsync(database, false, "the refresh has stopped");
        Assert.Equal(0, await database.Superuser.ScalarAsync<long>("SELECT n FROM public.st"));
        Assert.Equal(
            "57014 FAILED",
            await database.Superuser.ScalarAsync<string>("SELECT error_code || ' ' || status FROM pgtrickle.commands WHERE kind = 'refresh'"));
        await connection.ExecuteAsync("DELETE FROM public.t WHERE k > 3");
        await connection.ExecuteAsync("SELECT pgtrickle.refresh_stream_table('public.st')");
        await database.AssertSameMultisetAsync("TABLE public.st", "SELECT count(*) AS n FROM public.t a, public.t b, public.t c WHERE a.v * b.v <> c.v");
        Assert.Equal("ACTIVE", await database.Superuser.ScalarAsync<string>("SELECT status FROM pgtrickle.stream_table_state"));
    }

    private static Task UntilWorkersAsync(TestDatabase database, bool work, string description) => Eventually.TrueAsync(
        async () => await database.Superuser.ScalarAsync<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = 'pgtrickle_worker' AND datname = current_database() AND state = 'active'") > 0 == work,
        description);

    private static async Task<NodeHost> StartNodeAsync(TestDatabase database, string name = "one", params string[] roles)
    {
        NodeHost? node = null;
        await database.Server.WithRolesLockedAsync(async () => node = await NodeHost.StartAsync(
            new NodeOptions { ControlConnection = database.Superuser.ConnectionString, Name = name, Roles = roles.Length > 0 ? roles : null, LogLevel = LogLevel.Warning }, CancellationToken.None));
        await database.Superuser.ExecuteAsync($"GRANT CREATE ON SCHEMA public TO {database.OwnerRole}");
        return node!;
    }

    private static NpgsqlDataSource Connect(TestDatabase database, NodeHost node) => NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(database.ConnectionString()) { Host = "127.0.0.1", Port = node.GatewayEndPoint!.Port, SslMode = SslMode.Disable }.ConnectionString);

    private async Task TimedAsync(string what, Func<Task> action)
    {
        var started = Stopwatch.GetTimestamp();
        await action();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {Stopwatch.GetElapsedTime(started).TotalMilliseconds:F1} ms"));
    }
}
