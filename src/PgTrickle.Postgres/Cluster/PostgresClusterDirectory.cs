using System.Collections.Immutable;
using System.Data;
using System.Security.Cryptography;
using Npgsql;
using NpgsqlTypes;
using PgTrickle.Postgres.Ports;

namespace PgTrickle.Postgres.Cluster;

/// <summary>The table of nodes. Every time in it is the database's: nodes' clocks are never compared.</summary>
/// <param name="control">Connections as the role pgtrickle.</param>
public sealed class PostgresClusterDirectory(NpgsqlDataSource control) : IClusterDirectory
{
    private const int TokenBytes = 16;

    private const string Insert = """
        INSERT INTO pgtrickle.cluster_members (node_name, address, system_name, roles, max_workers, token_hash, state)
        VALUES ($1, $2, $3, $4,
            coalesce(nullif($5, 0), (SELECT value::int FROM pgtrickle.settings WHERE name = 'max_workers'), 4), $6, 'init')
        RETURNING node_id
        """;

    private const string Heartbeat = """
        UPDATE pgtrickle.cluster_members
        SET heartbeat_at = pg_catalog.clock_timestamp(), active_workers = $2, entities = $3
        WHERE node_id = $1
        """;

    private const string SetState = """
        UPDATE pgtrickle.cluster_members SET state = $2, heartbeat_at = pg_catalog.clock_timestamp() WHERE node_id = $1
        """;

    private const string Remove = "DELETE FROM pgtrickle.cluster_members WHERE node_id = $1";

    // The process that had this address before, and rows that dead processes left long ago.
    private const string RemovePredecessors = """
        DELETE FROM pgtrickle.cluster_members
        WHERE address = $1 OR heartbeat_at < pg_catalog.clock_timestamp() - '1 day'::interval
        """;

    private const string List = """
        SELECT node_id, node_name, address, state, roles
        FROM pgtrickle.cluster_members
        WHERE system_name = $1 AND heartbeat_at > pg_catalog.clock_timestamp() - $2
        ORDER BY started_at, node_id
        """;

    // The second key keeps systems apart that share a database; the first is this use of advisory locks.
    private const string TryLock = "SELECT pg_catalog.pg_try_advisory_xact_lock(1885823595, pg_catalog.hashtext($1))";

    /// <inheritdoc/>
    public async Task<NodeIdentity> RegisterAsync(NodeDescription node, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(node);
        var token = RandomNumberGenerator.GetBytes(TokenBytes);
        await using var connection = await control.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await using (var delete = new NpgsqlCommand(RemovePredecessors, connection, transaction))
        {
            delete.Parameters.Add(new NpgsqlParameter<string> { TypedValue = node.Address });
            await delete.ExecuteNonQueryAsync(cancellation);
        }

        await using var insert = new NpgsqlCommand(Insert, connection, transaction);
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = node.Name });
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = node.Address });
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = node.SystemName });
        insert.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. node.Roles] });
        insert.Parameters.Add(new NpgsqlParameter<int> { TypedValue = node.MaxWorkers });
        insert.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = SHA256.HashData(token) });
        var id = (long)(await insert.ExecuteScalarAsync(cancellation) ?? throw new DataException("No node id was returned."));
        await transaction.CommitAsync(cancellation);
        return new NodeIdentity(id, token);
    }

    /// <inheritdoc/>
    public Task HeartbeatAsync(NodeIdentity node, int activeWorkers, int entities, CancellationToken cancellation) => ExecuteAsync(
        Heartbeat,
        cancellation,
        new NpgsqlParameter<long> { TypedValue = node.NodeId },
        new NpgsqlParameter<int> { TypedValue = activeWorkers },
        new NpgsqlParameter<int> { TypedValue = entities });

    /// <inheritdoc/>
    public Task SetStateAsync(NodeIdentity node, string state, CancellationToken cancellation) => ExecuteAsync(
        SetState,
        cancellation,
        new NpgsqlParameter<long> { TypedValue = node.NodeId },
        new NpgsqlParameter<string> { TypedValue = state });

    /// <inheritdoc/>
    public Task RemoveAsync(NodeIdentity node, CancellationToken cancellation) =>
        ExecuteAsync(Remove, cancellation, new NpgsqlParameter<long> { TypedValue = node.NodeId });

    /// <inheritdoc/>
    public async Task<ImmutableArray<ClusterMember>> ListAsync(string systemName, TimeSpan freshness, CancellationToken cancellation)
    {
        await using var connection = await control.OpenConnectionAsync(cancellation);
        await using var command = new NpgsqlCommand(List, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = systemName });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = freshness, NpgsqlDbType = NpgsqlDbType.Interval });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var members = ImmutableArray.CreateBuilder<ClusterMember>();
        while (await reader.ReadAsync(cancellation))
        {
            members.Add(new ClusterMember(
                reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), [.. reader.GetFieldValue<string[]>(4)]));
        }

        return members.ToImmutable();
    }

    /// <inheritdoc/>
    public async Task<bool> TryFoundAsync(string systemName, Func<CancellationToken, Task> found, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(found);
        await using var connection = await control.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await using var command = new NpgsqlCommand(TryLock, connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = systemName });
        if (await command.ExecuteScalarAsync(cancellation) is not true)
        {
            return false;
        }

        await found(cancellation);

        // A dead connection has lost the lock on the way; the commit tells.
        await transaction.CommitAsync(cancellation);
        return true;
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancellation, params NpgsqlParameter[] parameters)
    {
        await using var command = control.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
