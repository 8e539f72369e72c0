using System.Globalization;
using Npgsql;
using PgTrickle.Postgres.Ports;

namespace PgTrickle.Postgres.Refresh;

/// <summary>
/// A node's connections to one database. <see cref="Control"/> acts as role <c>pgtrickle</c> and never runs users' code; <see cref="Worker"/> logs in as
/// the powerless <c>pgtrickle_worker</c>, in whose sessions users' code runs.
/// </summary>
/// <param name="control">Sessions of a role that is a member of <c>pgtrickle</c>.</param>
/// <param name="worker">Sessions of <c>pgtrickle_worker</c>.</param>
public sealed class NodeConnections(NpgsqlDataSource control, NpgsqlDataSource worker) : IAsyncDisposable
{
    /// <summary>As role <c>pgtrickle</c>.</summary>
    public NpgsqlDataSource Control { get; } = control;

    /// <summary>As role <c>pgtrickle_worker</c>.</summary>
    public NpgsqlDataSource Worker { get; } = worker;

    /// <summary>The application name by which a successor recognises the sessions of a node.</summary>
    public static string ApplicationName(NodeIdentity node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return string.Create(CultureInfo.InvariantCulture, $"pgtrickle/{node.NodeId}");
    }

    /// <summary>Makes both data sources; nothing is connected yet.</summary>
    /// <param name="control">Connection string of a role that is a member of <c>pgtrickle</c>.</param>
    /// <param name="worker">Connection string of <c>pgtrickle_worker</c>.</param>
    /// <param name="node">The registered node.</param>
    public static NodeConnections Create(string control, string worker, NodeIdentity node) => new(
        Build(control, node, "-c role=pgtrickle -c search_path=pg_catalog,pg_temp"),
        // The session is cleaned after every use by the refresh itself; what the pool would do comes too late and costs a round trip.
        Build(worker, node, "-c search_path=pg_catalog,pg_temp -c jit=off"));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Control.DisposeAsync();
        await Worker.DisposeAsync();
    }

    private static NpgsqlDataSource Build(string connectionString, NodeIdentity node, string options)
    {
        // A vanished node must not hold a row for the two hours of the server's keepalive.
        const string Timeouts = "-c idle_in_transaction_session_timeout=60000 -c tcp_user_timeout=20000 -c tcp_keepalives_idle=20";
        var builder = new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = ApplicationName(node),
            NoResetOnClose = true,
            MaxAutoPrepare = 0,
            CommandTimeout = 0,
            IncludeErrorDetail = true,
        };
        builder.Options = string.Join(' ', new[] { builder.Options, options, Timeouts }.Where(text => !string.IsNullOrEmpty(text)));
        return NpgsqlDataSource.Create(builder);
    }
}
