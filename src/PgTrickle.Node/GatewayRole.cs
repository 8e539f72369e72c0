using System.Net;
using System.Net.Sockets;
using Akka.Configuration;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgTrickle.Actors.Configuration;
using PgTrickle.Gateway;
using PgTrickle.Gateway.Outcomes;
using PgTrickle.Postgres.Catalog;
using PgTrickle.Postgres.Ports;

namespace PgTrickle.Node;

/// <summary>The gateway of a node in that role, with connections of its own for the outcomes of calls.</summary>
internal sealed class GatewayRole : IAsyncDisposable
{
    private const string ApplicationName = "pgtrickle/gateway";
    private const int PoolSize = 3;

    private readonly NpgsqlDataSource control;
    private readonly GatewayMetrics metrics;
    private readonly GatewayServer server;
    private readonly TimeSpan drainTimeout;

    private GatewayRole(NpgsqlDataSource control, GatewayMetrics metrics, GatewayServer server, TimeSpan drainTimeout)
    {
        this.control = control;
        this.metrics = metrics;
        this.server = server;
        this.drainTimeout = drainTimeout;
    }

    /// <summary>Where clients connect.</summary>
    public IPEndPoint EndPoint => server.EndPoint;

    /// <summary>Starts it, if the node has the role and a port for it.</summary>
    /// <param name="options">What the node is told.</param>
    /// <param name="settings">Its configuration.</param>
    /// <param name="database">The database's name.</param>
    /// <param name="node">The registered node.</param>
    /// <param name="hints">Told of commands.</param>
    /// <param name="logging">Makes its log.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ConfigurationException">Its address can not be used, or its certificate not read.</exception>
    public static async Task<GatewayRole?> StartAsync(
        NodeOptions options, NodeSettings settings, string database, NodeIdentity node, CommandHints hints, ILoggerFactory logging, CancellationToken cancellation)
    {
        var gateway = settings.Gateway;
        if (!settings.Roles.Contains(NodeRoles.Gateway) || !gateway.IsEnabled)
        {
            return null;
        }

        var control = DatabaseConnections.Control(options.ControlConnection, ApplicationName, builder =>
        {
            // Its statements leave nothing behind in a session.
            builder.MaxPoolSize = PoolSize;
            builder.NoResetOnClose = true;
        });
        var metrics = new GatewayMetrics();
        GatewayServer? server = null;
        try
        {
            server = GatewayServer.Start(
                OptionsOf(gateway, ServerAddress.From(options.ControlConnection), database),
                control, metrics, logging.CreateLogger<GatewayServer>(), options.Clock, hints);
            var role = new GatewayRole(control, metrics, server, gateway.DrainTimeout);
            await server.AnnounceAsync(node.NodeId, gateway.PublicHostname, cancellation);
            return role;
        }
        catch (Exception problem)
        {
            await (server?.DisposeAsync() ?? ValueTask.CompletedTask);
            await control.DisposeAsync();
            metrics.Dispose();
            if (problem is SocketException or IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
            {
                throw new ConfigurationException($"The gateway can not start on {gateway.Address}:{gateway.Port}: {problem.Message}", problem);
            }

            throw;
        }
    }

    /// <summary>An outcome was written: sessions that wait for it need not find out by asking.</summary>
    public void LookForOutcomes() => server.LookForOutcomes();

    /// <summary>What a node's settings mean for its gateway.</summary>
    internal static GatewayOptions OptionsOf(GatewaySettings settings, ServerAddress server, string database) => new()
    {
        Listen = new IPEndPoint(settings.Address, settings.Port),
        Server = server,
        Database = database,
        Certificate = settings.Certificate.Length > 0 ? new CertificateFiles(settings.Certificate, settings.Key) : null,
        RequireTls = settings.RequireTls,
        TrustsLoopback = settings.TrustsLoopback,
        MaxSessions = settings.MaxSessions,
    };

    /// <summary>Lets sessions end at their next idle moment, and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        await server.DrainAsync(drainTimeout);
        await server.DisposeAsync();
        await control.DisposeAsync();
        metrics.Dispose();
    }
}
