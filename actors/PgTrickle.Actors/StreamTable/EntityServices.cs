using Akka.Actor;
using PgTrickle.Actors.Membership;
using PgTrickle.Actors.Placement;
using PgTrickle.Postgres.Ports;

namespace PgTrickle.Actors.StreamTable;

/// <summary>What an entity needs of its node.</summary>
/// <param name="Engine">Refreshes.</param>
/// <param name="Catalog">Takes failures.</param>
/// <param name="Workers">The node's worker pool.</param>
/// <param name="Detector">The node's change detector.</param>
/// <param name="Coordinator">The DAG coordinator, wherever it is.</param>
/// <param name="Region">Takes messages to other entities; asked when needed, since it exists only after the entity's Props.</param>
/// <param name="Loads">Notes how long refreshes take.</param>
/// <param name="Figures">Counts entities.</param>
/// <param name="Clock">The time.</param>
/// <param name="Jitter">A random number from 0 to 1.</param>
public sealed record EntityServices(
    IRefreshEngine Engine,
    IStreamTableCatalog Catalog,
    IActorRef Workers,
    IActorRef Detector,
    IActorRef Coordinator,
    Func<IActorRef> Region,
    LoadBook Loads,
    NodeFigures Figures,
    TimeProvider Clock,
    Func<double> Jitter);
