using PgTrickle.Scheduling.Assignments;
using PgTrickle.Scheduling.Entities;
using PgTrickle.Scheduling.Tests.Assignments;

namespace PgTrickle.Scheduling.Tests.Entities;

/// <summary>An entity with clocks that the test moves; it applies what is decided and keeps the events of the last input.</summary>
internal sealed class Entity
{
    public static readonly EntityMemory Filled = new(StreamTableStatus.Active, IsPopulated: true, FillAtOnce: true, 0, null);

    public Entity(long id = 1, EntitySettings? settings = null) => State = StreamTableState.Start(id, settings ?? EntitySettings.Default);

    public StreamTableState State { get; private set; }

    public Moment Now { get; private set; } = new(new DateTimeOffset(2025, 6, 1, 12, 0, 0, TimeSpan.Zero), TimeSpan.FromSeconds(1000));

    public IReadOnlyList<EntityEvent> Events { get; private set; } = [];

    public long Running => Assert.IsType<RunningPhase>(State.Phase).Attempt;

    public TimeSpan? NextWake => DueTimes.NextWake(State, Now);

    /// <summary>A populated entity with one schedule over relation 10, refreshed once, idle, nothing to do.</summary>
    public static Entity Settled(string schedule, Func<StreamTableInfo, StreamTableInfo>? change = null)
    {
        var entity = new Entity();
        var table = Catalogs.Table(1, schedule, [], 10);
        entity.Assign([change is null ? table : change(table)]);
        entity.RunOnRequest();
        return entity;
    }

    public Entity Tell(EntityInput input)
    {
        Events = StreamTableDecider.Decide(State, input, Now);
        State = Events.Aggregate(State, (state, occurred) => state.Apply(occurred));
        return this;
    }

    public Entity After(TimeSpan passed)
    {
        Now = new Moment(Now.Wall + passed, Now.Monotonic + passed);
        return Tell(new Tick());
    }

    public Entity StepWallClock(TimeSpan by)
    {
        Now = Now with { Wall = Now.Wall + by };
        return this;
    }

    public Entity Assign(StreamTableInfo[] catalog, long generation = 1, EntityMemory? memory = null) =>
        Tell(new AssignmentReceived(generation, AssignmentPlanner.Plan(catalog, PlanningSettings.Default).Assignments[State.Id], memory ?? Filled));

    public Entity Changed() => Tell(new SourcesChanged([10u]));

    public Entity Grant() => Tell(new SlotGranted(State.LastAttempt));

    public Entity Complete(params long[] advanced) => Tell(new AttemptCompleted(Running, advanced.ToEquatableArray()));

    public Entity Fail(string sqlState, double jitter = 0) =>
        Tell(new AttemptBroken(Running, new Failure(Failure.Classify(sqlState), sqlState, "it failed"), jitter));

    public Entity RunOnRequest(long request = 77) => Tell(new RefreshRequested(request)).Grant().Complete();

    public T Single<T>()
        where T : EntityEvent => Assert.Single(Events.OfType<T>());

    public void None<T>()
        where T : EntityEvent => Assert.Empty(Events.OfType<T>());
}
