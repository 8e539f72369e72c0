using Npgsql;
using PgTrickle.Dvm.Tests.Oracle;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace PgTrickle.Dvm.Tests.Rules;

/// <summary>Random queries over random data under random changes.</summary>
public sealed class RandomQueryTests(ITestOutputHelper output)
{
    private const string IterationsVariable = "PGTRICKLE_TEST_QUERIES";

    /// <summary>Enough to meet every rule in a minute; the variable asks for more.</summary>
    private static int Iterations => int.TryParse(Environment.GetEnvironmentVariable(IterationsVariable), out var asked) ? asked : 25;

    [PostgresVersions]
    [Theory]
    public async Task Whatever_is_differentiated_equals_its_query(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        var modes = new Dictionary<PlanMode, int>();
        var random = Seed.Random(output);
        for (var i = 0; i < Iterations; i++)
        {
            var mode = await CheckAsync(database, random.Next());
            modes[mode] = modes.GetValueOrDefault(mode) + 1;
        }

        output.WriteLine(string.Join(", ", modes.Select(static m => $"{m.Key}: {m.Value}")));
        Assert.True(modes.GetValueOrDefault(PlanMode.Differential) > modes.GetValueOrDefault(PlanMode.Full), "most random queries should be differentiated");
    }

    private async Task<PlanMode> CheckAsync(TestDatabase database, int seed)
    {
        var query = RandomQuery.Make(seed);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
        await connection.ReloadTypesAsync();
        var random = new Random(seed);
        try
        {
            await Shop.CreateAsync(connection, random);
            var table = await OracleTable.CreateAsync(connection, "st", query, new CompileOptions { Mode = RequestedMode.Auto });
            for (var i = 0; i < 6; i++)
            {
                await Shop.IntervalAsync(connection, random);
                await table.RefreshAsync(strategy: i % 3 == 2 ? ApplyStrategy.Split : ApplyStrategy.Merge);
            }

            return table.Plan.Mode;
        }
        catch (Exception e) when (e is XunitException or PostgresException or CompileException or InvalidOperationException or ArgumentException)
        {
            throw new XunitException($"query seed {seed}\n{query}\n{e.Message}", e);
        }
    }
}
