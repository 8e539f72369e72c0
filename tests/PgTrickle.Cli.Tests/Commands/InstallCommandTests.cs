using Npgsql;
using PgTrickle.Cli.CommandLine;
using PgTrickle.Cli.Connections;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Cli.Tests.Commands;

public sealed class InstallCommandTests
{
    [Theory]
    [PostgresVersions]
    public async Task Installing_twice_applies_every_migration_once(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        var first = Console(database);
        var second = Console(database);

        await database.Server.WithRolesLockedAsync(async () =>
        {
            Assert.Equal((ExitCode.Ok, ""), (await first.RunAsync("install"), ErrorsOf(first)));
            Assert.Equal((ExitCode.Ok, ""), (await second.RunAsync("install"), ErrorsOf(second)));
        });

        Assert.Contains("migrations applied", first.Output, StringComparison.Ordinal);
        Assert.Contains("up to date", second.Output, StringComparison.Ordinal);
        Assert.True(await database.ScalarAsync<bool>("SELECT to_regprocedure('pgtrickle.refresh_stream_table(text)') IS NOT NULL"));
    }

    [Theory]
    [PostgresVersions]
    public async Task Who_may_not_install_is_told_what_is_missing(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        var stranger = await database.CreateRoleAsync("stranger");
        await database.Superuser.ExecuteAsync($"REVOKE CREATE ON DATABASE {database.Name} FROM {stranger}");
        var console = new TestConsole { Variables = { [ConnectionText.Variable] = database.ConnectionString(stranger) } };

        var code = ExitCode.Ok;
        await database.Server.WithRolesLockedAsync(async () => code = await console.RunAsync("install"));

        Assert.Equal(ExitCode.Environment, code);
        Assert.Contains("error:", console.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", console.Error, StringComparison.Ordinal);
    }

    [Theory]
    [PostgresVersions]
    public async Task A_database_that_does_not_exist_is_an_error_of_the_environment(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        var console = new TestConsole();
        var absent = new NpgsqlConnectionStringBuilder(database.ConnectionString()) { Database = "absent" };

        Assert.Equal(ExitCode.Environment, await console.RunAsync("install", "--connection", absent.ConnectionString));

        Assert.Contains("SQLSTATE 3D000", console.Error, StringComparison.Ordinal);
    }

    private static TestConsole Console(TestDatabase database) =>
        new() { Variables = { [ConnectionText.Variable] = database.Server.Postgres.ConnectionString(database.Name) } };

    private static string ErrorsOf(TestConsole console) => string.Join('\n', console.Error.Split('\n').Where(line => line.Contains("rror", StringComparison.Ordinal)));
}
