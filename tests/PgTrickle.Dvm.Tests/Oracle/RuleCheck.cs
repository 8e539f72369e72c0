using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Dvm.Tests.Oracle;

/// <summary>A query over the shop, under random changes: the stream table equals it after each refresh, by the optimised rules and by the naive delta.</summary>
internal static class RuleCheck
{
    private const int Intervals = 6;

    /// <summary>Runs the check.</summary>
    /// <param name="version">The server.</param>
    /// <param name="query">The query.</param>
    /// <param name="output">Where plan and seed are printed.</param>
    /// <returns>The optimised plan.</returns>
    public static async Task<CompiledPlan> RunAsync(PostgresVersion version, string query, ITestOutputHelper output)
    {
        var random = Seed.Random(output);
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await Shop.CreateAsync(connection, random);
        var optimised = await OracleTable.CreateAsync(connection, "fast", query);
        Assert.Equal(PlanMode.Differential, optimised.Plan.Mode);
        var naive = await OracleTable.CreateAsync(connection, "slow", query, new CompileOptions { Mode = RequestedMode.Differential, Naive = true });
        output.WriteLine(optimised.Plan.Explain(ExplainStage.Plan));
        output.WriteLine(optimised.Plan.Explain(ExplainStage.Sql));
        for (var i = 0; i < Intervals; i++)
        {
            await Shop.IntervalAsync(connection, random);
            await optimised.RefreshAsync(strategy: i % 4 == 3 ? ApplyStrategy.Split : ApplyStrategy.Merge);
            await naive.RefreshAsync();
        }

        await Shop.IntervalAsync(connection, random);
        await optimised.RefreshAsync(forceFull: true);
        await Shop.IntervalAsync(connection, random);
        await optimised.RefreshAsync();
        return optimised.Plan;
    }

    /// <summary>Runs the check for many queries in one database, each by its optimised and its naive delta.</summary>
    /// <param name="version">The server.</param>
    /// <param name="setup">What the queries need besides the shop's tables; empty for nothing.</param>
    /// <param name="queries">The queries.</param>
    /// <param name="output">Where plans and seed are printed.</param>
    public static async Task RunAsync(PostgresVersion version, string setup, IEnumerable<string> queries, ITestOutputHelper output)
    {
        var random = Seed.Random(output);
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await Shop.CreateAsync(connection, random);
        if (setup.Length > 0)
        {
            await connection.ExecuteAsync(setup);
        }

        var tables = new List<OracleTable>();
        foreach (var query in queries)
        {
            foreach (var naive in new[] { false, true })
            {
                output.WriteLine(query);
                tables.Add(await OracleTable.CreateAsync(connection, $"t{tables.Count}", query, new CompileOptions { Mode = RequestedMode.Differential, Naive = naive }));
                output.WriteLine(tables[^1].Plan.Explain(ExplainStage.Plan));
                Assert.Equal(PlanMode.Differential, tables[^1].Plan.Mode);
            }
        }

        for (var i = 0; i <= Intervals; i++)
        {
            await Shop.IntervalAsync(connection, random);
            foreach (var table in tables)
            {
                output.WriteLine($"{table.Name}: {table.Text}");
                await table.RefreshAsync(forceFull: i == Intervals);
            }
        }
    }
}
