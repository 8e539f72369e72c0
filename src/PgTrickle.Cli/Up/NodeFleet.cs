using System.Globalization;
using System.Net;
using Npgsql;
using PgTrickle.Cli.CommandLine;
using PgTrickle.Cli.Connections;

namespace PgTrickle.Cli.Up;

/// <summary>Several node processes that form one cluster.</summary>
internal sealed class NodeFleet : IAsyncDisposable
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    private const string JoinedSql = """
        SELECT n.node_name, n.address, g.address FROM pgtrickle.cluster_nodes() n JOIN pgtrickle.gateways() g USING (node_name)
        WHERE n.state = 'joined' AND n.alive AND n.node_name = ANY ($1) AND n.started_at >= $2
        """;

    private readonly TimeProvider _time;

    private NodeFleet(IReadOnlyList<NodeProcess> nodes, TimeProvider time)
    {
        Nodes = nodes;
        _time = time;
    }

    public IReadOnlyList<NodeProcess> Nodes { get; }

    /// <summary>Where the gateway of the first node that joined takes clients.</summary>
    public DnsEndPoint Gateway { get; private set; } = null!;

    /// <summary>Nodes that run.</summary>
    public int Running => Nodes.Count(node => !node.HasExited);

    /// <summary>Starts the nodes and waits until each is a member of the cluster and takes clients.</summary>
    /// <param name="count">How many.</param>
    /// <param name="control">The connection that each uses.</param>
    /// <param name="logs">Where their logs go.</param>
    /// <param name="joined">Called for each that has joined, with its address.</param>
    /// <param name="time">For waiting.</param>
    /// <param name="cancellation">Ends the wait and the nodes.</param>
    /// <exception cref="CliException">A node ended, or did not join in time.</exception>
    public static async Task<NodeFleet> StartAsync(
        int count, NpgsqlConnectionStringBuilder control, LogDirectory logs, Action<NodeProcess, string> joined, TimeProvider time, CancellationToken cancellation)
    {
        await using var connection = await ShortConnection.OpenAsync(control, cancellation);
        await using var now = new NpgsqlCommand("SELECT clock_timestamp()", connection);
        var started = (DateTime)(await now.ExecuteScalarAsync(cancellation))!;
        var nodes = Enumerable.Range(1, count).Select(number => NodeProcess.Start($"node-{number}", control, logs.Path)).ToList();
        var fleet = new NodeFleet(nodes, time);
        try
        {
            await fleet.WaitUntilJoinedAsync(connection, started, joined, cancellation);
            return fleet;
        }
        catch
        {
            logs.Keep = !cancellation.IsCancellationRequested;
            await fleet.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until a node ends, and returns it.</summary>
    public async Task<NodeProcess> WaitForExitAsync(IReadOnlyCollection<NodeProcess> among, CancellationToken cancellation)
    {
        var exits = among.ToDictionary(node => node.WaitForExitAsync(cancellation));
        var first = await Task.WhenAny(exits.Keys);
        await first;
        return exits[first];
    }

    /// <summary>Lets all nodes leave at the same time.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Nodes.Where(node => !node.HasExited).Select(node => node.StopAsync(StopPatience)));
        foreach (var node in Nodes)
        {
            await node.DisposeAsync();
        }
    }

    private async Task WaitUntilJoinedAsync(
        NpgsqlConnection connection, DateTime started, Action<NodeProcess, string> joined, CancellationToken cancellation)
    {
        var waiting = Nodes.ToDictionary(node => node.Name);
        var deadline = _time.GetUtcNow() + JoinPatience;
        while (waiting.Count > 0)
        {
            foreach (var (name, address, gateway) in await JoinedAsync(connection, waiting.Keys, started, cancellation))
            {
                if (waiting.Remove(name, out var node))
                {
                    Gateway ??= EndPoint(gateway);
                    joined(node, address);
                }
            }

            if (waiting.Values.FirstOrDefault(node => node.HasExited) is { } dead)
            {
                throw new CliException(ExitCode.Environment, $"{dead.Name} ended with exit code {dead.ExitCode}:\n{dead.Tail}", $"Its log is {dead.LogFile}");
            }

            if (waiting.Count > 0 && _time.GetUtcNow() > deadline)
            {
                var late = waiting.Values.First();
                throw new CliException(ExitCode.Environment, $"{late.Name} did not join the cluster in {JoinPatience.TotalSeconds} s:\n{late.Tail}", $"Its log is {late.LogFile}");
            }

            await Task.Delay(Poll, _time, cancellation);
        }
    }

    private static async Task<List<(string Name, string Address, string Gateway)>> JoinedAsync(
        NpgsqlConnection connection, IEnumerable<string> names, DateTime started, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(JoinedSql, connection);
        command.Parameters.Add(new NpgsqlParameter { Value = names.ToArray() });
        command.Parameters.Add(new NpgsqlParameter { Value = started });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var found = new List<(string, string, string)>();
        while (await reader.ReadAsync(cancellation))
        {
            found.Add((reader.GetString(0), reader.GetString(1), reader.GetString(2)));
        }

        return found;
    }

    private static DnsEndPoint EndPoint(string address)
    {
        var colon = address.LastIndexOf(':');
        return new DnsEndPoint(address[..colon], int.Parse(address.AsSpan(colon + 1), CultureInfo.InvariantCulture));
    }
}
