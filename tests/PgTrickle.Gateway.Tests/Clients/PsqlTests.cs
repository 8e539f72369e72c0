using PgTrickle.Gateway.Tests.Setup;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Gateway.Tests.Clients;

public sealed class PsqlTests(ITestOutputHelper output)
{
    private const string Create = "SELECT pgtrickle.create_stream_table('st', 'SELECT k, v FROM t', '1m')";
    private const string CreateBad = "SELECT pgtrickle.create_stream_table('bad', 'SELECT k, v FROM t', '1m')";

    private Task<ClientResult> PsqlAsync(GatewayFixture fixture, string? input, params string[] arguments)
    {
        Assert.True(ClientProgram.Psql.Path is not null, "psql is not installed: apt-get install postgresql-client");
        output.WriteLine(string.Join(' ', arguments));
        return ClientProgram.Psql.RunAsync(fixture, ["-X", "-v", "VERBOSITY=verbose", .. arguments], input);
    }

    [Theory, PostgresVersions]
    public async Task A_call_returns_when_it_is_carried_out(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        var result = await PsqlAsync(fixture, null, "-c", Create);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("create_stream_table", result.Output, StringComparison.Ordinal);
        Assert.True(await fixture.Database.Superuser.ScalarAsync<bool>("SELECT is_populated FROM pgtrickle.stream_table_state"));
    }

    [Theory, PostgresVersions]
    public async Task A_failed_creation_is_an_error_and_leaves_nothing(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        var result = await PsqlAsync(fixture, null, "-c", CreateBad);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("ERROR:  22012: the fill failed", result.Error, StringComparison.Ordinal);
        Assert.Contains("DETAIL:  a detail", result.Error, StringComparison.Ordinal);
        Assert.Equal(0, await fixture.CountAsync("bad"));
        Assert.True(await fixture.Database.Superuser.ScalarAsync<bool>("SELECT to_regclass('public.bad') IS NULL"));
    }

    [Theory, PostgresVersions]
    public async Task ON_ERROR_STOP_stops_at_a_failed_call_and_the_session_goes_on_without_it(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        const string script = $"\\echo begin\n{CreateBad};\nSELECT 'next' || 1;\n";
        var stopped = await PsqlAsync(fixture, script, "-v", "ON_ERROR_STOP=1", "-At");
        Assert.Equal((3, "begin\n"), (stopped.ExitCode, stopped.Output));
        var continued = await PsqlAsync(fixture, script, "-At");
        Assert.Equal((0, "begin\nnext1\n"), (continued.ExitCode, continued.Output));
    }

    [Theory, PostgresVersions]
    public async Task What_committed_with_a_failed_call_is_no_error_but_a_warning(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        var result = await PsqlAsync(fixture, null, "-At", "-c", $"INSERT INTO t VALUES (3, 30); {CreateBad}; SELECT count(*) FROM t");
        Assert.Equal((0, "INSERT 0 1\n\n3\n"), (result.ExitCode, result.Output));
        Assert.Contains("WARNING:  PGT02: a call failed after its transaction had committed: the fill failed", result.Error, StringComparison.Ordinal);
        Assert.Contains("DETAIL:  SQLSTATE 22012. a detail", result.Error, StringComparison.Ordinal);
        Assert.Equal(1, await fixture.CountAsync("bad"));
    }

    [Theory, PostgresVersions]
    public async Task In_a_transaction_the_commit_waits(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        var result = await PsqlAsync(fixture, $"BEGIN;\n{Create};\n{CreateBad};\n\\echo before\nCOMMIT;\n\\echo after\nSELECT is_populated FROM pgtrickle.stream_table_state JOIN pgtrickle.stream_tables USING (pgt_id) WHERE pgt_name = 'st';\n", "-At");
        Assert.Equal("BEGIN\n\n\nbefore\nCOMMIT\nafter\nt\n", result.Output);
        Assert.Contains("WARNING:  PGT02", result.Error, StringComparison.Ordinal);
    }

    [Theory, PostgresVersions]
    public async Task A_transaction_that_rolls_back_waits_for_nothing(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        fixture.Node.Hold();
        var result = await PsqlAsync(fixture, $"BEGIN;\n{Create};\nROLLBACK;\nBEGIN;\nSAVEPOINT a;\n{Create};\nROLLBACK TO a;\nCOMMIT AND CHAIN;\nSELECT 1/0;\nCOMMIT;\nSELECT 7;\n", "-At");
        Assert.EndsWith("ROLLBACK\n7\n", result.Output, StringComparison.Ordinal);
        Assert.Equal(0, await fixture.CountAsync("st"));
    }

    [Theory, PostgresVersions]
    public async Task A_commit_that_begins_the_next_transaction_waits_as_well(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        var result = await PsqlAsync(fixture, $"BEGIN;\n{CreateBad};\nCOMMIT AND CHAIN;\n\\echo chained\nROLLBACK;\nBEGIN;\nINSERT INTO t VALUES (4, 4);\nCOMMIT;\n", "-At");
        Assert.Equal("BEGIN\n\nCOMMIT\nchained\nROLLBACK\nBEGIN\nINSERT 0 1\nCOMMIT\n", result.Output);
        Assert.Contains("WARNING:  PGT02", result.Error, StringComparison.Ordinal);
    }

    [Theory, PostgresVersions]
    public async Task Everything_else_passes(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        const string script = """
            \d t
            \copy t FROM STDIN
            5	50
            6	60
            \.
            \copy (SELECT k FROM t WHERE k > 4 ORDER BY k) TO STDOUT
            DO $$ BEGIN RAISE NOTICE 'hello'; END $$;
            LISTEN channel;
            NOTIFY channel, 'payload';
            \lo_import /dev/null
            DECLARE c CURSOR WITH HOLD FOR SELECT generate_series(1, 3);
            FETCH 2 FROM c;
            SELECT repeat('x', 3000000) \gset
            SELECT length(:'repeat');
            """;
        var result = await PsqlAsync(fixture, script, "-At", "-v", "ON_ERROR_STOP=1");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("k|integer||not null|", result.Output, StringComparison.Ordinal);
        Assert.Contains("COPY 2\n5\n6\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("Asynchronous notification \"channel\" with payload \"payload\"", result.Output, StringComparison.Ordinal);
        Assert.Contains("lo_import ", result.Output, StringComparison.Ordinal);
        Assert.EndsWith("1\n2\n3000000\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("NOTICE:  00000: hello", result.Error, StringComparison.Ordinal);
    }

    [Theory, PostgresVersions]
    public async Task Replication_connections_are_refused(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        var result = await PsqlAsync(fixture, null, "-d", $"dbname={fixture.Database.Name} replication=database", "-c", "IDENTIFY_SYSTEM");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("the gateway does not relay replication connections", result.Error, StringComparison.Ordinal);
    }

    [Theory, PostgresVersions]
    public async Task Copy_behind_a_call_in_the_same_query_gets_its_data(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        var result = await PsqlAsync(fixture, $"{Create}\\; COPY t FROM STDIN\\; SELECT count(*) FROM t;\n8\t80\n\\.\n", "-At");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.EndsWith("COPY 1\n3\n", result.Output, StringComparison.Ordinal);
        Assert.True(await fixture.Database.Superuser.ScalarAsync<bool>("SELECT is_populated FROM pgtrickle.stream_table_state"));
    }
}
