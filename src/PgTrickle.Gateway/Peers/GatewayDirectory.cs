using Npgsql;

namespace PgTrickle.Gateway.Peers;

/// <summary>The gateways of a database, in the table of nodes.</summary>
internal sealed class GatewayDirectory(NpgsqlDataSource control)
{
    private const string Announce = "UPDATE pgtrickle.cluster_members SET gateway = $2 WHERE node_id = $1";

    private const string Others = "SELECT address FROM pgtrickle.gateways() WHERE address <> $1";

    /// <summary>Writes where a node's gateway is. The row goes with the node.</summary>
    public async Task AnnounceAsync(long nodeId, string address, CancellationToken cancellation)
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
