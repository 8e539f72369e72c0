using Akka.Actor;
using Akka.TestKit;
using PgTrickle.Actors.Contracts;
using PgTrickle.Actors.Contracts.Messages;
using PgTrickle.Actors.Dag;
using PgTrickle.Actors.Membership;
using PgTrickle.Actors.Placement;
using PgTrickle.Actors.StreamTable;
using PgTrickle.Actors.Tests.Fakes;
using PgTrickle.Actors.Workers;
using PgTrickle.Postgres.Ports;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Actors.Tests.StreamTable;

/// <summary>One entity with real workers, an engine that the test drives, and probes for everybody else.</summary>
public abstract class EntityTest : ActorTest
{
    protected EntityTest(ITestOutputHelper output)
        : base(output)
    {
        Coordinator = CreateTestProbe("coordinator");
        Region = CreateTestProbe("region");
        Detector = CreateTestProbe("detector");
        Services = new EntityServices(
            Engine,
            Catalog,
            Sys.ActorOf(WorkerPool.Props(2, 100, Workers, Clock)),
            Detector,
            Coordinator,
            () => Region,
            new LoadBook(Clock, TimeSpan.FromMinutes(1)),
            new NodeFigures(),
            Clock,
            () => 0);
    }

    protected FakeEngine Engine { get; } = new();

    /// <summary>What the workers say of themselves.</summary>
    private NodeFigures Workers { get; } = new();

    protected FakeCatalog Catalog { get; } = new();

    protected TestProbe Coordinator { get; }

    protected TestProbe Region { get; }

    protected TestProbe Detector { get; }

    protected EntityServices Services { get; set; }

    protected static StreamTableId IdOf(long id) => new("db", id);

    protected IActorRef Entity(long id) => Sys.ActorOf(StreamTableActor.Props(IdOf(id), "1", Services));

    /// <summary>The assignment that the coordinator would send for the catalog as it is.</summary>
    protected AssignStreamTable AssignmentOf(long id, long generation = 1)
    {
        var image = Catalog.LoadAsync(CancellationToken.None).GetAwaiter().GetResult();
        var planned = CatalogPlanning.Plan(image);
        return new AssignStreamTable(
            IdOf(id),
            generation,
            planned.Plan.Assignments[id].ToData(),
            CatalogPlanning.Standing(planned.Tables[id]),
            CatalogPlanning.Rules(image));
    }

    /// <summary>An entity with its assignment, past the refresh that each makes at first.</summary>
    protected async Task<IActorRef> SettledEntityAsync(long id, params long[] advancedAtFirst)
    {
        var entity = Entity(id);
        entity.Tell(AssignmentOf(id));
        (await Engine.NextAsync()).Commit(advancedAtFirst);

        // A call that has ended goes on, on a thread of its own, until it has given its worker back; only then is its result on the way.
        await Eventually.TrueAsync(() => Task.FromResult(Workers.ActiveWorkers == 0), "the worker is free");
        await SettleAsync(entity);
        return entity;
    }

    /// <summary>All that the entity was told, results of its last attempt included, has been dealt with.</summary>
    protected async Task SettleAsync(IActorRef entity)
    {
        var workers = Services.Workers;
        await Eventually.TrueAsync(
            async () =>
            {
                await entity.Ask<ActorIdentity>(new Identify(0), Patience);
                await workers.Ask<ActorIdentity>(new Identify(0), Patience);
                await entity.Ask<ActorIdentity>(new Identify(0), Patience);
                return Engine.IsIdle;
            },
            "the entity is at rest");
    }

    protected static CatalogStreamTable Unfilled(CatalogStreamTable table) => table with { Status = "INITIALIZING", IsPopulated = false };
}
