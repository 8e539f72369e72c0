using PgTrickle.Dvm.Tests.Oracle;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Dvm.Tests.Rules;

/// <summary>What is not differentiated: evaluated as a whole, with the reason; refused where DIFFERENTIAL was asked for and no delta can ever follow the query.</summary>
public sealed class FullPlanTests(ITestOutputHelper output)
{
    public static TheoryData<string, string> Constructs => new()
    {
        { "SELECT c.id, (WITH RECURSIVE r(n) AS (SELECT c.id UNION SELECT r.n + 1 FROM r WHERE r.n < 5) SELECT count(*) FROM r) AS n FROM customers c", "correlated WITH RECURSIVE" },
    };

    [PostgresMemberData(nameof(Constructs))]
    [Theory]
    public async Task What_is_evaluated_as_a_whole_says_why_and_follows_its_sources(PostgresVersion version, string query, string construct)
    {
        var random = Seed.Random(output);
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await Shop.CreateAsync(connection, random);
        var table = await OracleTable.CreateAsync(connection, "st", query, new CompileOptions { Mode = RequestedMode.Differential });
        Assert.Equal(PlanMode.Full, table.Plan.Mode);
        Assert.Equal(construct, table.Plan.Fallback!.Construct);
        Assert.Equal(CompileErrorKind.NotImplemented, table.Plan.Fallback.Kind);
        Assert.StartsWith($"evaluate and apply the difference: {construct}", table.Plan.Explain(ExplainStage.Plan), StringComparison.Ordinal);
        Assert.NotEmpty(table.Plan.Sources);
        for (var i = 0; i < 5; i++)
        {
            await Shop.IntervalAsync(connection, random);
            await table.RefreshAsync(strategy: i == 3 ? ApplyStrategy.Split : ApplyStrategy.Merge);
        }
    }

    [PostgresVersions]
    [Theory]
    public async Task Volatile_functions_are_refused_by_what_the_catalog_says_of_them(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync(Shop.Tables);
        await connection.ExecuteAsync("CREATE FUNCTION lower(int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT $1'; CREATE VIEW inner_view AS SELECT lower(id) AS id FROM customers");
        var error = await Assert.ThrowsAsync<CompileException>(() => OracleTable.CreateAsync(connection, "st", "SELECT id FROM inner_view"));
        Assert.Equal("volatile function public.lower()", error.Error.Construct);
        Assert.Equal("in view public.inner_view", error.Error.Location);
        Assert.Equal(CompileErrorKind.Unsupported, error.Error.Kind);
    }

    [PostgresVersions]
    [Theory]
    public async Task A_full_plan_knows_every_table_that_its_query_reads_through_views(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync(Shop.Tables);
        await connection.ExecuteAsync("CREATE VIEW v1 AS SELECT id, name FROM customers; CREATE MATERIALIZED VIEW mv AS SELECT id FROM products");
        var table = await OracleTable.CreateAsync(
            connection, "st", "SELECT v.id FROM v1 v WHERE v.id IN (SELECT qty FROM orders) OR v.id IN (SELECT id FROM mv)", new CompileOptions { Mode = RequestedMode.Auto });
        Assert.Equal(["public.customers", "public.orders"], table.Plan.Sources.Select(static s => s.Relation.Name.ToString()).Order());
        Assert.Equal(["public.mv"], table.Plan.UntrackedSources.Select(static s => s.Name.ToString()));
    }

    [PostgresVersions]
    [Theory]
    public async Task Mode_full_keeps_the_key_that_the_query_yields(PostgresVersion version)
    {
        var random = Seed.Random(output);
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await Shop.CreateAsync(connection, random);
        var table = await OracleTable.CreateAsync(connection, "st", "SELECT id, name FROM customers", new CompileOptions { Mode = RequestedMode.Full });
        Assert.Null(table.Plan.Fallback);
        Assert.True(table.Plan.Shape.IsUnique);
        Assert.Empty(table.Plan.Shape.HiddenColumns);
        await Shop.IntervalAsync(connection, random);
        await table.RefreshAsync();
        Assert.Equal("Full", table.LastAction);
    }
}
