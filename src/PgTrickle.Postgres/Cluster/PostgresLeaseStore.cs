using Npgsql;
using NpgsqlTypes;
using PgTrickle.Postgres.Ports;

namespace PgTrickle.Postgres.Cluster;

/// <summary>
/// One row a lease. The epoch grows with every change of owner and names one tenure: whoever lost the lease and does not know yet
/// fails at its next compare-and-set.
/// </summary>
/// <param name="control">Connections as the role pgtrickle.</param>
public sealed class PostgresLeaseStore(NpgsqlDataSource control) : ILeaseStore
{
    private const string Acquire = """
        INSERT INTO pgtrickle.leases AS held (name, owner, epoch, expires_at)
        VALUES ($1, $2, 1, pg_catalog.clock_timestamp() + $3)
        ON CONFLICT (name) DO UPDATE
        SET owner = excluded.owner, epoch = held.epoch + 1, expires_at = pg_catalog.clock_timestamp() + $3
        WHERE held.owner = excluded.owner OR held.expires_at < pg_catalog.clock_timestamp()
        RETURNING epoch
        """;

    private const string Renew = """
        UPDATE pgtrickle.leases
        SET expires_at = pg_catalog.clock_timestamp() + $4
        WHERE name = $1 AND owner = $2 AND epoch = $3
        """;

    // The row stays, so that the epoch never goes back.
    private const string Release = """
        UPDATE pgtrickle.leases
        SET expires_at = '-infinity'
        WHERE name = $1 AND owner = $2 AND epoch = $3
        """;

    /// <inheritdoc/>
    public async Task<long?> AcquireAsync(string name, string owner, TimeSpan duration, CancellationToken cancellation)
    {
        await using var command = control.CreateCommand(Acquire);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = owner });
        command.Parameters.Add(Interval(duration));
        return await command.ExecuteScalarAsync(cancellation) as long?;
    }

    /// <inheritdoc/>
    public Task<bool> RenewAsync(string name, string owner, long epoch, TimeSpan duration, CancellationToken cancellation) =>
        CompareAndSetAsync(Renew, name, owner, epoch, duration, cancellation);

    /// <inheritdoc/>
    public Task<bool> ReleaseAsync(string name, string owner, long epoch, CancellationToken cancellation) =>
        CompareAndSetAsync(Release, name, owner, epoch, null, cancellation);

    private static NpgsqlParameter Interval(TimeSpan duration) =>
        new NpgsqlParameter<TimeSpan> { TypedValue = duration, NpgsqlDbType = NpgsqlDbType.Interval };

    private async Task<bool> CompareAndSetAsync(
        string sql, string name, string owner, long epoch, TimeSpan? duration, CancellationToken cancellation)
    {
        await using var command = control.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = owner });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = epoch });
        if (duration is { } extension)
        {
            command.Parameters.Add(Interval(extension));
        }

        return await command.ExecuteNonQueryAsync(cancellation) == 1;
    }
}
