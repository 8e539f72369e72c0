using System.Globalization;
using Npgsql;

namespace PgTrickle.Postgres.Migrations;

/// <summary>
/// Brings the schema <c>pgtrickle</c> of one database to the version of this program. Every step is a transaction of its own that
/// begins with an advisory lock, so any number of nodes may try at once, also through a pooler in transaction mode.
/// </summary>
/// <param name="migrations">The steps; those of this assembly unless a test gives others.</param>
public sealed class Migrator(IReadOnlyList<Migration>? migrations = null)
{
    /// <summary>Key of the advisory lock, an arbitrary constant.</summary>
    private const long LockKey = 0x7067_7472_6963_6B6C;

    private readonly IReadOnlyList<Migration> _migrations = migrations ?? Migration.Embedded;

    /// <summary>The version after all steps.</summary>
    public int TargetVersion => _migrations.Count == 0 ? 0 : _migrations[^1].Version;

    /// <summary>Applies what is missing.</summary>
    /// <param name="source">Connections of a role that may SET ROLE pgtrickle.</param>
    /// <param name="progress">Told of each step before it runs.</param>
    /// <param name="cancellation">Ends it between or within steps; a step is applied whole or not at all.</param>
    /// <returns>The number of steps applied.</returns>
    /// <exception cref="MigrationException">The database is newer than this program, was changed by other files, or a step failed.</exception>
    public async Task<int> MigrateAsync(NpgsqlDataSource source, IProgress<Migration>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        await using var connection = await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        for (var applied = 0; ; applied++)
        {
            if (!await ApplyNextAsync(connection, progress, cancellation).ConfigureAwait(false))
            {
                return applied;
            }
        }
    }

    /// <summary>The version of a database, 0 when nothing is installed; checks it as <see cref="MigrateAsync"/> does.</summary>
    /// <exception cref="MigrationException">The database is newer than this program, or was changed by other files.</exception>
    public async Task<int> VersionAsync(NpgsqlDataSource source, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        await using var connection = await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        return await CheckedVersionAsync(connection, null, cancellation).ConfigureAwait(false);
    }

    private async Task<bool> ApplyNextAsync(NpgsqlConnection connection, IProgress<Migration>? progress, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        await ExecuteAsync(connection, transaction, "SET LOCAL ROLE pgtrickle", cancellation).ConfigureAwait(false);
        await ExecuteAsync(connection, transaction, "SET LOCAL search_path = pg_catalog, pg_temp", cancellation).ConfigureAwait(false);
        await LockAsync(connection, transaction, cancellation).ConfigureAwait(false);
        var version = await CheckedVersionAsync(connection, transaction, cancellation).ConfigureAwait(false);
        if (_migrations.FirstOrDefault(migration => migration.Version > version) is not { } next)
        {
            return false;
        }

        progress?.Report(next);
        try
        {
            await ExecuteAsync(connection, transaction, next.Sql, cancellation).ConfigureAwait(false);
        }
        catch (PostgresException error)
        {
            throw new MigrationException($"Migration {next.Version} ({next.Name}) failed: {error.MessageText} [{error.SqlState}]", error);
        }

        await RecordAsync(connection, transaction, next, cancellation).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        return true;
    }

    /// <summary>One migrator at a time in a database. A transaction's lock: it ends with the transaction, through a pooler, too.</summary>
    private static async Task LockAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("SELECT pg_catalog.pg_advisory_xact_lock($1)", connection, transaction)
        {
            Parameters = { new() { Value = LockKey } },
        };
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    private static async Task RecordAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Migration migration, CancellationToken cancellation)
    {
        const string sql = "INSERT INTO pgtrickle.schema_migrations (version, name, checksum) VALUES ($1, $2, $3)";
        await using var command = new NpgsqlCommand(sql, connection, transaction)
        {
            Parameters = { new() { Value = migration.Version }, new() { Value = migration.Name }, new() { Value = migration.Checksum } },
        };
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Reads what was applied and compares it with the files of this program.</summary>
    private async Task<int> CheckedVersionAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, CancellationToken cancellation)
    {
        if (!await IsInstalledAsync(connection, transaction, cancellation).ConfigureAwait(false))
        {
            return 0;
        }

        await using var command = new NpgsqlCommand("SELECT version, name, checksum FROM pgtrickle.schema_migrations ORDER BY version", connection, transaction);
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var known = _migrations.ToDictionary(migration => migration.Version);
        var version = 0;
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            version = reader.GetInt32(0);
            var (name, checksum) = (reader.GetString(1), reader.GetString(2));
            if (!known.TryGetValue(version, out var migration))
            {
                throw new MigrationException(string.Create(CultureInfo.InvariantCulture,
                    $"The schema pgtrickle of this database has version {version} ({name}), this program knows {TargetVersion} at most. Use a newer program."));
            }

            if (!string.Equals(migration.Checksum, checksum, StringComparison.Ordinal))
            {
                throw new MigrationException(string.Create(CultureInfo.InvariantCulture,
                    $"Migration {version} ({name}) was applied from another file: its checksum is {checksum}, this program's is {migration.Checksum}. A migration is never changed after its release."));
            }
        }

        return version;
    }

    private static async Task<bool> IsInstalledAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, CancellationToken cancellation)
    {
        const string sql = """
            SELECT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'schema_migrations')
            FROM pg_catalog.pg_namespace n WHERE n.nspname = 'pgtrickle'
            """;
        await using var command = new NpgsqlCommand(sql, connection, transaction);
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        if (!await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            return false;
        }

        if (!reader.GetBoolean(0))
        {
            throw new MigrationException(
                "This database has a schema pgtrickle that was not made by this program; perhaps the extension pg_trickle is installed. Remove it or use another database.");
        }

        return true;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection, transaction) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }
}
