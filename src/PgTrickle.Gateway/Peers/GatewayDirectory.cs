using Npgsql;

namespace PgTrickle.Gateway.Peers;

/// <summary>The gateways of a database, in the table of nodes.</summary>
internal sealed class GatewayDirectory(NpgsqlDataSource control)
{
    private const string Announce = "UPDATE pgtrickle.cluster_members SET gateway = $2 WHERE node_id = $1";

    /// <summary>A node that is dead for half a minute has no sessions that could be cancelled.</summary>
    private const string Others =
        "SELECT gateway FROM pgtrickle.cluster_members WHERE gateway <> $1 AND heartbeat_at > clock_timestamp() - interval '30 seconds'";

    /// <summary></summary>
    public async Task AnnounceAsync(long nodeId, string? address, CancellationToken cancellation)
    {
        await using var command = control.CreateCommand(Announce);
        command.Parameters.Add(new() { Value = nodeId });
        command.Parameters.Add(new() { Value = address });
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>The addresses of all gateways but the one asking, as host:port.</summary>
    public async Task<IReadOnlyList<string>> OthersAsync(string own, CancellationToken cancellation)
    {
        await using var command = control.CreateCommand(Others);
        command.Parameters.Add(new() { Value = own });
        var addresses = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            addresses.Add(reader.GetString(0));
        }

        return addresses;
    }
}
