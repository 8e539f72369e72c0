using System.Collections.Immutable;
using Akka;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Cluster.Tools.Singleton;
using Akka.Configuration;
using Akka.Event;
using Akka.Pattern;
using PgTrickle.Actors.Capture;
using PgTrickle.Actors.Commands;
using PgTrickle.Actors.Configuration;
using PgTrickle.Actors.Contracts;
using PgTrickle.Actors.Contracts.Messages;
using PgTrickle.Actors.Dag;
using PgTrickle.Actors.Membership;
using PgTrickle.Actors.Placement;
using PgTrickle.Actors.StreamTable;
using PgTrickle.Actors.Workers;
using PgTrickle.Postgres.Ports;
using PgTrickle.Scheduling.Placement;

namespace PgTrickle.Actors;

/// <summary>The database side of a node, made once the node has its identity.</summary>
public sealed record DatabaseServices(
    string Database, IRefreshEngine Engine, IStreamTableCatalog Catalog, ICatalogHousekeeping Housekeeping, ICommandQueue Commands, IChangeDetector Detector);

/// <summary>What a node's actor system is made of.</summary>
/// <param name="Config">The whole configuration, see <see cref="ShippedConfiguration"/>.</param>
/// <param name="Directory">The table of nodes.</param>
/// <param name="Leases">The table of leases.</param>
/// <param name="Connect">Makes the database side from the node's identity and the name of the node.</param>
/// <param name="Clock">The time.</param>
/// <param name="Setups">More for the actor system: logging, the journal's connection.</param>
public sealed record ActorNodeOptions(
    Config Config,
    IClusterDirectory Directory,
    ILeaseStore Leases,
    Func<NodeIdentity, string, CancellationToken, Task<DatabaseServices>> Connect,
    TimeProvider Clock,
    ImmutableArray<Setup> Setups);

/// <summary>
/// A node's actor system: from binding a port to being up in the cluster, and back. <see cref="Terminated"/> ends when it has ended, for whatever
/// reason; <see cref="Failure"/> then says why if nobody asked for it.
/// </summary>
public sealed class ActorNode : IAsyncDisposable
{
    private readonly ActorNodeOptions options;
    private readonly NodeSettings settings;
    private readonly NodeFigures figures = new();
    private readonly Lock gate = new();
    private string? failure;
    private bool asked;

    private ActorNode(ActorNodeOptions options, NodeSettings settings, ActorSystem system)
    {
        this.options = options;
        this.settings = settings;
        System = system;
        Address = Cluster.Get(system).SelfAddress;
    }

    /// <summary>The actor system.</summary>
    public ActorSystem System { get; }

    /// <summary>Where other nodes reach this one.</summary>
    public Address Address { get; }

    /// <summary>The name shown to users.</summary>
    public string Name => settings.Name.Length > 0 ? settings.Name : $"{Environment.MachineName}:{Address.Port}";

    /// <summary>Why the node ended by itself; null while it runs or when it was stopped.</summary>
    public string? Failure
    {
        get
        {
            lock (gate)
            {
                return failure;
            }
        }
    }

    /// <summary>Told of each command whose outcome this node has written, from any thread; must not block. Nobody, until it is set.</summary>
    public Action<long> CommandFinished { get; set; } = static _ => { };

    /// <summary>Ends with the actor system.</summary>
    public Task Terminated => System.WhenTerminated;

    /// <summary>Binds, registers, joins the cluster, and starts its part of the work.</summary>
    public static async Task<ActorNode> StartAsync(ActorNodeOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        var settings = NodeSettings.From(options.Config);
        var setup = ActorSystemSetup.Create(
        [
            BootstrapSetup.Create().WithConfig(ConfigurationFactory.ParseString(Derived(settings)).WithFallback(options.Config)),
            new LeaseSetup(options.Leases, options.Clock),
            .. options.Setups,
        ]);
        var node = new ActorNode(options, settings, ActorSystem.Create(settings.Cluster.SystemName, setup));
        try
        {
            await node.JoinAsync(cancellation);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>A command was announced: has it claimed now and not with the detector's next poll, here or, if this node carries out none, elsewhere.</summary>
    public void LookForCommands()
    {
        if (Router is not null)
        {
            Router.Tell(new CommandsMayWait());
        }
        else if (Routers() is { Count: > 0 } others)
        {
            others[Random.Shared.Next(others.Count)].Tell(new CommandWaits());
        }
    }

    /// <summary>A command was ended by its caller: whoever works on it stops.</summary>
    public void StopCommand(long commandId)
    {
        foreach (var router in Routers())
        {
            router.Tell(new CommandEnded(commandId));
        }
    }

    /// <summary>Hands everything over and leaves the cluster.</summary>
    public Task StopAsync()
    {
        lock (gate)
        {
            asked = true;
        }

        return CoordinatedShutdown.Get(System).Run(CoordinatedShutdown.ClrExitReason.Instance);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync();

    private static string Derived(NodeSettings settings)
    {
        var cluster = settings.Cluster;
        var reachable = cluster.PublicHostname.Length > 0 ? cluster.PublicHostname : cluster.Hostname;
        var publicPort = cluster.PublicPort > 0 ? $"akka.remote.dot-netty.tcp.public-port = {cluster.PublicPort}" : "";
        return $$"""
            akka.remote.dot-netty.tcp.hostname = "{{cluster.Hostname}}"
            akka.remote.dot-netty.tcp.public-hostname = "{{reachable}}"
            akka.remote.dot-netty.tcp.port = {{cluster.Port}}
            {{publicPort}}
            akka.cluster.roles = [{{string.Join(", ", settings.Roles)}}]
            """;
    }

    private async Task JoinAsync(CancellationToken cancellation)
    {
        var description = new NodeDescription(Name, Address.ToString(), System.Name, settings.Roles, settings.MaxWorkers);
        var self = await options.Directory.RegisterAsync(description, cancellation);
        var database = await options.Connect(self, Name, cancellation);
        var image = await database.Catalog.LoadAsync(cancellation);
        AddShutdownTasks(self);
        System.ActorOf(
            MembershipKeeper.Props(options.Directory, self, figures, settings.Cluster.HeartbeatInterval, options.Clock), "membership");

        // Before it joins: a member whose replicator is not there yet holds up the others' majority writes.
        StartWork(database, image);
        await new ClusterBootstrap(System, options.Directory, settings.Cluster, options.Clock).JoinAsync(self, cancellation);
        System.WhenTerminated.ContinueWith(
            _ => Fail("the node was removed from the cluster"), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).Forget();
    }

    private List<ActorSelection> Routers() =>
    [
        .. Cluster.Get(System).State.Members
            .Where(member => member.Status == MemberStatus.Up && member.HasRole(NodeRoles.Worker))
            .Select(member => System.ActorSelection(new RootActorPath(member.Address) / "user" / RouterName)),
    ];

    private void StartWork(DatabaseServices database, CatalogImage image)
    {
        var sharding = ClusterSharding.Get(System);
        var coordinator = StartCoordinator(database);
        if (!settings.Roles.Contains(NodeRoles.Worker))
        {
            Region = sharding.StartProxy(EntityTypeName, NodeRoles.Worker, Extractor);
            return;
        }

        var loads = new LoadBook(options.Clock, settings.Placement.Window);
        System.ActorOf(LoadReporter.Props(loads, settings.Placement.ReportInterval, options.Clock), LoadReporter.ActorName);
        var capacity = settings.MaxWorkers > 0 ? settings.MaxWorkers : CatalogPlanning.Workers(image);
        Workers = System.ActorOf(WorkerPool.Props(capacity, settings.MaxWaiting, figures, options.Clock), "workers");
        Router = System.ActorOf(
            CommandRouter.Props(new CommandServices(
                database.Database, database.Commands, database.Engine, coordinator, () => Region!, settings.Commands, options.Clock, id => CommandFinished(id))),
            RouterName);
        var detector = System.ActorOf(
            ChangeDetectorActor.Props(database.Detector, Router, CatalogPlanning.Poll(image), settings.DetectorIdleFactor, options.Clock),
            "detector");
        var services = new EntityServices(
            database.Engine, database.Catalog, Workers, detector, coordinator, () => Region!, loads, figures, options.Clock, Random.Shared.NextDouble);
        Region = sharding.Start(
            EntityTypeName,
            id => StreamTableId.TryParse(id, out var entity)
                ? StreamTableActor.Props(entity, Extractor.ShardOf(entity), services)
                : throw new ArgumentException($"\"{id}\" is no entity id."),
            ClusterShardingSettings.Create(System).WithRole(NodeRoles.Worker),
            Extractor,
            new LoadAllocationStrategy(
                loads,
                Address,
                new PlacementOptions(settings.Placement.MaxMoves, settings.Placement.TolerancePercent / 100.0, PlacementOptions.Default.IdleCost)),
            HandOff.Instance);
        System.ActorOf(RegionWatch.Props(Region, FailAndStop), "region-watch");
    }

    private IActorRef StartCoordinator(DatabaseServices database)
    {
        const string name = "dag";
        if (settings.Roles.Contains(NodeRoles.Coordinator))
        {
            var services = new CoordinatorServices(
                database.Database, database.Catalog, database.Housekeeping, database.Engine, () => Region!, settings.Coordinator, options.Clock);

            // A persistent actor stops when its journal fails; the singleton must outlive that.
            var supervised = BackoffSupervisor.Props(Backoff.OnStop(
                DagCoordinator.Props(services), "coordinator", TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(10), 0.2, -1));
            System.ActorOf(
                ClusterSingletonManager.Props(
                    supervised, PoisonPill.Instance, ClusterSingletonManagerSettings.Create(System).WithRole(NodeRoles.Coordinator)),
                name);
        }

        return System.ActorOf(
            ClusterSingletonProxy.Props($"/user/{name}", ClusterSingletonProxySettings.Create(System).WithRole(NodeRoles.Coordinator)), "dag-proxy");
    }

    private const string RouterName = "commands";

    private const string EntityTypeName = "stream-table";

    private StreamTableMessageExtractor Extractor => new(settings.Cluster.Shards);

    private IActorRef? Region { get; set; }

    private IActorRef? Workers { get; set; }

    private IActorRef? Router { get; set; }

    private void AddShutdownTasks(NodeIdentity self)
    {
        var shutdown = CoordinatedShutdown.Get(System);

        // Idle entities move at once; those that refresh end their attempt first, for as long as the pool lets them.
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "stop-work", () =>
        {
            Workers?.Tell(new Drain(settings.StopTimeout));
            Router?.Tell(new StopClaiming());
            return Task.FromResult(Done.Instance);
        });
        shutdown.AddTask(
            CoordinatedShutdown.PhaseBeforeServiceUnbind, "say-leaving", () => Quietly(token => options.Directory.SetStateAsync(self, MemberStates.Leaving, token)));
        shutdown.AddTask(
            CoordinatedShutdown.PhaseBeforeActorSystemTerminate, "remove-row", () => Quietly(token => options.Directory.RemoveAsync(self, token)));
    }

    // The row is a courtesy: without it, others wait for the heartbeat to age.
    private async Task<Done> Quietly(Func<CancellationToken, Task> action)
    {
        try
        {
            using var timeout = new CancellationTokenSource(settings.Lease.OperationTimeout, options.Clock);
            await action(timeout.Token);
        }
        catch (Exception problem)
        {
            System.Log.Info("The node's row was not updated: {0}", problem.Message);
        }

        return Done.Instance;
    }

    private void FailAndStop(string reason)
    {
        Fail(reason);
        CoordinatedShutdown.Get(System).Run(CoordinatedShutdown.ClusterDowningReason.Instance).Forget();
    }

    private void Fail(string reason)
    {
        lock (gate)
        {
            failure ??= asked ? null : reason;
        }
    }
}

/// <summary>For tasks whose end nobody waits for.</summary>
internal static class TaskExtensions
{
    public static void Forget(this Task task) => _ = task;
}
