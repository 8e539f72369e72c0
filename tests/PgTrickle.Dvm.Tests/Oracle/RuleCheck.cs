using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Dvm.Tests.Oracle;

/// <summary>A query over the shop, under random changes: the stream table equals it after each refresh, by the optimised rules and by the naive delta.</summary>
internal static class RuleCheck
{
    private const int Intervals = 8;

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
}
