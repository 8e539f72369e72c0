using Npgsql;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Cli.Demo;

/// <summary>What the live table shows of a stream table.</summary>
/// <param name="Table">Its name.</param>
/// <param name="Query">Its query, as its creator wrote it.</param>
/// <param name="Schedule">Its schedule, as its creator wrote it.</param>
/// <param name="Tier">hot, warm, cold or frozen.</param>
/// <param name="Mode">The mode in which it is maintained; what was asked for until the compiler has decided.</param>
/// <param name="Status">INITIALIZING, ACTIVE, SUSPENDED or ERROR.</param>
/// <param name="IsPopulated">Whether it has had its first fill.</param>
/// <param name="Staleness">Since its last refresh; null before the first.</param>
/// <param name="Refreshes">Completed refreshes that found work.</param>
/// <param name="LastDelta">Rows that the last of them inserted and deleted.</param>
/// <param name="LastDuration">How long it took.</param>
/// <param name="Error">The last error that still stands.</param>
internal sealed record StreamTableFigures(
    QualifiedName Table, string Query, string Schedule, string Tier, string Mode, string Status, bool IsPopulated,
    TimeSpan? Staleness, long Refreshes, (long Inserted, long Deleted)? LastDelta, TimeSpan? LastDuration, string? Error)
{
    /// <summary>Rows; -1 when they were not counted.</summary>
    public long Rows { get; init; } = -1;

    private const string Sql = """
        SELECT s.pgt_schema, s.pgt_name, s.original_query, s.schedule, s.refresh_tier, coalesce(s.effective_refresh_mode, s.refresh_mode),
            s.status, s.is_populated, (extract(epoch FROM clock_timestamp() - s.last_refresh_at))::float8, coalesce(h.refreshes, 0),
            h.rows_inserted, h.rows_deleted, h.milliseconds, CASE WHEN s.consecutive_errors > 0 OR s.status = 'ERROR' THEN s.last_error_message END
        FROM pgtrickle.pgt_stream_tables s
        LEFT JOIN LATERAL (
            SELECT count(*) OVER () AS refreshes, r.rows_inserted, r.rows_deleted,
                (extract(epoch FROM r.end_time - r.start_time) * 1000)::float8 AS milliseconds
            FROM pgtrickle.pgt_refresh_history r
            WHERE r.pgt_id = s.pgt_id AND r.status = 'COMPLETED' AND r.action IN ('DIFFERENTIAL', 'FULL', 'REINITIALIZE')
            ORDER BY r.refresh_id DESC
            LIMIT 1
        ) h ON true
        ORDER BY s.pgt_id
        """;

    private const string CountsText = """
        SELECT 'SELECT ' || string_agg(pg_catalog.format('(SELECT count(*) FROM %s)', t.name::regclass), ', ' ORDER BY t.ordinal)
        FROM unnest($1::text[]) WITH ORDINALITY AS t(name, ordinal)
        """;

    /// <summary>Reads all stream tables of a database, in the order in which they were made.</summary>
    public static async Task<List<StreamTableFigures>> ReadAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(Sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var figures = new List<StreamTableFigures>();
        while (await reader.ReadAsync(cancellation))
        {
            figures.Add(Read(reader));
        }

        return figures;
    }

    /// <summary>The same with the rows of each counted.</summary>
    public static async Task<List<StreamTableFigures>> ReadWithRowsAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var figures = await ReadAsync(connection, cancellation);
        if (figures.Count == 0)
        {
            return figures;
        }

        await using var text = new NpgsqlCommand(CountsText, connection);
        text.Parameters.Add(new NpgsqlParameter { Value = figures.Select(table => table.Table.ToString()).ToArray() });
        await using var command = new NpgsqlCommand((string)(await text.ExecuteScalarAsync(cancellation))!, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        return [.. figures.Select((table, index) => table with { Rows = reader.GetInt64(index) })];
    }

    private static StreamTableFigures Read(NpgsqlDataReader row) => new(
        new QualifiedName(row.GetString(0), row.GetString(1)),
        row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetString(6), row.GetBoolean(7),
        row.IsDBNull(8) ? null : TimeSpan.FromSeconds(Math.Max(0, row.GetDouble(8))),
        row.GetInt64(9),
        row.IsDBNull(10) ? null : (row.GetInt64(10), row.GetInt64(11)),
        row.IsDBNull(12) ? null : TimeSpan.FromMilliseconds(row.GetDouble(12)),
        row.IsDBNull(13) ? null : row.GetString(13));
}
