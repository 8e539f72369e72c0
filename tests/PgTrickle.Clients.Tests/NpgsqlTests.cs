using Npgsql;
using PgTrickle.TestInfrastructure;
using PgTrickle.TestInfrastructure.Gateways;

namespace PgTrickle.Clients.Tests;

public sealed class NpgsqlTests
{
    [Theory]
    [PostgresVersions(false)]
    [PostgresVersions(true)]
    public async Task A_failed_call_is_an_exception_and_the_connection_answers_the_next_query(PostgresVersion version, bool prepared)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var connection = await fixture.Connections.OpenConnectionAsync();
        await using var create = new NpgsqlCommand("SELECT pgtrickle.create_stream_table($1, 'SELECT k, v FROM t', '1m')", connection);
        create.Parameters.AddWithValue("bad");
        if (prepared)
        {
            await create.PrepareAsync();
        }

        var error = await Assert.ThrowsAsync<PostgresException>(() => create.ExecuteNonQueryAsync());
        Assert.Equal(("22012", "the fill failed", "a detail"), (error.SqlState, error.MessageText, error.Detail));
        Assert.Equal(42, await connection.ScalarAsync<int>("SELECT 42"));
        Assert.Equal(0, await fixture.CountAsync("bad"));

        create.Parameters[0].Value = "good";
        await create.ExecuteNonQueryAsync();
        Assert.True(await fixture.Database.Superuser.ScalarAsync<bool>("SELECT is_populated FROM pgtrickle.stream_table_state"));
    }

    [Theory]
    [PostgresVersions(false)]
    [PostgresVersions(true)]
    public async Task In_a_batch_each_query_gets_its_own_rows(PostgresVersion version, bool barriers)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var connection = await fixture.Connections.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection) { EnableErrorBarriers = barriers };
        foreach (var sql in new[] { "SELECT 1", Statements.Create, "SELECT 2", Statements.CreateBad, "SELECT 3" })
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(sql));
        }

        if (!barriers)
        {
            // One transaction: what failed in it after the commit is a warning, and the rows are all there.
            var warnings = new List<string>();
            connection.Notice += (_, notice) => warnings.Add(notice.Notice.SqlState);
            await using var reader = await batch.ExecuteReaderAsync();
            Assert.Equal([1, 2, 3], await IntegersAsync(reader));
            Assert.Equal(["PGT02"], warnings);
            Assert.Equal(1, await fixture.CountAsync("bad"));
        }
        else
        {
            var seen = new List<int>();
            var error = await Assert.ThrowsAsync<PostgresException>(async () =>
            {
                await using var reader = await batch.ExecuteReaderAsync();
                await IntegersAsync(reader, seen);
            });
            Assert.Equal("22012", error.SqlState);
            Assert.Equal([1, 2], seen);
            Assert.Equal(0, await fixture.CountAsync("bad"));
        }

        Assert.Equal(42, await connection.ScalarAsync<int>("SELECT 42"));
        Assert.Equal(1, await fixture.CountAsync("st"));
    }

    [Theory, PostgresVersions]
    public async Task The_second_use_of_a_pooled_connection_waits_too(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var pool = new NpgsqlDataSourceBuilder(fixture.ConnectionString) { ConnectionStringBuilder = { MaxPoolSize = 1 } }.Build();
        await pool.ExecuteAsync(Statements.Create);
        for (var i = 0; i < 3; i++)
        {
            await pool.ExecuteAsync("SELECT pgtrickle.refresh_stream_table('st')");
            Assert.Equal(0, await fixture.Database.Superuser.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.commands WHERE status <> 'DONE'"));
        }
    }

    [Theory, PostgresVersions]
    public async Task A_cancelled_creation_leaves_nothing(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await fixture.Node.HoldAsync();
        await using var connection = await fixture.Connections.OpenConnectionAsync();
        using var cancellation = new CancellationTokenSource();
        await using var command = new NpgsqlCommand(Statements.Create, connection);
        var running = command.ExecuteNonQueryAsync(cancellation.Token);
        await fixture.UntilPendingAsync();
        await cancellation.CancelAsync();
        var error = await Assert.ThrowsAsync<OperationCanceledException>(() => running);
        Assert.Equal("57014", Assert.IsType<PostgresException>(error.InnerException).SqlState);
        Assert.Equal(0, await fixture.CountAsync("st"));
        Assert.Equal(42, await connection.ScalarAsync<int>("SELECT 42"));
    }

    [Theory, PostgresVersions]
    public async Task A_statement_that_the_server_runs_is_cancelled_there(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var connection = await fixture.Connections.OpenConnectionAsync();
        using var cancellation = new CancellationTokenSource();
        await using var command = new NpgsqlCommand("SELECT pg_sleep(600)", connection);
        var running = command.ExecuteNonQueryAsync(cancellation.Token);
        await fixture.UntilRunningAsync("SELECT pg_sleep(600)");
        await cancellation.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => running);
        Assert.Equal(42, await connection.ScalarAsync<int>("SELECT 42"));
    }

    [Theory, PostgresVersions]
    public async Task The_driver_s_own_time_limit_is_answered(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await fixture.Node.HoldAsync();
        await using var connection = await fixture.Connections.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(Statements.Create, connection) { CommandTimeout = 1 };
        var error = await Assert.ThrowsAsync<NpgsqlException>(() => command.ExecuteNonQueryAsync());
        Assert.IsType<TimeoutException>(error.InnerException);
        Assert.Equal(42, await connection.ScalarAsync<int>("SELECT 42"));
        Assert.Equal(0, await fixture.CountAsync("st"));
    }

    [Theory, PostgresVersions]
    public async Task The_caller_s_statement_timeout_ends_the_wait(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await fixture.Node.HoldAsync();
        await using var connection = await fixture.Connections.OpenConnectionAsync();
        await connection.ExecuteAsync("SET statement_timeout = '700ms'");
        var error = await Assert.ThrowsAsync<PostgresException>(() => connection.ExecuteAsync(Statements.Create));
        Assert.Equal(("57014", "canceling statement due to statement timeout"), (error.SqlState, error.MessageText));
        Assert.Equal(0, await fixture.CountAsync("st"));
    }

    [Theory, PostgresVersions]
    public async Task A_session_that_waits_is_not_idle_for_the_server(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version, options => options with { KeepAlive = TimeSpan.FromMilliseconds(50) });
        await fixture.Node.HoldAsync();
        await using var connection = await fixture.Connections.OpenConnectionAsync();
        await connection.ExecuteAsync("SET idle_session_timeout = '2s'");
        var running = connection.ExecuteAsync(Statements.Create);
        await fixture.UntilPendingAsync();
        await fixture.Database.Superuser.ExecuteAsync("SELECT pg_sleep(3)");
        fixture.Node.Release();
        await running;
        await connection.ExecuteAsync("RESET idle_session_timeout");
    }

    [Theory]
    [PostgresVersions("40001")]
    [PostgresVersions("57P01")]
    public async Task Errors_that_drivers_retry_never_arrive_as_such(PostgresVersion version, string code)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        fixture.Node.FailureCode = code;
        var error = await Assert.ThrowsAsync<PostgresException>(() => fixture.Connections.ExecuteAsync(Statements.CreateBad));
        Assert.Equal("PGT03", error.SqlState);
        Assert.False(error.IsTransient);
        Assert.Contains(code, error.Detail, StringComparison.Ordinal);
    }

    [Theory, PostgresVersions]
    public async Task Bulk_copy_passes_both_ways(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var connection = await fixture.Connections.OpenConnectionAsync();
        await connection.ExecuteAsync("CREATE TABLE u (x int, y text)");
        await using (var writer = await connection.BeginBinaryImportAsync("COPY u FROM STDIN (FORMAT binary)"))
        {
            for (var i = 0; i < 5000; i++)
            {
                await writer.WriteRowAsync(default, i, new string('y', 100));
            }

            await writer.CompleteAsync();
        }

        using (var reader = await connection.BeginTextExportAsync("COPY u TO STDOUT"))
        {
            Assert.Equal(5000 * 100, (await reader.ReadToEndAsync()).Count(character => character == 'y'));
        }

        Assert.Equal(42, await connection.ScalarAsync<int>("SELECT 42"));
    }

    [Theory, PostgresVersions]
    public async Task Multiplexed_commands_get_their_own_answers(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var source = NpgsqlDataSource.Create(fixture.ConnectionString + ";Multiplexing=true;Maximum Pool Size=3");
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
        {
            await using var command = source.CreateCommand("SELECT $1::int");
            command.Parameters.AddWithValue(i);
            return (int)(await command.ExecuteScalarAsync())!;
        }));
        Assert.Equal(Enumerable.Range(0, 200), answers);
    }

    [Theory, PostgresVersions]
    public async Task Multiplexed_calls_that_fail_are_nobody_else_s_errors(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await using var source = NpgsqlDataSource.Create(fixture.ConnectionString + ";Multiplexing=true;Maximum Pool Size=2");
        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(async i =>
        {
            var isCall = i % 5 == 0;
            await using var command = source.CreateCommand(isCall ? $"SELECT pgtrickle.create_stream_table('bad{i}', 'SELECT k, v FROM t', '1m')" : "SELECT $1::int");
            if (!isCall)
            {
                command.Parameters.AddWithValue(i);
            }

            try
            {
                return $"{await command.ExecuteScalarAsync()}";
            }
            catch (PostgresException error)
            {
                return error.SqlState;
            }
        }));
        Assert.Equal(Enumerable.Range(0, 60).Select(i => i % 5 == 0 ? "22012" : $"{i}"), answers);
        Assert.Equal(0, await fixture.Database.Superuser.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.stream_tables"));
    }

    [Theory]
    [PostgresVersions("40001")]
    [PostgresVersions("57P01")]
    public async Task A_retry_loop_applies_nothing_twice(PostgresVersion version, string code)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await fixture.Database.ExecuteAsync("CREATE TABLE payments (amount int)");
        fixture.Node.FailureCode = code;
        await RetriedAsync(async () =>
        {
            await using var connection = await fixture.Connections.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await connection.ExecuteAsync("INSERT INTO payments VALUES (100)");
            await connection.ExecuteAsync(Statements.CreateBad);
            await transaction.CommitAsync();
        });
        Assert.Equal(1, await fixture.Database.ScalarAsync<long>("SELECT count(*) FROM payments"));
        await Assert.ThrowsAsync<PostgresException>(() => RetriedAsync(() => fixture.Connections.ExecuteAsync(Statements.CreateBad.Replace("'bad'", "'bad2'", StringComparison.Ordinal))));
        Assert.Equal(2, await fixture.Database.Superuser.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.commands WHERE kind = 'create'"));
    }

    /// <summary>As users write it: what the driver calls transient is tried again.</summary>
    private static async Task RetriedAsync(Func<Task> action)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await action();
                return;
            }
            catch (NpgsqlException error) when (error.IsTransient && attempt < 3)
            {
                // Again.
            }
        }
    }

    private static async Task<List<int>> IntegersAsync(NpgsqlDataReader reader, List<int>? into = null)
    {
        into ??= [];
        do
        {
            while (await reader.ReadAsync())
            {
                if (reader.GetFieldType(0) == typeof(int))
                {
                    into.Add(reader.GetInt32(0));
                }
            }
        }
        while (await reader.NextResultAsync());

        return into;
    }
}
