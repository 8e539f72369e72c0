using Npgsql;
using PgTrickle.Cli.Demo;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Cli.Tests.Demo;

public sealed class DemoRolesTests
{
    private const string Leftovers = """
        SELECT datname::text FROM pg_database WHERE datname = $1
        UNION ALL SELECT rolname::text FROM pg_roles WHERE starts_with(rolname, $1)
        """;

    [Theory]
    [PostgresVersions]
    public async Task The_owner_creates_the_writer_writes_and_nothing_is_left_behind(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        var administrator = await database.Server.CreateRoleAsync("administrator", "CREATEDB CREATEROLE");
        string name;
        DemoRoles? roles = null;
        await database.Server.WithRolesLockedAsync(async () => roles = await DemoRoles.CreateAsync(Connection(database, administrator), CancellationToken.None));
        await using (roles)
        {
            name = roles!.Administrator.Database!;
            await roles.Owner.ExecuteAsync("CREATE TABLE t (id serial, x int)");
            await roles.GrantTablesAsync(["t"], CancellationToken.None);

            Assert.Equal(1, await roles.Writer.ExecuteAsync("INSERT INTO t (x) VALUES (1)"));
            var refused = await Assert.ThrowsAsync<PostgresException>(() => roles.Writer.ExecuteAsync("CREATE TABLE mine (x int)"));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
            Assert.False(await roles.Owner.ScalarAsync<bool>("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"));
            Assert.Equal(3, (await database.Server.Maintenance.QueryAsync(Leftovers, name)).Rows.Count);
        }

        Assert.Empty((await database.Server.Maintenance.QueryAsync(Leftovers, name)).Rows);
    }

    [Theory]
    [PostgresVersions]
    public async Task When_the_roles_may_not_be_made_the_database_is_dropped_again(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        var administrator = await database.Server.CreateRoleAsync("powerless", "CREATEDB");

        await Assert.ThrowsAsync<PostgresException>(() => DemoRoles.CreateAsync(Connection(database, administrator), CancellationToken.None));

        Assert.Equal(0, await database.Server.Maintenance.ScalarAsync<long>(
            "SELECT count(*) FROM pg_database WHERE datdba = $1::regrole", administrator));
    }

    private static NpgsqlConnectionStringBuilder Connection(TestDatabase database, string role) => new(database.ConnectionString(role));
}
