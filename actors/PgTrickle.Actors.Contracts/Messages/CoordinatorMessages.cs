using System.Collections.Immutable;

namespace PgTrickle.Actors.Contracts.Messages;

/// <summary>From an entity that was started by something else than an assignment.</summary>
public sealed record AssignmentWanted(StreamTableId Id) : ICoordinatorMessage;

/// <summary>From an entity: it works by this generation.</summary>
public sealed record AssignmentAccepted(StreamTableId Id, long Generation) : ICoordinatorMessage;

/// <summary>From an entity whose shard moves: somebody has to wake it again.</summary>
public sealed record EntityStopped(StreamTableId Id) : ICoordinatorMessage;

/// <summary>From an entity: the catalog shows a new status, written by the entity.</summary>
public sealed record StatusReported(StreamTableId Id, string Status, string Reason) : ICoordinatorMessage;

/// <summary>From a command router: a command changed the catalog. Answered with <see cref="CatalogReloaded"/>.</summary>
/// <param name="CommandId">The command.</param>
/// <param name="Kind">create, alter, drop, refresh, resume.</param>
/// <param name="PgtId">The stream table concerned; zero for none.</param>
/// <param name="AskedBy">The role that called.</param>
public sealed record ReloadCatalog(long CommandId, string Kind, long PgtId, string AskedBy) : ICoordinatorMessage;

/// <summary>The coordinator has seen the catalog as it is after the command.</summary>
public sealed record CatalogReloaded(long CommandId, long Generation) : IContractMessage;

/// <summary>From a gateway to a command router: a command waits to be carried out.</summary>
public sealed record CommandWaits : IContractMessage;

/// <summary>From a gateway to the command routers: a command was ended by its caller. A hint: what became of it is in the catalog.</summary>
public sealed record CommandEnded(long CommandId) : IContractMessage;

/// <summary>How much refresh time a shard took recently.</summary>
/// <param name="Shard">The shard's id.</param>
/// <param name="Load">Milliseconds of refresh time a second.</param>
public readonly record struct ShardLoadData(string Shard, double Load);

/// <summary>From each node to all: the loads of the shards that it hosts.</summary>
public sealed record NodeLoads(string Address, ImmutableArray<ShardLoadData> Shards) : IContractMessage;
