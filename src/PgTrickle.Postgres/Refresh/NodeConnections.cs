using System.Globalization;
using Npgsql;
using PgTrickle.Postgres.Catalog;
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
    /// <summary>How long a worker session lives: what it keeps (plans, catalog caches) is bounded, but goes by who came first.</summary>
    internal const int SessionLifetimeSeconds = 1800;

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

    /// <summary>Opens both, with the worker's password that the installation stored.</summary>
    /// <param name="connectionString">A login role that is a member of <c>pgtrickle</c>.</param>
    /// <param name="node">The registered node.</param>
    /// <param name="maxWorkers">How many refreshes may run at once.</param>
    /// <param name="cancellation">Ends the reading of the password.</param>
    /// <exception cref="InstallException">No password is stored.</exception>
    public static async Task<NodeConnections> OpenAsync(string connectionString, NodeIdentity node, int maxWorkers, CancellationToken cancellation)
    {
        var control = DatabaseConnections.Control(connectionString, ApplicationName(node), Configure);
        try
        {
            return new(control, await DatabaseConnections.WorkerAsync(
                control, connectionString, ApplicationName(node), builder => ForWorkers(builder, maxWorkers), cancellation));
        }
        catch
        {
            await control.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Control.DisposeAsync();
        await Worker.DisposeAsync();
    }

    /// <summary>Settings of worker connections: one more than refreshes at once, since what prepares a stream table needs a session beside theirs.</summary>
    public static void ForWorkers(NpgsqlConnectionStringBuilder builder, int maxWorkers)
    {
        ArgumentNullException.ThrowIfNull(builder);
        Settings(builder).MaxPoolSize = maxWorkers + 1;
        builder.ConnectionLifetime = SessionLifetimeSeconds;
    }

    private static void Configure(NpgsqlConnectionStringBuilder builder) => Settings(builder);

    /// <summary>
    /// A worker's session is cleaned by the refresh itself, and a control session has nothing to clean: the pool's own reset would cost time and come too late.
    /// A refresh takes as long as it takes: cancelling it is the entity's business. Which command of its batch has failed tells whose failure it is, and whether it is committed.
    /// </summary>
    private static NpgsqlConnectionStringBuilder Settings(NpgsqlConnectionStringBuilder builder)
    {
        builder.NoResetOnClose = true;
        builder.MaxAutoPrepare = 0;
        builder.CommandTimeout = 0;
        builder.IncludeErrorDetail = true;
        builder.IncludeFailedBatchedCommand = true;
        return builder;
    }
}
