using System.Data;
using Npgsql;

namespace PgTrickle.Postgres.Catalog;

/// <summary>
/// Rows of roles and grants are shared by all databases of a server and not locked by row: writers that meet fail with an internal error or
/// a broken unique index, and may simply try again.
/// </summary>
internal static class SharedCatalogRetry
{
    private const int Attempts = 20;

    public static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var command = new NpgsqlCommand(sql, connection);
                await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
                return;
            }
            catch (PostgresException error) when (attempt < Attempts && IsCollision(error))
            {
                // Npgsql takes an internal error of the server for a broken session.
                if (connection.State != ConnectionState.Open)
                {
                    await connection.OpenAsync(cancellation).ConfigureAwait(false);
                }
            }
        }
    }

    private static bool IsCollision(PostgresException error) =>
        error.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected
        || (error.SqlState == PostgresErrorCodes.InternalError && error.MessageText.Contains("concurrently", StringComparison.Ordinal));
}
