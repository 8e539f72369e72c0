using System.Collections.Immutable;
using Npgsql;
using PgTrickle.Postgres.Ports;

namespace PgTrickle.Postgres.Catalog;

/// <summary>The intents of <c>pgtrickle.commands</c> over control connections. Times are the database's. Thread-safe.</summary>
/// <param name="control">Connections made by <see cref="DatabaseConnections.Control"/>.</param>
public sealed class CommandQueue(NpgsqlDataSource control) : ICommandQueue
{
    /// <summary>
    /// One command of a stream table at a time, the oldest: ids follow the order of the locks that its callers held. Rows that another
    /// node is claiming at this moment are passed over. The commit need not wait for the disk: a claim that a crash of the server takes back is made again.
    /// </summary>
    private const string ClaimSql = """
        WITH relaxed AS MATERIALIZED (
            SELECT set_config('synchronous_commit', 'off', true) AS setting
        ), chosen AS (
            SELECT c.command_id FROM pgtrickle.commands c
            WHERE (c.status = 'PENDING' OR (c.status = 'CLAIMED' AND c.claimed_until < clock_timestamp()))
                AND NOT EXISTS (SELECT FROM pgtrickle.commands e
                    WHERE e.pgt_id = c.pgt_id AND e.command_id < c.command_id AND e.status IN ('PENDING', 'CLAIMED'))
            ORDER BY c.command_id LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE pgtrickle.commands c SET status = 'CLAIMED', claim_epoch = c.claim_epoch + 1, claimed_until = clock_timestamp() + $2
        FROM chosen, relaxed WHERE c.command_id = chosen.command_id AND relaxed.setting = 'off'
        RETURNING c.command_id, c.claim_epoch, c.kind, c.pgt_id, c.args::text, c.role::text
        """;

    /// <summary>Whoever waits is told sooner if the disk is not waited for. The work itself has been: after a crash of the server it is found done, and the outcome is written again.</summary>
    private const string FinishSql = """
        WITH relaxed AS MATERIALIZED (
            SELECT set_config('synchronous_commit', 'off', true) AS setting
        )
        UPDATE pgtrickle.commands SET status = $3, finished_at = clock_timestamp(), claimed_until = NULL,
            error_code = $4, error_message = $5, error_detail = $6, error_hint = $7
        FROM relaxed WHERE command_id = $1 AND claim_epoch = $2 AND status = 'CLAIMED' AND relaxed.setting = 'off'
        """;

    private const string RenewSql = """
        UPDATE pgtrickle.commands SET claimed_until = clock_timestamp() + $3 WHERE command_id = $1 AND claim_epoch = $2 AND status = 'CLAIMED'
        """;

    private const string IsOpenSql = "SELECT EXISTS (SELECT FROM pgtrickle.commands WHERE command_id = $1 AND status IN ('PENDING', 'CLAIMED'))";

    /// <inheritdoc/>
    public async Task<ImmutableArray<ClaimedCommand>> ClaimAsync(TimeSpan lease, int limit, CancellationToken cancellation)
    {
        await using var command = control.CreateCommand(ClaimSql);
        command.Parameters.Add(new NpgsqlParameter { Value = limit });
        command.Parameters.Add(new NpgsqlParameter { Value = lease });
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var claimed = ImmutableArray.CreateBuilder<ClaimedCommand>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            claimed.Add(new ClaimedCommand(
                reader.GetInt64(0), reader.GetInt64(1), reader.GetString(2), reader.IsDBNull(3) ? null : reader.GetInt64(3), reader.GetString(4),
                reader.GetString(5)));
        }

        claimed.Sort((one, other) => one.CommandId.CompareTo(other.CommandId));
        return claimed.ToImmutable();
    }

    /// <inheritdoc/>
    public Task<bool> CompleteAsync(ClaimedCommand command, CancellationToken cancellation) => FinishAsync(command, null, cancellation);

    /// <inheritdoc/>
    public Task<bool> FailAsync(ClaimedCommand command, RefreshFailedException error, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(error);
        return FinishAsync(command, error, cancellation);
    }

    /// <inheritdoc/>
    public async Task<CommandLease> RenewAsync(ClaimedCommand command, TimeSpan lease, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(command);
        await using var renewal = control.CreateCommand(RenewSql);
        renewal.Parameters.Add(new NpgsqlParameter { Value = command.CommandId });
        renewal.Parameters.Add(new NpgsqlParameter { Value = command.Epoch });
        renewal.Parameters.Add(new NpgsqlParameter { Value = lease });
        if (await renewal.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false) == 1)
        {
            return CommandLease.Held;
        }

        await using var look = control.CreateCommand(IsOpenSql);
        look.Parameters.Add(new NpgsqlParameter { Value = command.CommandId });
        return (bool)(await look.ExecuteScalarAsync(cancellation).ConfigureAwait(false))! ? CommandLease.Lost : CommandLease.Ended;
    }

    private async Task<bool> FinishAsync(ClaimedCommand command, RefreshFailedException? error, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(command);
        await using var finish = control.CreateCommand(FinishSql);
        finish.Parameters.Add(new NpgsqlParameter { Value = command.CommandId });
        finish.Parameters.Add(new NpgsqlParameter { Value = command.Epoch });
        foreach (var text in new[] { error is null ? "DONE" : "FAILED", error?.SqlState, error?.Message, error?.Detail, error?.Hint })
        {
            finish.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = text });
        }

        return await finish.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false) == 1;
    }
}
