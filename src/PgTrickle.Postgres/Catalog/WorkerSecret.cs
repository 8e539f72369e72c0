using System.Text;
using Npgsql;

namespace PgTrickle.Postgres.Catalog;

/// <summary>The password of role pgtrickle_worker in table <c>pgtrickle.secrets</c>, which only role pgtrickle can read.</summary>
internal static class WorkerSecret
{
    private const string Name = "worker_password";

    /// <summary>Reads it; null when none is stored. The session may be any member of pgtrickle, inheriting or not.</summary>
    public static async Task<string?> ReadAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand("SET ROLE pgtrickle"),
                new NpgsqlBatchCommand("SELECT value FROM pgtrickle.secrets WHERE name = $1") { Parameters = { new() { Value = Name } } },
                new NpgsqlBatchCommand("RESET ROLE"),
            },
        };
        return (string?)await batch.ExecuteScalarAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Writes it.</summary>
    public static async Task StoreAsync(NpgsqlConnection connection, string password, CancellationToken cancellation)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand("SET ROLE pgtrickle"),
                new NpgsqlBatchCommand("INSERT INTO pgtrickle.secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value")
                {
                    Parameters = { new() { Value = Name }, new() { Value = password } },
                },
                new NpgsqlBatchCommand("RESET ROLE"),
            },
        };
        await batch.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Looks into the other databases of the server that this role may connect to; the first that has the secret will do.</summary>
    public static async Task<string?> FindInSiblingsAsync(string connectionString, NpgsqlConnection connection, CancellationToken cancellation)
    {
        const string sql = """
            SELECT datname::text FROM pg_catalog.pg_database
            WHERE datallowconn AND datname <> current_database() AND has_database_privilege(oid, 'CONNECT') ORDER BY datname
            """;
        var siblings = new List<string>();
        await using (var query = new NpgsqlCommand(sql, connection))
        await using (var reader = await query.ExecuteReaderAsync(cancellation).ConfigureAwait(false))
        {
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            {
                siblings.Add(reader.GetString(0));
            }
        }

        foreach (var database in siblings)
        {
            var sibling = new NpgsqlConnectionStringBuilder(connectionString) { Database = database, Pooling = false }.ConnectionString;
            if (await TryReadAsync(sibling, cancellation).ConfigureAwait(false) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>Refuses what the preparation of passwords (SASLprep) might change.</summary>
    public static void RequirePlain(string password)
    {
        if (!Ascii.IsValid(password) || password.Any(char.IsControl))
        {
            throw new InstallException("The worker's password may hold printable ASCII characters only.");
        }
    }

    private static async Task<string?> TryReadAsync(string connectionString, CancellationToken cancellation)
    {
        try
        {
            await using var connection = new NpgsqlConnection(connectionString);
            await connection.OpenAsync(cancellation).ConfigureAwait(false);
            await using var command = new NpgsqlCommand("SELECT to_regclass('pgtrickle.secrets') IS NOT NULL", connection);
            return (bool)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!
                ? await ReadAsync(connection, cancellation).ConfigureAwait(false)
                : null;
        }
        catch (PostgresException)
        {
            // Dropped meanwhile, or closed to this role: not a sibling to ask.
            return null;
        }
    }
}
