using System.Collections.Immutable;
using Npgsql;
using PgTrickle.Postgres.Ports;

namespace PgTrickle.Postgres.Catalog;

/// <summary>The catalog over control connections. Thread-safe.</summary>
/// <param name="control">Connections made by <see cref="DatabaseConnections.Control"/>.</param>
/// <param name="nodeName">Written to the history of failures.</param>
public sealed class StreamTableCatalog(NpgsqlDataSource control, string nodeName) : IStreamTableCatalog, ICatalogHousekeeping
{
    /// <summary>Sources are those that something can change in: a view's tables are listed themselves.</summary>
    private const string StreamTablesSql = """
        SELECT s.pgt_id, coalesce(n.nspname::text, s.pgt_schema), coalesce(c.relname::text, s.pgt_name), s.schedule, s.refresh_mode,
            x.effective_refresh_mode, s.refresh_tier, x.status, x.is_populated, s.initialize, x.needs_reinit, s.diamond_consistency,
            s.diamond_schedule_policy, s.fuse_mode, s.fuse_ceiling, x.consecutive_errors, x.last_refresh_at, s.definition_version,
            d.relids, d.pgt_ids, coalesce(p.is_untracked OR p.clock_moved IS NOT NULL, d.has_untracked, false), coalesce(s.fuse_sensitivity, 1)
        FROM pgtrickle.stream_tables s
        JOIN pgtrickle.stream_table_state x USING (pgt_id)
        LEFT JOIN pgtrickle.plans p USING (pgt_id, plan_version)
        LEFT JOIN pg_class c ON c.oid = s.pgt_relid
        LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN LATERAL (
            SELECT array_agg(u.source_relid::int8 ORDER BY u.source_relid) AS relids, array_agg(u.source_pgt_id ORDER BY u.source_relid) AS pgt_ids,
                bool_or(u.source_type IN ('MATVIEW', 'FOREIGN', 'CATALOG')) AS has_untracked
            FROM pgtrickle.pgt_dependencies u WHERE u.pgt_id = s.pgt_id AND u.source_type <> 'VIEW') AS d ON true
        ORDER BY s.pgt_id
        """;

    /// <summary>The log is kept for two hours: whoever slept for longer than one cannot tell from it.</summary>
    private const string HasChangedSql = """
        SELECT k.seen IS NULL
            OR EXISTS (SELECT FROM pgtrickle.catalog_log WHERE xid >= pg_snapshot_xmin(k.seen) AND NOT pg_visible_in_snapshot(xid, k.seen))
            OR EXISTS (SELECT FROM pgtrickle.stream_tables s WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = s.pgt_relid))
            OR $2 < clock_timestamp() - interval '1 hour',
            clock_timestamp()
        FROM pgtrickle._snapshot_of($1) AS k(seen)
        """;

    private long _lastPollTicks;

    /// <inheritdoc/>
    /// <remarks>A database that was restored from a dump is settled in, and stream tables whose relation is gone are removed from the catalog first.</remarks>
    public async Task<CatalogImage> LoadAsync(CancellationToken cancellation)
    {
        await using (var settle = control.CreateCommand("SELECT pgtrickle._settle_in()"))
        {
            await settle.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }

        await ForgetDroppedAsync(cancellation).ConfigureAwait(false);
        await using var connection = await control.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
                new NpgsqlBatchCommand("SELECT pgtrickle._snapshot_here(), clock_timestamp()"),
                new NpgsqlBatchCommand(StreamTablesSql),
                new NpgsqlBatchCommand("SELECT name, value FROM pgtrickle.settings"),
                new NpgsqlBatchCommand("COMMIT"),
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        await reader.ReadAsync(cancellation).ConfigureAwait(false);
        var snapshot = reader.GetString(0);
        Interlocked.Exchange(ref _lastPollTicks, reader.GetDateTime(1).Ticks);
        await reader.NextResultAsync(cancellation).ConfigureAwait(false);
        var streamTables = ImmutableArray.CreateBuilder<CatalogStreamTable>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            streamTables.Add(ReadStreamTable(reader));
        }

        await reader.NextResultAsync(cancellation).ConfigureAwait(false);
        var settings = ImmutableDictionary.CreateBuilder<string, string>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            settings.Add(reader.GetString(0), reader.GetString(1));
        }

        return new CatalogImage(snapshot, streamTables.ToImmutable(), settings.ToImmutable());
    }

    /// <inheritdoc/>
    public async Task<bool> HasChangedAsync(CatalogImage image, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(image);
        await using var command = control.CreateCommand(HasChangedSql);
        command.Parameters.Add(new NpgsqlParameter { Value = image.Snapshot });
        command.Parameters.Add(new NpgsqlParameter { Value = new DateTime(Interlocked.Read(ref _lastPollTicks), DateTimeKind.Utc) });
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        await reader.ReadAsync(cancellation).ConfigureAwait(false);
        if (reader.GetBoolean(0))
        {
            return true;
        }

        Interlocked.Exchange(ref _lastPollTicks, reader.GetDateTime(1).Ticks);
        return false;
    }

    /// <inheritdoc/>
    public async Task RecordFailureAsync(FailureRecord failure, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(failure);
        await using var command = control.CreateCommand("SELECT pgtrickle._record_failure($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
        object?[] values =
        [
            failure.PgtId, KindName(failure.Kind), InitiatorName(failure.Initiator), failure.StartedAt.UtcDateTime, failure.SqlState,
            failure.Message, failure.Detail, failure.Hint, failure.Suspend, nodeName,
        ];
        foreach (var value in values)
        {
            command.Parameters.Add(value is null ? new NpgsqlParameter<string?> { TypedValue = null } : new NpgsqlParameter { Value = value });
        }

        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task WriteEffectiveSchedulesAsync(IReadOnlyDictionary<long, string> schedules, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(schedules);
        if (schedules.Count == 0)
        {
            return;
        }

        // Those that were dropped meanwhile have no row to refer to.
        const string sql = """
            INSERT INTO pgtrickle.effective_schedules AS e (pgt_id, schedule)
            SELECT n.pgt_id, n.schedule FROM unnest($1, $2) AS n(pgt_id, schedule) JOIN pgtrickle.stream_tables s ON s.pgt_id = n.pgt_id
            ORDER BY n.pgt_id FOR KEY SHARE OF s
            ON CONFLICT (pgt_id) DO UPDATE SET schedule = EXCLUDED.schedule WHERE e.schedule <> EXCLUDED.schedule
            """;
        await using var command = control.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter { Value = schedules.Keys.ToArray() });
        command.Parameters.Add(new NpgsqlParameter { Value = schedules.Values.ToArray() });
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<long> ForgetDroppedAsync(CancellationToken cancellation)
    {
        await using var command = control.CreateCommand("SELECT pgtrickle._forget_dropped()");
        return (long)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }

    /// <inheritdoc/>
    public async Task<long> PruneAsync(CancellationToken cancellation)
    {
        await using var command = control.CreateCommand("SELECT pgtrickle._prune()");
        return (long)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }

    private static CatalogStreamTable ReadStreamTable(NpgsqlDataReader row) => new(
        PgtId: row.GetInt64(0),
        Schema: row.GetString(1),
        Name: row.GetString(2),
        Schedule: row.GetString(3),
        RefreshMode: row.GetString(4),
        EffectiveRefreshMode: row.IsDBNull(5) ? null : row.GetString(5),
        Tier: row.GetString(6),
        Status: row.GetString(7),
        IsPopulated: row.GetBoolean(8),
        Initialize: row.GetBoolean(9),
        NeedsReinit: row.GetBoolean(10),
        DiamondConsistency: row.GetString(11),
        DiamondSchedulePolicy: row.GetString(12),
        FuseMode: row.GetString(13),
        FuseCeiling: row.IsDBNull(14) ? null : row.GetInt64(14),
        ConsecutiveErrors: row.GetInt32(15),
        LastRefreshAt: row.IsDBNull(16) ? null : row.GetFieldValue<DateTimeOffset>(16),
        DefinitionVersion: row.GetInt64(17),
        Sources: ReadSources(row),
        ReadsUntracked: row.GetBoolean(20),
        FuseSensitivity: row.GetInt32(21));

    private static ImmutableArray<CatalogSource> ReadSources(NpgsqlDataReader row) => row.IsDBNull(18)
        ? []
        : [.. row.GetFieldValue<long[]>(18).Zip(row.GetFieldValue<long?[]>(19), (relid, pgtId) => new CatalogSource(checked((uint)relid), pgtId))];

    private static string KindName(FailureKind kind) => kind switch
    {
        FailureKind.Transient => "TRANSIENT",
        FailureKind.MissingRights => "RIGHTS",
        FailureKind.Query => "QUERY",
        FailureKind.Permanent => "PERMANENT",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private static string InitiatorName(RefreshInitiator initiator) => initiator switch
    {
        RefreshInitiator.Scheduler => "SCHEDULER",
        RefreshInitiator.Manual => "MANUAL",
        RefreshInitiator.Initial => "INITIAL",
        _ => throw new ArgumentOutOfRangeException(nameof(initiator), initiator, null),
    };
}
