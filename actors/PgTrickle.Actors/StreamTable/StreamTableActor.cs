using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Event;
using PgTrickle.Actors.Capture;
using PgTrickle.Actors.Contracts;
using PgTrickle.Actors.Contracts.Messages;
using PgTrickle.Actors.Diagnostics;
using PgTrickle.Actors.Workers;
using PgTrickle.Scheduling;
using PgTrickle.Scheduling.Assignments;
using PgTrickle.Scheduling.Entities;
using Inputs = PgTrickle.Scheduling.Entities;
using Messages = PgTrickle.Actors.Contracts.Messages;

namespace PgTrickle.Actors.StreamTable;

/// <summary>
/// The entity of one stream table: turns messages into inputs of <see cref="StreamTableDecider"/> and does what the decided events ask for.
/// It keeps nothing that the catalog lacks, so it may be lost at any time. The diagram of states is that of <see cref="StreamTableState"/>.
/// </summary>
public sealed class StreamTableActor : ReceiveActor
{
    private const string Wake = "wake";
    private const string AskForAssignment = "assignment";
    private const string AskForSlot = "slot";

    private static readonly TimeSpan AssignmentPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SlotPatience = TimeSpan.FromMilliseconds(250);

    private readonly StreamTableId id;
    private readonly EntityServices services;
    private readonly ActorTimers timers;
    private readonly AttemptRunner runner;
    private readonly Callers callers = new();
    private readonly FirstFill firstFill;
    private readonly ILoggingAdapter log = Context.GetLogger();
    private StreamTableState state;
    private SlotRequested? wanted;
    private WorkerSlot? slot;
    private bool leaving;

    /// <summary>Made by sharding.</summary>
    /// <param name="id">The stream table.</param>
    /// <param name="shard">Its shard, to which its load is counted.</param>
    /// <param name="services">What the node offers.</param>
    public StreamTableActor(StreamTableId id, string shard, EntityServices services)
    {
        ArgumentNullException.ThrowIfNull(services);
        this.id = id;
        this.services = services;
        state = StreamTableState.Start(id.PgtId, EntitySettings.Default);
        timers = new ActorTimers(services.Clock, Self);
        runner = new AttemptRunner(id, shard, services, Self, this, log);
        firstFill = new FirstFill(id, services, Self);
        ReceiveWire();
        ReceiveLocal();
    }

    /// <summary>Props for sharding.</summary>
    public static Props Props(StreamTableId id, string shard, EntityServices services) =>
        Akka.Actor.Props.Create(() => new StreamTableActor(id, shard, services));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        services.Figures.CountEntity(1);
        Telemetry.Entities.Add(1);
        timers.Start(AskForAssignment, AssignmentPatience, AskForAssignment);
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        services.Figures.CountEntity(-1);
        Telemetry.Entities.Add(-1);
        timers.Dispose();
        firstFill.Dispose();
        if (!state.IsRetired)
        {
            services.Coordinator.Tell(new EntityStopped(id));
        }
    }

    private void ReceiveWire()
    {
        Receive<AssignStreamTable>(OnAssignment);
        Receive<WithdrawStreamTable>(message => message.Generation >= state.Generation, _ => Handle(new Withdrawn()));
        Receive<WithdrawStreamTable>(_ => { });
        Receive<Messages.UpstreamAdvanced>(message => Handle(new Inputs.UpstreamAdvanced(message.Upstream)));
        Receive<Messages.StatusChanged>(OnStatusChanged);
        Receive<RefreshStreamTable>(OnRefresh);
        Receive<WithdrawRequest>(OnRequestWithdrawn);
        Receive<InitializeStreamTable>(message =>
            firstFill.Add(new Caller(message.Request, message.Deadline, Sender), state, runner.LastFailure));
    }

    private void ReceiveLocal()
    {
        Receive<TablesChanged>(message => Handle(new SourcesChanged(message.Sources)));
        Receive<AnyTableMayHaveChanged>(_ => Handle(new AnythingMayHaveChanged()));
        Receive<WorkerSlot>(OnSlot);
        Receive<SlotDenied>(OnDenied);
        Receive<AttemptEnded>(OnEnded);
        Receive<PreparationEnded>(message => firstFill.OnPrepared(message.Problem));
        Receive<HandOff>(_ => OnHandOff());
        Receive<TimerFired>(fired => OnTimer(timers.Accept(fired)));
    }

    private void OnAssignment(AssignStreamTable message)
    {
        timers.Cancel(AskForAssignment);
        AssignmentReceived received;
        try
        {
            received = new AssignmentReceived(message.Generation, message.Assignment.ToAssignment(), message.Standing.ToMemory());
        }
        catch (UnreadableAssignmentException problem)
        {
            // A newer coordinator's: it is sent again until a node of its release has this shard.
            log.Warning("{0}: assignment of generation {1} is not understood: {2}", id, message.Generation, problem.Message);
            return;
        }

        if (message.Generation >= state.Generation)
        {
            state = state with { Settings = message.Rules.ToSettings() };
            firstFill.IsPreparationOnly = !message.Standing.Initialize;
            if (message.Rules.PollInterval > TimeSpan.Zero)
            {
                services.Detector.Tell(new PollEvery(message.Rules.PollInterval));
            }

            Handle(new HoldRequested(Hold.Paused, !message.Rules.Enabled));
        }

        Handle(received);
        services.Coordinator.Tell(new AssignmentAccepted(id, Math.Max(message.Generation, state.Generation)));
    }

    private void OnStatusChanged(Messages.StatusChanged message)
    {
        if (StreamTableKeywords.TryParse(message.Status, out StreamTableStatus? status))
        {
            Handle(status == StreamTableStatus.Suspended ? new SuspendRequested() : new ResumeRequested());
        }
    }

    private void OnRefresh(RefreshStreamTable message)
    {
        // Messages to a shard that moves wait and may arrive after everybody stopped waiting for the answer.
        if (message.Deadline > services.Clock.GetUtcNow())
        {
            Handle(new RefreshRequested(callers.Register(new Caller(message.Request, message.Deadline, Sender))));
        }
    }

    private void OnRequestWithdrawn(WithdrawRequest message)
    {
        if (callers.NumberOf(message.Request) is { } number)
        {
            callers.Take(number);
            Handle(new RequestWithdrawn(number));
        }
        else if (state.Assignment is { IsPassenger: true } passenger)
        {
            services.Region().Tell(message with { Id = id.Sibling(passenger.Driver) });
        }
    }

    private void OnSlot(WorkerSlot granted)
    {
        slot = granted;
        Handle(new SlotGranted(granted.Attempt));
        slot = null;
    }

    private void OnDenied(SlotDenied denied)
    {
        if (state.Phase is WaitingPhase waiting && waiting.Attempt == denied.Attempt)
        {
            timers.Start(AskForSlot, SlotPatience * (1 + services.Jitter()), AskForSlot);
        }
    }

    private void OnEnded(AttemptEnded ended)
    {
        if (!ReferenceEquals(ended.Incarnation, this))
        {
            log.Debug("{0}: a result of an earlier incarnation is ignored", id);
            return;
        }

        if (ended.Outcome is { } outcome)
        {
            var advanced = outcome.Members.Where(member => member.Advanced).Select(member => member.PgtId).ToEquatableArray();
            runner.Succeeded(ended.Attempt, outcome);
            Handle(new AttemptCompleted(ended.Attempt, advanced));
        }
        else
        {
            var failed = Failures.Understand(ended.Problem!, id.PgtId);
            runner.Failed(ended.Attempt, failed);
            Handle(new AttemptBroken(ended.Attempt, failed.ToFailure(), services.Jitter()));
        }

        if (leaving)
        {
            Context.Stop(Self);
        }
    }

    private void OnHandOff()
    {
        leaving = true;
        Handle(new HoldRequested(Hold.Draining, true));
        if (state.Phase is not RunningPhase)
        {
            Context.Stop(Self);
        }
    }

    private void OnTimer(object? timer)
    {
        switch (timer)
        {
            case Wake:
                Handle(new Tick());
                break;
            case AskForSlot when wanted is { } request && state.Phase is WaitingPhase waiting && waiting.Attempt == request.Attempt:
                services.Workers.Tell(new SlotWanted(request.Attempt, request.Priority));
                break;
            case AskForAssignment when state.Assignment is null:
                services.Coordinator.Tell(new AssignmentWanted(id));
                timers.Start(AskForAssignment, AssignmentPatience, AskForAssignment);
                break;
            default:
                break;
        }
    }

    private void Handle(EntityInput input)
    {
        var now = Moment.Of(services.Clock);
        var before = state.Status;
        var events = StreamTableDecider.Decide(state, input, now);
        foreach (var occurred in events)
        {
            state = state.Apply(occurred);
        }

        foreach (var occurred in events)
        {
            Carry(occurred, events, before);
        }

        firstFill.Settle(state);
        SetTimer(now);
    }

    private void SetTimer(Moment now)
    {
        if (!leaving && DueTimes.NextWake(state, now) is { } sleep)
        {
            timers.Start(Wake, sleep, Wake);
        }
        else
        {
            timers.Cancel(Wake);
        }
    }

    private void Carry(EntityEvent occurred, ImmutableArray<EntityEvent> all, StreamTableStatus before)
    {
        switch (occurred)
        {
            case Assigned assigned:
                services.Detector.Tell(new WatchSources(assigned.Assignment.WatchedSources, assigned.Assignment.Timetable.Interval));
                break;
            case SlotRequested request:
                wanted = request;
                services.Workers.Tell(new SlotWanted(request.Attempt, request.Priority));
                break;
            case SlotCancelled cancelled:
                services.Workers.Tell(new SlotNotWanted(cancelled.Attempt));
                break;
            case SlotReturned:
                slot?.Release();
                break;
            case AttemptStarted started:
                runner.Start(started, slot!, state.IsPopulated, wanted?.Priority);
                break;
            case AttemptAbandoned abandoned:
                log.Info("{0}: attempt {1} is cancelled, since nobody wants it any more", Name, abandoned.Attempt);
                runner.Cancel();
                break;
            case AttemptSucceeded when before != state.Status:
                services.Coordinator.Tell(new StatusReported(id, state.Status.ToKeyword(), "refreshed"));
                break;
            case AttemptFailed failed:
                var suspended = all.OfType<Suspended>().Any();
                firstFill.Failed(runner.LastFailure);
                runner.Record(failed, suspended, before != state.Status ? state.Status : null);
                break;
            case AdvanceAnnounced advance:
                Announce(advance);
                break;
            case IntervalStretched stretched:
                log.Info("{0}: refreshes take nearly their whole interval or no longer do; it is multiplied by {1}", Name, stretched.Factor);
                break;
            case LateResultIgnored late:
                log.Debug("{0}: the result of attempt {1} came late", Name, late.Attempt);
                break;
            case Retired:
                Leave();
                break;
            default:
                Answer(occurred);
                break;
        }
    }

    private string Name => state.Assignment?.Name ?? id.ToString();

    private void Answer(EntityEvent occurred)
    {
        switch (occurred)
        {
            case RequestRefused refused:
                callers.Take(refused.Request)?.Reply(
                    [], new FailureData(id.PgtId, nameof(Postgres.Ports.FailureKind.Query), refused.SqlState, refused.Message, null, null));
                break;
            case RequestsAnswered answered:
                foreach (var request in answered.Requests)
                {
                    callers.Take(request)?.Reply(
                        answered.Failure is null ? runner.LastMembers : [],
                        answered.Failure is null ? null : runner.LastFailure?.ToData());
                }

                break;
            case RequestsForwarded forwarded:
                foreach (var caller in forwarded.Requests.Select(callers.Take).OfType<Caller>())
                {
                    services.Region().Tell(
                        new RefreshStreamTable(id.Sibling(forwarded.Driver), caller.Request, caller.Deadline), caller.ReplyTo);
                }

                break;
            default:
                break;
        }
    }

    private void Announce(AdvanceAnnounced advance)
    {
        foreach (var link in advance.Links)
        {
            services.Region().Tell(new Messages.UpstreamAdvanced(id.Sibling(link.Entity), link.Advanced));
        }
    }

    private void Leave()
    {
        leaving = state.Phase is RunningPhase;
        firstFill.Withdraw();
        if (!leaving)
        {
            Context.Parent.Tell(new Passivate(HandOff.Instance));
        }
    }
}
