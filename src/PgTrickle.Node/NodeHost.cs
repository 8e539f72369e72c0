using System.Collections.Immutable;
using System.Net;
using Akka.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using PgTrickle.Actors;
using PgTrickle.Actors.Configuration;
using PgTrickle.Actors.Diagnostics;
using PgTrickle.Gateway;
using PgTrickle.Gateway.Outcomes;
using PgTrickle.Postgres.Cluster;

namespace PgTrickle.Node;

/// <summary>
/// A node within this process: connections, actor system, telemetry. Several may live in one process. It neither handles signals nor ends
/// the process; <see cref="NodeProgram"/> does.
/// </summary>
public sealed class NodeHost : IAsyncDisposable
{
    private readonly ServiceProvider services;
    private readonly DatabaseSide database;
    private readonly ActorNode node;
    private readonly GatewayRole? gateway;
    private readonly Lock gate = new();
    private Task? stopping;

    private NodeHost(ServiceProvider services, DatabaseSide database, ActorNode node, GatewayRole? gateway)
    {
        this.gateway = gateway;
        this.services = services;
        this.database = database;
        this.node = node;
    }

    /// <summary>The name shown to users.</summary>
    public string Name => node.Name;

    /// <summary>Where other nodes reach this one, for instance <c>akka.tcp://pgtrickle@10.0.0.1:4711</c>.</summary>
    public string Address => node.Address.ToString();

    /// <summary>Where clients connect to its gateway; null when it has none.</summary>
    public IPEndPoint? GatewayEndPoint => gateway?.EndPoint;

    /// <summary>Ends with the node, whether it was stopped or ended by itself.</summary>
    public Task Completion => node.Terminated;

    /// <summary>Why the node ended by itself; null while it runs and when it was stopped.</summary>
    public string? Failure => node.Failure;

    /// <summary>Starts a node; it is up in its cluster when this returns.</summary>
    /// <param name="options">What it is told.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ConfigurationException">The configuration is wrong.</exception>
    /// <exception cref="Postgres.Catalog.InstallException">The schema is not there, and the rights to install it are not either.</exception>
    /// <exception cref="NpgsqlException">The database can not be reached.</exception>
    public static async Task<NodeHost> StartAsync(NodeOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        var config = NodeConfiguration.Load(options);
        var settings = NodeSettings.From(config);
        var services = Services(options, settings);
        var logging = services.GetRequiredService<ILoggerFactory>();
        var database = new DatabaseSide(options, settings, logging);
        try
        {
            // Resolved once, they listen until they are disposed.
            services.GetService<MeterProvider>();
            services.GetService<TracerProvider>();
            await database.EnsureInstalledAsync(cancellation);
            var actors = new ActorNodeOptions(
                config,
                new PostgresClusterDirectory(database.Cluster),
                new PostgresLeaseStore(database.Cluster),
                database.ConnectAsync,
                options.Clock,
                ImmutableArray.Create(new LoggingSetup(logging), database.Journal()));
            var node = await ActorNode.StartAsync(actors, cancellation);
            try
            {
                var (identity, name) = database.Registration;
                var gateway = await GatewayRole.StartAsync(options, settings, name, identity, new CommandHints(node.LookForCommands, node.StopCommand), logging, cancellation);
                if (gateway is not null)
                {
                    node.CommandFinished = _ => gateway.LookForOutcomes();
                }

                return new NodeHost(services, database, node, gateway);
            }
            catch
            {
                await node.DisposeAsync();
                throw;
            }
        }
        catch
        {
            await database.DisposeAsync();
            await services.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends running refreshes or rolls them back, hands everything over, and leaves the cluster.</summary>
    public Task StopAsync()
    {
        lock (gate)
        {
            return stopping ??= StopOnceAsync();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync();

    private static ServiceProvider Services(NodeOptions options, NodeSettings settings)
    {
        var services = new ServiceCollection();
        services.AddLogging(builder =>
        {
            builder.SetMinimumLevel(options.LogLevel);
            if (options.Logging is { } configure)
            {
                configure(builder);
            }
            else
            {
                builder.AddSimpleConsole(console =>
                {
                    console.SingleLine = true;
                    console.UseUtcTimestamp = true;
                    console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
                });
            }
        });
        if (settings.Telemetry.OtlpEndpoint.Length > 0)
        {
            var endpoint = Uri.TryCreate(settings.Telemetry.OtlpEndpoint, UriKind.Absolute, out var uri)
                ? uri
                : throw new ConfigurationException("pgtrickle.telemetry.otlp-endpoint is invalid: it is no URI.");
            services.AddOpenTelemetry()
                .ConfigureResource(resource => resource.AddService(settings.Telemetry.ServiceName, serviceInstanceId: settings.Name))
                .WithMetrics(metrics => metrics.AddMeter(Telemetry.Name, GatewayMetrics.MeterName, "Npgsql").AddOtlpExporter(otlp => otlp.Endpoint = endpoint))
                .WithTracing(tracing => tracing.AddSource(Telemetry.Name).AddNpgsql().AddOtlpExporter(otlp => otlp.Endpoint = endpoint));
        }

        return services.BuildServiceProvider();
    }

    private async Task StopOnceAsync()
    {
        if (gateway is not null)
        {
            // First, while commands that its sessions wait for are still carried out here.
            await gateway.DisposeAsync();
        }

        await node.StopAsync();
        await database.DisposeAsync();
        await services.DisposeAsync();
    }
}
