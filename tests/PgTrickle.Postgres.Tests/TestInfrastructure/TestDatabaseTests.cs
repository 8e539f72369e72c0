using Npgsql;
using PgTrickle.TestInfrastructure;
using Xunit.Sdk;

namespace PgTrickle.Postgres.Tests.TestInfrastructure;

public sealed class TestDatabaseTests
{
    private static readonly DatabaseTemplate Filled = new(database => database.ExecuteAsync("CREATE TABLE filled AS SELECT 7 AS x"));

    [Theory, PostgresVersions]
    public async Task The_server_has_the_version_asked_for(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        Assert.Equal(version.Major, await database.ScalarAsync<int>("SELECT current_setting('server_version_num')::int / 10000"));
    }

    [Theory, PostgresVersions]
    public async Task The_owner_owns_the_database_and_is_no_superuser(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        Assert.False(await database.ScalarAsync<bool>("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"));
        Assert.True(await database.ScalarAsync<bool>("SELECT pg_get_userbyid(datdba) = current_user FROM pg_database WHERE datname = current_database()"));
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync("CREATE ROLE another"));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
    }

    [Theory, PostgresVersions]
    public async Task Copies_of_a_template_are_separate(PostgresVersion version)
    {
        await using var one = await TestDatabase.CreateAsync(version, Filled);
        await using var two = await TestDatabase.CreateAsync(version, Filled);
        await one.Superuser.ExecuteAsync("UPDATE filled SET x = 8");
        Assert.Equal(8, await one.Superuser.ScalarAsync<int>("SELECT x FROM filled"));
        Assert.Equal(7, await two.Superuser.ScalarAsync<int>("SELECT x FROM filled"));
    }

    [Theory, PostgresVersions]
    public async Task Disposal_drops_the_database_even_with_sessions_and_prepared_transactions(PostgresVersion version)
    {
        var database = await TestDatabase.CreateAsync(version);
        await database.ExecuteAsync("CREATE TABLE t (x int)");
        await using var connection = new NpgsqlConnection(database.ConnectionString() + ";Pooling=false");
        await connection.OpenAsync();
        await connection.ExecuteAsync("BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'it''s open'");
        await database.DisposeAsync();
        Assert.Equal(0, await database.Server.Maintenance.ScalarAsync<long>("SELECT count(*) FROM pg_database WHERE datname = $1", database.Name));
    }

    [Theory, PostgresVersions]
    public async Task Roles_of_a_fixed_name_can_be_ensured_at_once(PostgresVersion version)
    {
        var server = await TestServer.GetAsync(version);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => server.EnsureRoleAsync("shared_by_tests")));
        Assert.Equal(1, await server.Maintenance.ScalarAsync<long>("SELECT count(*) FROM pg_roles WHERE rolname = 'shared_by_tests'"));
    }

    [Fact]
    public async Task Waiting_in_vain_names_the_condition()
    {
        var failure = await Assert.ThrowsAsync<XunitException>(() =>
            Eventually.TrueAsync(() => false, "the moon is blue", TimeSpan.FromMilliseconds(1)));
        Assert.Contains("the moon is blue", failure.Message, StringComparison.Ordinal);
    }
}
