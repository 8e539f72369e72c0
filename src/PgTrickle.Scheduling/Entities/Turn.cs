using System.Collections.Immutable;

namespace PgTrickle.Scheduling.Entities;

/// <summary>Collects the events of one input, each decided on the state after those before it.</summary>
internal sealed class Turn(StreamTableState state)
{
    private readonly ImmutableArray<EntityEvent>.Builder events = ImmutableArray.CreateBuilder<EntityEvent>();

    public StreamTableState State { get; private set; } = state;

    public ImmutableArray<EntityEvent> Events => events.ToImmutable();

    public void Emit(EntityEvent occurred)
    {
        State = State.Apply(occurred);
        events.Add(occurred);
    }
}
