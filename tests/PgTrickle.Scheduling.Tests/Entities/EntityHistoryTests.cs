using CsCheck;
using PgTrickle.Scheduling.Assignments;
using PgTrickle.Scheduling.Entities;
using PgTrickle.Scheduling.Tests.Assignments;

namespace PgTrickle.Scheduling.Tests.Entities;

/// <summary>Random histories of one entity, with a worker pool that grants, loses and repeats what it likes.</summary>
public sealed class EntityHistoryTests
{
    private static readonly string[] SqlStates = ["40001", "42501", "22012", "22012", "42703"];

    private static readonly TimeSpan[] Steps =
        [TimeSpan.Zero, TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), TimeSpan.FromHours(1), TimeSpan.FromDays(2)];

    // The entity is the first stream table, which others may read, or the last, which may read others.
    private static readonly Gen<StreamTableInfo[]> Surroundings = Gen.Select(Catalogs.Any(4), Gen.Bool).Select((catalog, first) =>
        first ? catalog : catalog.Select((table, index) => table with { Id = index < catalog.Length - 1 ? table.Id + 1 : 0, Upstream = table.Upstream.Select(id => id + 1).ToEquatableArray() }).ToArray());

    private static readonly Gen<(StreamTableInfo[][] Catalogs, (int Kind, int Value)[] Inputs)> Histories =
        Gen.Select(Surroundings.Array[3], Gen.Select(Gen.Int[0, 15], Gen.Int[0, 59]).Array[1, 80]);

    [Fact]
    public void No_history_breaks_the_rules() => Histories.Sample(history => Play(history.Catalogs, history.Inputs), iter: 20_000);

    private static void Play(StreamTableInfo[][] catalogs, (int Kind, int Value)[] inputs)
    {
        var entity = new Entity(0);
        var ledger = new Ledger();
        foreach (var (kind, value) in inputs)
        {
            var before = entity.State;
            var input = InputOf(kind, value, entity, catalogs);
            if (input is null)
            {
                entity.StepWallClock(TimeSpan.FromHours(value - 30));
                continue;
            }

            if (input is Tick)
            {
                entity.After(Steps[value % Steps.Length]);
            }
            else
            {
                ledger.Note(input);
                entity.Tell(input);
            }

            ledger.Note(before, entity.Events);
            ledger.Balance(entity.State);
            CheckState(entity);
        }
    }

    private static EntityInput? InputOf(int kind, int value, Entity entity, StreamTableInfo[][] catalogs)
    {
        // Mostly the present attempt, now and then one before it.
        var attempt = entity.State.LastAttempt - (value % 5 == 0 ? 1 : 0);
        var memory = new EntityMemory((StreamTableStatus)(value % 4), value % 4 != 0, value % 2 == 0, value % 3, null);
        return kind switch
        {
            0 => new AssignmentReceived(value / 3, AssignmentPlanner.Plan(catalogs[value % 3], PlanningSettings.Default).Assignments[0], memory),
            1 or 2 or 3 => new Tick(),
            4 => new SourcesChanged([(uint)(value % 4)]),
            5 => new UpstreamAdvanced(value % 4),
            6 => new RefreshRequested(value % 7),
            7 => new RequestWithdrawn(value % 7),
            8 or 9 => new SlotGranted(attempt),
            10 or 11 => new AttemptCompleted(attempt, [value % 4]),
            12 => new AttemptBroken(attempt, new Failure(Failure.Classify(SqlStates[value % 5]), SqlStates[value % 5], "it failed"), value / 59.0),
            13 => new HoldRequested((Hold)(1 << (value % 3)), value % 2 == 0),
            14 when value % 20 == 0 => new Withdrawn(),
            14 => value % 4 == 0 ? new SuspendRequested() : value % 4 == 1 ? new AnythingMayHaveChanged() : new ResumeRequested(),
            _ => null,
        };
    }

    private static void CheckState(Entity entity)
    {
        var state = entity.State;
        Assert.Contains(state.IntervalFactor, new[] { 1, 2, 4, 8 });
        if (state.Status == StreamTableStatus.Suspended)
        {
            Assert.IsNotType<WaitingPhase>(state.Phase);
        }

        if (state.Phase is WaitingPhase { Origin: not AttemptOrigin.Request })
        {
            Assert.Equal(Hold.None, state.Holds);
            Assert.False(state.Assignment!.IsPassenger && state.Status == StreamTableStatus.Active);
        }

        // All that is due now was started or skipped by the input: a timer of no length would spin.
        Assert.False(entity.NextWake <= TimeSpan.Zero, $"spins after {string.Join(", ", entity.Events)} in {state}");

        // Work is never forgotten: somebody will come back to it.
        var free = state is { Phase: IdlePhase, Holds: Hold.None, IsRetired: false, Status: not StreamTableStatus.Suspended, Assignment: not null };
        if (free && DueTimes.HasWork(state) && !DueTimes.IsBlocked(state) && DueTimes.IsScheduledHere(state) && DrivenByClock(state))
        {
            Assert.NotNull(entity.NextWake);
        }
    }

    private static bool DrivenByClock(StreamTableState state) => state.Assignment!.Timetable.IsTimed || state.Failures.NotBefore is not null;

    /// <summary>What the shell would have to keep in balance: slots and requests.</summary>
    private sealed class Ledger
    {
        private readonly HashSet<long> open = [];
        private long granted;
        private long ended;
        private long? running;

        public void Note(EntityInput input)
        {
            granted += input is SlotGranted ? 1 : 0;
            if (input is RefreshRequested requested)
            {
                open.Add(requested.Request);
            }
        }

        public void Note(StreamTableState before, IReadOnlyList<EntityEvent> events)
        {
            var state = before;
            foreach (var occurred in events)
            {
                switch (occurred)
                {
                    case SlotRequested requested:
                        Assert.Null(running);
                        Assert.NotEqual(StreamTableStatus.Suspended, state.Status);
                        Assert.False(state.Holds.HasFlag(Hold.Draining));
                        Assert.True(requested.Attempt > before.LastAttempt);
                        break;
                    case AttemptStarted started:
                        Assert.Null(running);
                        running = started.Attempt;
                        break;
                    case AttemptSucceeded { Attempt: var attempt }:
                        End(attempt);
                        break;
                    case AttemptFailed { Attempt: var attempt }:
                        End(attempt);
                        break;
                    case AttemptStopped { Attempt: var attempt }:
                        End(attempt);
                        break;
                    case AttemptAbandoned abandoned:
                        Assert.Equal(running, abandoned.Attempt);
                        break;
                    case LateResultIgnored late:
                        Assert.NotEqual(running, late.Attempt);
                        break;
                    case SlotReturned:
                        ended++;
                        break;
                    case RequestRefused { Request: var request }:
                        Assert.True(open.Remove(request));
                        break;
                    case RequestsForwarded { Requests: var requests }:
                        Close(requests);
                        break;
                    case RequestsAnswered { Requests: var requests }:
                        Close(requests);
                        break;
                    case RequestDropped { Request: var request }:
                        open.Remove(request);
                        break;
                    default:
                        break;
                }

                state = state.Apply(occurred);
            }
        }

        public void Balance(StreamTableState state)
        {
            var taken = state.Phase is RunningPhase phase ? phase.Requests : [];
            Assert.Equal(open.Order(), state.Requests.Concat(taken).Order());
            Assert.Equal(granted, ended + (running is null ? 0 : 1));
            Assert.Equal(running, (state.Phase as RunningPhase)?.Attempt);
        }

        private void End(long attempt)
        {
            Assert.Equal(running, attempt);
            running = null;
            ended++;
        }

        private void Close(EquatableArray<long> requests)
        {
            foreach (var request in requests)
            {
                Assert.True(open.Remove(request));
            }
        }
    }
}
