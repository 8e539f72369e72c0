using Npgsql;
using PgTrickle.Postgres.Catalog;
using PgTrickle.Postgres.Embedded;
using PgTrickle.Postgres.Migrations;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Catalog;

public sealed class InstallerTests
{
    [Theory, PostgresVersions]
    public async Task A_database_owner_with_createrole_installs_on_a_virgin_server_into_many_databases_at_once(PostgresVersion version)
    {
        // Authentication by password, so that a wrong one is noticed.
        await using var server = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { MajorVersion = version.Major });
        await using var admin = NpgsqlDataSource.Create(server.ConnectionString());
        await admin.ExecuteAsync("CREATE ROLE installer LOGIN CREATEROLE CREATEDB PASSWORD 'secret'");
        var databases = Enumerable.Range(0, 4).Select(index => server.ConnectionString($"d{index}", "installer", "secret")).ToList();
        foreach (var index in Enumerable.Range(0, 4))
        {
            await admin.ExecuteAsync($"CREATE DATABASE d{index} OWNER installer");
        }

        var applied = await Task.WhenAll(databases.Concat(databases).Select(database => new Installer().InstallAsync(database)));

        Assert.Equal(4 * Migration.Embedded.Count, applied.Sum());
        foreach (var database in databases)
        {
            await using var control = DatabaseConnections.Control(database, "control");
            await using var worker = await DatabaseConnections.WorkerAsync(control, database, "worker");
            Assert.Equal("pgtrickle", await control.ScalarAsync<string>("SELECT current_user::text"));
            Assert.Equal("pgtrickle_worker", await worker.ScalarAsync<string>("SELECT session_user::text"));
            Assert.Equal("20000", await worker.ScalarAsync<string>("SHOW tcp_user_timeout"));
            Assert.Equal("1min", await worker.ScalarAsync<string>("SHOW idle_in_transaction_session_timeout"));
            Assert.Equal(0, await new Installer().InstallAsync(database));
        }
    }

    [Theory, PostgresVersions]
    public async Task Without_the_roles_and_without_createrole_the_remedy_is_named(PostgresVersion version)
    {
        await using var server = await EmbeddedPostgres.StartAsync(TestServer.Options(version));
        await using var admin = NpgsqlDataSource.Create(server.ConnectionString());
        await admin.ExecuteAsync("CREATE ROLE plain LOGIN");
        await admin.ExecuteAsync("CREATE DATABASE d OWNER plain");
        var database = server.ConnectionString("d", "plain");

        var refusal = await Assert.ThrowsAsync<InstallException>(() => new Installer().InstallAsync(database));
        Assert.Contains("CREATEROLE", refusal.Message, StringComparison.Ordinal);

        await admin.ExecuteAsync("CREATE ROLE pgtrickle NOLOGIN; CREATE ROLE pgtrickle_worker LOGIN; GRANT pgtrickle_worker TO pgtrickle");
        refusal = await Assert.ThrowsAsync<InstallException>(() => new Installer().InstallAsync(database));
        Assert.Contains("GRANT pgtrickle TO plain", refusal.Message, StringComparison.Ordinal);

        await admin.ExecuteAsync("GRANT pgtrickle TO plain");
        refusal = await Assert.ThrowsAsync<InstallException>(() => new Installer().InstallAsync(database));
        Assert.Contains("--worker-password", refusal.Message, StringComparison.Ordinal);
        await new Installer().InstallAsync(database, new InstallOptions { WorkerPassword = "given" });
    }

    [Theory, PostgresVersions]
    public async Task A_worker_role_with_powers_is_refused(PostgresVersion version)
    {
        await using var server = await EmbeddedPostgres.StartAsync(TestServer.Options(version));
        await using var admin = NpgsqlDataSource.Create(server.ConnectionString());
        await admin.ExecuteAsync("CREATE ROLE pgtrickle_worker LOGIN; GRANT pg_read_all_data TO pgtrickle_worker");
        var refusal = await Assert.ThrowsAsync<InstallException>(() => new Installer().InstallAsync(server.ConnectionString()));
        Assert.Contains("no membership", refusal.Message, StringComparison.Ordinal);
    }

    [Theory, PostgresVersions]
    public async Task A_schema_of_another_make_is_left_alone(PostgresVersion version)
    {
        await InstalledDatabase.EnsureRolesAsync(await TestServer.GetAsync(version));
        await using var database = await TestDatabase.CreateAsync(version);
        await database.Superuser.ExecuteAsync("CREATE SCHEMA pgtrickle");
        var refusal = await Assert.ThrowsAsync<MigrationException>(() => new Migrator().MigrateAsync(database.Superuser));
        Assert.Contains("pg_trickle", refusal.Message, StringComparison.Ordinal);
    }

    [Theory, PostgresVersions]
    public async Task A_step_that_was_changed_or_a_newer_database_is_refused(PostgresVersion version)
    {
        await using var installed = await InstalledDatabase.CreateAsync(version);
        Migration[] changed = [.. Migration.Embedded.Select(step => step.Version == 2 ? new Migration(2, step.Name, step.Sql + " ") : step)];
        Migration[] older = [.. Migration.Embedded.SkipLast(1)];

        var refusal = await Assert.ThrowsAsync<MigrationException>(() => new Migrator(changed).MigrateAsync(installed.Database.Superuser));
        Assert.Contains("checksum", refusal.Message, StringComparison.Ordinal);
        refusal = await Assert.ThrowsAsync<MigrationException>(() => new Migrator(older).MigrateAsync(installed.Database.Superuser));
        Assert.Contains("newer program", refusal.Message, StringComparison.Ordinal);
    }

    [Theory, PostgresVersions]
    public async Task A_step_that_fails_leaves_nothing(PostgresVersion version)
    {
        await using var installed = await InstalledDatabase.CreateAsync(version);
        var last = Migration.Embedded[^1].Version;
        Migration[] failing = [.. Migration.Embedded, new(last + 1, "half", "CREATE TABLE pgtrickle.half (x int); SELECT 1/0")];

        var failure = await Assert.ThrowsAsync<MigrationException>(() => new Migrator(failing).MigrateAsync(installed.Database.Superuser));

        Assert.Contains("division by zero", failure.Message, StringComparison.Ordinal);
        Assert.True(await installed.Database.Superuser.ScalarAsync<bool>("SELECT to_regclass('pgtrickle.half') IS NULL"));
        Assert.Equal(last, await new Migrator().VersionAsync(installed.Control));
    }

    [Fact]
    public void Line_ends_do_not_change_a_checksum() =>
        Assert.Equal(new Migration(1, "a", "SELECT 1;\n").Checksum, new Migration(1, "a", "SELECT 1;\r\n").Checksum);
}
