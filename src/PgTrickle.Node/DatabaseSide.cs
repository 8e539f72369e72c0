using Akka.Actor.Setup;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgTrickle.Actors;
using PgTrickle.Actors.Configuration;
using PgTrickle.Actors.Dag;
using PgTrickle.Postgres.Capture;
using PgTrickle.Postgres.Catalog;
using PgTrickle.Postgres.Migrations;
using PgTrickle.Postgres.Ports;
using PgTrickle.Postgres.Refresh;

namespace PgTrickle.Node;

/// <summary>The connections of a node to its database, and what works over them.</summary>
internal sealed class DatabaseSide : IAsyncDisposable
{
    // Heartbeats, leases, the journal, claims, polls: short statements that must not wait for each other.
    private const int ClusterPoolSize = 8;
    private const string ApplicationName = "pgtrickle/cluster";

    /// <summary>Polls, heartbeats, leases, claims and outcomes, with room for the journal's.</summary>
    private const int ClusterStatements = 32;

    private readonly NodeOptions options;
    private readonly NodeSettings settings;
    private readonly ILoggerFactory logging;
    private NodeConnections? connections;

    public DatabaseSide(NodeOptions options, NodeSettings settings, ILoggerFactory logging)
    {
        this.options = options;
        this.settings = settings;
        this.logging = logging;
        Cluster = DatabaseConnections.Control(options.ControlConnection, ApplicationName, builder =>
        {
            builder.MaxPoolSize = ClusterPoolSize;
            // Its statements are few, come again and again for as long as the node lives, and leave nothing behind in a session.
            builder.NoResetOnClose = true;
            builder.MaxAutoPrepare = ClusterStatements;
        });
    }

    /// <summary>Control connections of the cluster's own: a burst of refreshes must not keep a lease from being renewed.</summary>
    public NpgsqlDataSource Cluster { get; }

    /// <summary>Installs or migrates, unless the schema is what this release wants.</summary>
    /// <exception cref="InstallException">The rights do not suffice.</exception>
    /// <exception cref="MigrationException">The schema is newer, was changed, or a step failed.</exception>
    public async Task EnsureInstalledAsync(CancellationToken cancellation)
    {
        var migrator = new Migrator();
        await using var plain = NpgsqlDataSource.Create(options.ControlConnection);
        var version = await migrator.VersionAsync(plain, cancellation);
        if (version == migrator.TargetVersion)
        {
            return;
        }

        if (!options.Install)
        {
            throw new InstallException($"The schema pgtrickle has version {version}, this release wants {migrator.TargetVersion}. Run: pgtrickle install");
        }

        var log = logging.CreateLogger<DatabaseSide>();
        log.LogInformation("The schema pgtrickle is brought from version {Version} to {Target}", version, migrator.TargetVersion);
        await new Installer(migrator).InstallAsync(options.ControlConnection, cancellation: cancellation);
    }

    /// <summary>The coordinator's journal goes over the same connections.</summary>
    public Setup Journal() => JournalConnections.Over(Cluster.CreateConnection);

    /// <summary>The registered node and the name of its database; only after <see cref="ConnectAsync"/>.</summary>
    public (NodeIdentity Node, string Database) Registration { get; private set; }

    /// <summary>Makes the engine and its kin for a registered node.</summary>
    public async Task<DatabaseServices> ConnectAsync(NodeIdentity node, string nodeName, CancellationToken cancellation)
    {
        var catalog = new StreamTableCatalog(Cluster, nodeName);
        var workers = settings.MaxWorkers > 0 ? settings.MaxWorkers : CatalogPlanning.Workers(await catalog.LoadAsync(cancellation));
        connections = await NodeConnections.OpenAsync(options.ControlConnection, node, workers, cancellation);
        if (options.WorkerConnection is { } worker)
        {
            await connections.Worker.DisposeAsync();
            connections = new NodeConnections(
                connections.Control,
                DatabaseConnections.Worker(worker, NodeConnections.ApplicationName(node), builder => NodeConnections.ForWorkers(builder, workers)));
        }

        var engine = new RefreshEngine(
            connections, node, options.Clock, logging.CreateLogger<RefreshEngine>());
        await using var connection = await Cluster.OpenConnectionAsync(cancellation);
        Registration = (node, connection.Database);
        return new DatabaseServices(
            connection.Database, engine, catalog, catalog, new CommandQueue(Cluster), new ChangeDetector(Cluster));
    }

    public async ValueTask DisposeAsync()
    {
        if (connections is not null)
        {
            await connections.DisposeAsync();
        }

        await Cluster.DisposeAsync();
    }
}
