using PgTrickle.Dvm;
using PgTrickle.Postgres.Ports;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Refresh;

/// <summary>While nodes are replaced by newer ones, both kinds meet plans of the other kind's compiler.</summary>
public sealed class CompilerVersionTests
{
    private const string Source = """
        CREATE TABLE src (id int PRIMARY KEY, a int);
        INSERT INTO src SELECT n, n % 5 FROM generate_series(1, 50) AS n;
        CREATE TABLE other (a int PRIMARY KEY, c text);
        INSERT INTO other SELECT n, 'c' || n FROM generate_series(0, 4) AS n;
        """;

    private const string Join = "SELECT src.id, other.c FROM src JOIN other USING (a)";

    [Theory, PostgresVersions]
    public async Task A_node_makes_the_plan_of_an_older_compiler_anew_before_its_first_refresh(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        var id = await harness.CreateAsync("st", Join);
        await MarkAsync(harness, Compiler.Version - 1);
        await harness.ExecuteAsync("UPDATE src SET a = (a + 1) % 5 WHERE id < 9");

        await using var newer = await harness.AddNodeAsync();
        await newer.Engine.RefreshAsync(new([id], RefreshInitiator.Manual), CancellationToken.None);

        Assert.Equal(Compiler.Version, await VersionAsync(harness));
        await harness.CompareAsync();
        await harness.ExecuteAsync("UPDATE src SET a = (a + 1) % 5 WHERE id < 9");
        var again = await newer.Engine.RefreshAsync(new([id], RefreshInitiator.Manual), CancellationToken.None);
        Assert.Equal(RefreshAction.Differential, again.Members[0].Action);
        await harness.CompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task A_node_adds_nothing_to_the_plan_of_a_newer_compiler(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", Join);
        await MarkAsync(harness, Compiler.Version + 1);
        await harness.ExecuteAsync("UPDATE src SET a = (a + 1) % 5 WHERE id < 9; UPDATE other SET c = c || 'x' WHERE a = 1");

        Assert.Equal(RefreshAction.Full, (await harness.RefreshAsync("st")).Action);

        Assert.Equal(Compiler.Version + 1, await VersionAsync(harness));
        await harness.CompareAsync();
    }

    private static Task MarkAsync(RefreshHarness harness, int version) =>
        harness.Database.Control.ExecuteAsync("UPDATE pgtrickle.plans SET compiler_version = $1", version);

    private static Task<int> VersionAsync(RefreshHarness harness) => harness.Database.Control.ScalarAsync<int>(
        "SELECT p.compiler_version FROM pgtrickle.plans p JOIN pgtrickle.stream_table_state s USING (pgt_id, plan_version) WHERE pgt_id = $1", harness.Id("st"));
}
