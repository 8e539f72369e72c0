using Npgsql;

namespace PgTrickle.Workloads.Generation;

/// <summary>Rows into a table by COPY, in its text format; values with tabs, newlines or backslashes do not occur in generated data.</summary>
internal static class Copy
{
    public static async Task RowsAsync(NpgsqlConnection connection, string table, IEnumerable<string> rows)
    {
        await using var writer = await connection.BeginTextImportAsync($"COPY {table} FROM STDIN");
        foreach (var row in rows)
        {
            await writer.WriteAsync(row);
            await writer.WriteAsync('\n');
        }
    }

    /// <summary>On a connection of its own, so that several tables load at once.</summary>
    public static async Task RowsAsync(NpgsqlDataSource database, string table, IEnumerable<string> rows)
    {
        await using var connection = await database.OpenConnectionAsync();
        await RowsAsync(connection, table, rows);
    }
}
