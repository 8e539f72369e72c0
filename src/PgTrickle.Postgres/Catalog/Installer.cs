using System.Security.Cryptography;
using Npgsql;
using PgTrickle.Postgres.Migrations;

namespace PgTrickle.Postgres.Catalog;

/// <summary>
/// Installs the schema <c>pgtrickle</c> into one database, or brings it up to date. Any number may run at once, into one database or into
/// several of one server. The role used must own the database (or hold CREATE on it with grant option) and have CREATEROLE, or find both roles made.
/// </summary>
public sealed class Installer(Migrator? migrator = null)
{
    private const int PasswordBytes = 32;

    private readonly Migrator _migrator = migrator ?? new Migrator();

    /// <summary>Makes roles, schema and the worker's password.</summary>
    /// <param name="connectionString">The database, and the role that installs.</param>
    /// <param name="options">What is not left to the installer.</param>
    /// <param name="cancellation">Ends it; what is done by then stays and is found by the next run.</param>
    /// <returns>The number of migrations applied.</returns>
    /// <exception cref="InstallException">The rights or the server do not suffice.</exception>
    /// <exception cref="MigrationException">The schema is newer, was changed, or a step failed.</exception>
    public async Task<int> InstallAsync(string connectionString, InstallOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new InstallOptions();
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var connection = await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        RequireVersion(connection.PostgreSqlVersion);
        var roles = new InstalledRoles(connection);
        options.Progress?.Report("Making or verifying the roles pgtrickle and pgtrickle_worker");
        await roles.EnsureAsync(options.ControlRoles, cancellation).ConfigureAwait(false);

        var applied = 0;
        if (await _migrator.VersionAsync(source, cancellation).ConfigureAwait(false) < _migrator.TargetVersion)
        {
            await GrantCreateAsync(connection, cancellation).ConfigureAwait(false);
            var progress = options.Progress is { } told ? new StepProgress(told) : null;
            applied = await _migrator.MigrateAsync(source, progress, cancellation).ConfigureAwait(false);
        }

        await EnsurePasswordAsync(connectionString, connection, roles, options, cancellation).ConfigureAwait(false);
        return applied;
    }

    private static void RequireVersion(Version server)
    {
        if (server.Major < InstalledSchema.OldestServer)
        {
            throw new InstallException($"This server is PostgreSQL {server}; {InstalledSchema.OldestServer} or newer is needed.");
        }
    }

    /// <summary>The schemas are created by their owner, who needs CREATE on the database for it.</summary>
    private static async Task GrantCreateAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        const string sql = "SELECT has_database_privilege('pgtrickle', current_database(), 'CREATE'), current_database()::text";
        string database;
        await using (var query = new NpgsqlCommand(sql, connection))
        await using (var reader = await query.ExecuteReaderAsync(cancellation).ConfigureAwait(false))
        {
            await reader.ReadAsync(cancellation).ConfigureAwait(false);
            if (reader.GetBoolean(0))
            {
                return;
            }

            database = reader.GetString(1);
        }

        try
        {
            var grant = await UtilityStatement.FormatAsync(connection, "GRANT CREATE ON DATABASE %I TO pgtrickle", [database], cancellation).ConfigureAwait(false);
            await SharedCatalogRetry.ExecuteAsync(connection, grant, cancellation).ConfigureAwait(false);
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new InstallException(
                $"Role pgtrickle may not create schemas in database {database}. Install as the owner of the database, or have it run: GRANT CREATE ON DATABASE {database} TO pgtrickle;",
                error);
        }
    }

    private static async Task EnsurePasswordAsync(
        string connectionString, NpgsqlConnection connection, InstalledRoles roles, InstallOptions options, CancellationToken cancellation)
    {
        var mayAlter = await roles.MayAlterWorkerAsync(cancellation).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        if (mayAlter)
        {
            // The comment's lock on the role is the one lock that all databases of a server share, and lasts until the commit.
            await ExecuteAsync(connection, "COMMENT ON ROLE pgtrickle_worker IS 'Runs refreshes of stream tables; has no rights of its own.'", cancellation)
                .ConfigureAwait(false);
        }

        var stored = await WorkerSecret.ReadAsync(connection, cancellation).ConfigureAwait(false);
        if (stored is not null && (options.WorkerPassword is null || options.WorkerPassword == stored))
        {
            return;
        }

        var password = options.WorkerPassword ?? await WorkerSecret.FindInSiblingsAsync(connectionString, connection, cancellation).ConfigureAwait(false);
        if (password is null && !mayAlter)
        {
            throw new InstallException("The password of role pgtrickle_worker is not known and this role may not set it. Give it with --worker-password.");
        }

        if (mayAlter && (password is null || options.WorkerPassword is not null))
        {
            password ??= Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(PasswordBytes));
            WorkerSecret.RequirePlain(password);
            var alter = await UtilityStatement.FormatAsync(
                connection, "ALTER ROLE pgtrickle_worker PASSWORD %L", [ScramVerifier.Of(password)], cancellation).ConfigureAwait(false);
            await ExecuteAsync(connection, alter, cancellation).ConfigureAwait(false);
        }

        await WorkerSecret.StoreAsync(connection, password!, cancellation).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    private sealed class StepProgress(IProgress<string> told) : IProgress<Migration>
    {
        public void Report(Migration value) => told.Report($"Migration {value.Version}: {value.Name}");
    }
}
