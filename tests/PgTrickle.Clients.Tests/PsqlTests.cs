using PgTrickle.Clients.Tests.Setup;
using PgTrickle.TestInfrastructure;
using PgTrickle.TestInfrastructure.Gateways;
using Xunit.Abstractions;

namespace PgTrickle.Clients.Tests;

public sealed class PsqlTests(ITestOutputHelper output)
{
    private Task<ClientResult> PsqlAsync(GatewayFixture fixture, string? input, params string[] arguments)
    {
        output.WriteLine(string.Join(' ', arguments));
        return InstalledClients.Of(Client.Psql).RunAsync(fixture, ["-X", "-v", "VERBOSITY=verbose", .. arguments], input);
    }

    [ClientTheory(Client.Psql), PostgresVersions]
    public async Task A_call_returns_when_it_is_carried_out(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        var result = await PsqlAsync(fixture, null, "-c", Statements.Create);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("create_stream_table", result.Output, StringComparison.Ordinal);
        Assert.True(await fixture.Database.Superuser.ScalarAsync<bool>("SELECT is_populated FROM pgtrickle.stream_table_state"));
    }

    [ClientTheory(Client.Psql), PostgresVersions]
    public async Task A_failed_creation_is_an_error_and_leaves_nothing(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        var result = await PsqlAsync(fixture, null, "-c", Statements.CreateBad);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("ERROR:  22012: the fill failed", result.Error, StringComparison.Ordinal);
        Assert.Contains("DETAIL:  a detail", result.Error, StringComparison.Ordinal);
        Assert.Equal(0, await fixture.CountAsync("bad"));
        Assert.True(await fixture.Database.Superuser.ScalarAsync<bool>("SELECT to_regclass('public.bad') IS NULL"));
    }

    [ClientTheory(Client.Psql), PostgresVersions]
    public async Task ON_ERROR_STOP_stops_at_a_failed_call_and_the_session_goes_on_without_it(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        const string script = $"\\echo begin\n{Statements.CreateBad};\nSELECT 'next' || 1;\n";
        var stopped = await PsqlAsync(fixture, script, "-v", "ON_ERROR_STOP=1", "-At");
        Assert.Equal((3, "begin\n"), (stopped.ExitCode, stopped.Output));
        var continued = await PsqlAsync(fixture, script, "-At");
        Assert.Equal((0, "begin\nnext1\n"), (continued.ExitCode, continued.Output));
    }

    [ClientTheory(Client.Psql), PostgresVersions]
    public async Task What_committed_with_a_failed_call_is_no_error_but_a_warning(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        var result = await PsqlAsync(fixture, null, "-At", "-c", $"INSERT INTO t VALUES (3, 30); {Statements.CreateBad}; SELECT count(*) FROM t");
        Assert.Equal((0, "INSERT 0 1\n\n3\n"), (result.ExitCode, result.Output));
        Assert.Contains("WARNING:  PGT02: a call failed after its transaction had committed: the fill failed", result.Error, StringComparison.Ordinal);
        Assert.Contains("DETAIL:  SQLSTATE 22012. a detail", result.Error, StringComparison.Ordinal);
        Assert.Equal(1, await fixture.CountAsync("bad"));
    }

    [ClientTheory(Client.Psql), PostgresVersions]
    public async Task In_a_transaction_the_commit_waits(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        var result = await PsqlAsync(fixture, $"BEGIN;\n{Statements.Create};\n{Statements.CreateBad};\n\\echo before\nCOMMIT;\n\\echo after\nSELECT is_populated FROM pgtrickle.stream_table_state JOIN pgtrickle.stream_tables USING (pgt_id) WHERE pgt_name = 'st';\n", "-At");
        Assert.Equal("BEGIN\n\n\nbefore\nCOMMIT\nafter\nt\n", result.Output);
        Assert.Contains("WARNING:  PGT02", result.Error, StringComparison.Ordinal);
    }

    [ClientTheory(Client.Psql), PostgresVersions]
    public async Task A_transaction_that_rolls_back_waits_for_nothing(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        await fixture.Node.HoldAsync();
        var result = await PsqlAsync(fixture, $"BEGIN;\n{Statements.Create};\nROLLBACK;\nBEGIN;\nSAVEPOINT a;\n{Statements.Create};\nROLLBACK TO a;\nCOMMIT AND CHAIN;\nSELECT 1/0;\nCOMMIT;\nSELECT 7;\n", "-At");
        Assert.EndsWith("ROLLBACK\n7\n", result.Output, StringComparison.Ordinal);
        Assert.Equal(0, await fixture.CountAsync("st"));
    }

    [ClientTheory(Client.Psql), PostgresVersions]
    public async Task A_commit_that_begins_the_next_transaction_waits_as_well(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        var result = await PsqlAsync(fixture, $"BEGIN;\n{Statements.CreateBad};\nCOMMIT AND CHAIN;\n\\echo chained\nROLLBACK;\nBEGIN;\nINSERT INTO t VALUES (4, 4);\nCOMMIT;\n", "-At");
        Assert.Equal("BEGIN\n\nCOMMIT\nchained\nROLLBACK\nBEGIN\nINSERT 0 1\nCOMMIT\n", result.Output);
        Assert.Contains("WARNING:  PGT02", result.Error, StringComparison.Ordinal);
    }

    [ClientTheory(Client.Psql), PostgresVersions]
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

    [ClientTheory(Client.Psql), PostgresVersions]
    public async Task Replication_connections_are_refused(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        var result = await PsqlAsync(fixture, null, "-d", $"dbname={fixture.Database.Name} replication=database", "-c", "IDENTIFY_SYSTEM");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("the gateway does not relay replication connections", result.Error, StringComparison.Ordinal);
    }

    [ClientTheory(Client.Psql), PostgresVersions]
    public async Task Copy_behind_a_call_in_the_same_query_gets_its_data(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        var result = await PsqlAsync(fixture, $"{Statements.Create}\\; COPY t FROM STDIN\\; SELECT count(*) FROM t;\n8\t80\n\\.\n", "-At");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.EndsWith("COPY 1\n3\n", result.Output, StringComparison.Ordinal);
        Assert.True(await fixture.Database.Superuser.ScalarAsync<bool>("SELECT is_populated FROM pgtrickle.stream_table_state"));
    }

    /// <summary>A statement that fails ends the repetition.</summary>
    [ClientTheory(Client.Psql), PostgresVersions]
    public async Task Watch_repeats_a_call_and_waits_for_each(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        var script = $"{Statements.Create};\nCREATE SEQUENCE turns;\nSELECT pgtrickle.refresh_stream_table('st'), 1 / (4 - nextval('turns')) AS left \\watch 0.01\n"
            + "SELECT count(*) FILTER (WHERE status = 'DONE'), count(*) FROM pgtrickle.commands WHERE kind = 'refresh';\n";
        var result = await PsqlAsync(fixture, script, "-At");
        Assert.Equal("3|3", result.Lines[^1]);
        Assert.Contains("ERROR:  22012: division by zero", result.Error, StringComparison.Ordinal);
    }

    [ClientTheory(Client.Psql), PostgresVersions]
    public async Task Commands_given_one_by_one_end_at_a_failed_call_if_they_are_told_to(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        string[] commands = ["-At", "-c", "SELECT 1", "-c", Statements.CreateBad, "-c", "SELECT 2"];
        Assert.Equal((true, "1\n2\n"), await OutcomeAsync(commands));
        Assert.Equal((false, "1\n"), await OutcomeAsync([.. commands, "-v", "ON_ERROR_STOP=1"]));

        async Task<(bool, string)> OutcomeAsync(string[] arguments)
        {
            var result = await PsqlAsync(fixture, null, arguments);
            Assert.Contains("ERROR:  22012: the fill failed", result.Error, StringComparison.Ordinal);
            return (result.ExitCode == 0, result.Output);
        }
    }

    [ClientTheory(Client.Psql), PostgresVersions]
    public async Task A_stream_table_is_described_like_a_table(PostgresVersion version)
    {
        await using var fixture = await GatewayFixture.StartAsync(version);
        var result = await PsqlAsync(fixture, $"{Statements.Create};\n\\d st\n\\dt\n", "-At");
        Assert.Contains("k|integer||", result.Output, StringComparison.Ordinal);
        Assert.Contains($"public|st|table|{fixture.Database.OwnerRole}", result.Output, StringComparison.Ordinal);
    }
}
