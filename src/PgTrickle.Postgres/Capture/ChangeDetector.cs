using Npgsql;
using NpgsqlTypes;
using PgTrickle.Postgres.Ports;

namespace PgTrickle.Postgres.Capture;

/// <summary>Reads the change log with one query. Keeps no state: the caller brings the snapshot of the poll before.</summary>
/// <param name="control">Sessions of role <c>pgtrickle</c>.</param>
public sealed class ChangeDetector(NpgsqlDataSource control) : IChangeDetector
{
    /// <inheritdoc/>
    public async Task<ChangeObservation> PollAsync(string? since, CancellationToken cancellation)
    {
        await using var command = control.CreateCommand(
            """
            SELECT d.snapshot, d.sources::bigint[], d.everything,
                EXISTS (SELECT FROM pgtrickle.commands c WHERE c.status = 'PENDING' OR (c.status = 'CLAIMED' AND c.claimed_until < clock_timestamp()))
            FROM pgtrickle._detect_changes($1) AS d
            """);
        command.Parameters.Add(new() { Value = (object?)since ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        await using var row = await command.ExecuteReaderAsync(cancellation);
        await row.ReadAsync(cancellation);
        return new(
            row.GetString(0),
            [.. row.GetFieldValue<long[]>(1).Select(oid => (uint)oid)],
            row.GetBoolean(2),
            row.GetBoolean(3));
    }
}
