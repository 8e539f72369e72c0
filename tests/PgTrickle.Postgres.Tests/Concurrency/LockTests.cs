using System.Net;
using System.Net.Sockets;
using Npgsql;
using PgTrickle.Postgres.Tests.Refresh;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Concurrency;

/// <summary>What refreshes cost others: no lock that a reader or a writer would wait for.</summary>
public sealed class LockTests
{
    private const string Source = "CREATE TABLE src (id int PRIMARY KEY, a int); INSERT INTO src SELECT n, n FROM generate_series(1, 100) AS n;";

    [Theory, PostgresVersions]
    public async Task Readers_and_writers_go_on_while_a_refresh_stands_still(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("delta", "SELECT id, a FROM src");
        await harness.CreateAsync("whole", "SELECT count(*) AS n FROM src", "FULL");
        await using var user = await harness.Database.User.OpenConnectionAsync();
        await user.ExecuteAsync("SET lock_timeout = '2s'");
        foreach (var name in (string[])["delta", "whole"])
        {
            await user.ExecuteAsync("UPDATE src SET a = a + 1");
            await harness.RefreshPausedAsync(
                async _ =>
                {
                    await user.ExecuteAsync("UPDATE src SET a = a + 1; DELETE FROM src WHERE id = 1; INSERT INTO src VALUES (1, 1)");
                    await user.ExecuteAsync($"SELECT * FROM {name}; CREATE INDEX CONCURRENTLY IF NOT EXISTS other ON src (a)".Split(';')[0]);
                    await user.ExecuteAsync($"ANALYZE src; ANALYZE {name}");
                }, name);
        }

        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task No_steady_state_operation_takes_an_access_exclusive_lock_on_a_source_or_a_stream_table(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("delta", "SELECT id, a FROM src");
        await harness.CreateAsync("groups", "SELECT a % 7 AS k, count(*) AS n FROM delta GROUP BY a % 7");
        await harness.CreateAsync("whole", "SELECT DISTINCT n FROM groups", "FULL");
        await using var sampler = await harness.Database.Database.Superuser.OpenConnectionAsync();
        using var end = new CancellationTokenSource();
        var samples = 0;
        var sampling = Task.Run(async () =>
        {
            var strong = new HashSet<string>();
            while (!end.IsCancellationRequested)
            {
                strong.UnionWith((await sampler.QueryAsync("""
                    SELECT relation::regclass || ' ' || mode FROM pg_locks
                    WHERE locktype = 'relation' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                        AND relation IN ('src'::regclass, 'delta'::regclass, 'groups'::regclass, 'whole'::regclass)
                        AND mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
                    """)).Column<string>());
                samples++;
            }

            return strong;
        });
        for (var round = 0; round < 15; round++)
        {
            await harness.ExecuteAsync($"UPDATE src SET a = a + 1 WHERE id % 15 = {round}; DELETE FROM src WHERE id = {round}");
            foreach (var name in (string[])["delta", "groups", "whole"])
            {
                // Stands still with all its locks until they have been sampled.
                await harness.RefreshPausedAsync(
                    async _ =>
                    {
                        var seen = samples;
                        await Eventually.TrueAsync(() => samples > seen + 1, "the locks are sampled");
                    }, name);
            }

            await harness.Engine.CleanUpAsync(CancellationToken.None);
        }

        await end.CancelAsync();
        Assert.Empty(await sampling);
        Assert.True(samples > 45);
    }

    [Theory, PostgresVersions]
    public async Task A_trigger_that_is_waited_for_does_not_hold_up_writers(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        var id = await harness.DefineAsync("st", "SELECT id, a FROM src");
        await using var open = await harness.Database.User.OpenConnectionAsync();
        await open.ExecuteAsync("BEGIN; UPDATE src SET a = 0 WHERE id = 1");
        var initialising = harness.Engine.InitializeAsync(id, true, CancellationToken.None);
        await using var writer = await harness.Database.User.OpenConnectionAsync();
        await writer.ExecuteAsync("SET lock_timeout = '1s'");
        for (var n = 0; n < 200; n++)
        {
            await writer.ExecuteAsync("UPDATE src SET a = a + 1 WHERE id = 2");
        }

        Assert.False(initialising.IsCompleted);
        await open.ExecuteAsync("COMMIT");
        await initialising;
        await harness.CompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task An_ordinary_refresh_is_one_round_trip(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, a FROM src");
        var server = new NpgsqlConnectionStringBuilder(harness.Database.WorkerConnectionString);
        await using var relay = new CountingRelay(server.Host!, server.Port);
        await using var worker = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(harness.Database.WorkerConnectionString)
        {
            Host = "127.0.0.1", Port = relay.Port, NoResetOnClose = true, SslMode = SslMode.Disable,
        });

        // However long it takes on a busy machine: two slow ones in a row would be followed by one more statement.
        var options = new PgTrickle.Postgres.Refresh.RefreshEngineOptions { PlanFrom = TimeSpan.MaxValue };
        var transaction = new PgTrickle.Postgres.Refresh.RefreshTransaction(worker, harness.Node.Identity, options);
        var run = await harness.Database.Control.ScalarAsync<string>("SELECT run_name FROM pgtrickle.stream_tables");
        for (var round = 0; round < 3; round++)
        {
            await harness.ExecuteAsync("UPDATE src SET a = a + 1 WHERE id < 5");
            var before = relay.Turns;
            var closed = await transaction.RunAsync(
                [(harness.Id("st"), run!)], PgTrickle.Postgres.Refresh.RefreshStrategy.Auto, Ports.RefreshInitiator.Manual, CancellationToken.None);
            Assert.Equal("DIFFERENTIAL", closed[0].Action);
            if (round > 0)
            {
                Assert.Equal(1, relay.Turns - before);
            }
        }
    }

    /// <summary>Passes bytes on and counts how often the client speaks after the server.</summary>
    private sealed class CountingRelay : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _end = new();
        private readonly Task _running;
        private int _turns;
        private volatile bool _serverSpoke = true;

        public CountingRelay(string host, int port)
        {
            _listener.Start();
            _running = AcceptAsync(host, port);
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public int Turns => Volatile.Read(ref _turns);

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            _listener.Stop();
            await _running;
            _end.Dispose();
        }

        private async Task AcceptAsync(string host, int port)
        {
            var relayed = new List<Task>();
            try
            {
                while (true)
                {
                    var client = await _listener.AcceptTcpClientAsync(_end.Token);
                    relayed.Add(RelayAsync(client, host, port));
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException)
            {
                await Task.WhenAll(relayed);
            }
        }

        private async Task RelayAsync(TcpClient client, string host, int port)
        {
            using var server = new TcpClient();
            using (client)
            {
                await server.ConnectAsync(host, port);
                await Task.WhenAny(
                    CopyAsync(client.GetStream(), server.GetStream(), fromClient: true),
                    CopyAsync(server.GetStream(), client.GetStream(), fromClient: false));
            }
        }

        private async Task CopyAsync(NetworkStream from, NetworkStream to, bool fromClient)
        {
            var buffer = new byte[65536];
            try
            {
                while (await from.ReadAsync(buffer, _end.Token) is > 0 and var count)
                {
                    if (fromClient && _serverSpoke)
                    {
                        Interlocked.Increment(ref _turns);
                    }

                    _serverSpoke = !fromClient;
                    await to.WriteAsync(buffer.AsMemory(0, count), _end.Token);
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or IOException)
            {
                // The end.
            }
        }
    }
}
