using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Akka.Persistence;
using PgTrickle.Actors.Configuration;
using PgTrickle.Actors.Contracts;
using PgTrickle.Actors.Contracts.Messages;
using PgTrickle.Actors.StreamTable;
using PgTrickle.Postgres.Ports;
using PgTrickle.Scheduling.Assignments;

namespace PgTrickle.Actors.Dag;

/// <summary>What the coordinator needs of its node.</summary>
/// <param name="Database">Name of the database.</param>
/// <param name="Catalog">Definitions.</param>
/// <param name="Housekeeping">What is to be removed now and then.</param>
/// <param name="Engine">For the clean-up of change buffers.</param>
/// <param name="Region">Takes messages to entities.</param>
/// <param name="Settings">Intervals.</param>
/// <param name="Clock">The time.</param>
public sealed record CoordinatorServices(
    string Database,
    IStreamTableCatalog Catalog,
    ICatalogHousekeeping Housekeeping,
    IRefreshEngine Engine,
    Func<IActorRef> Region,
    CoordinatorSettings Settings,
    TimeProvider Clock);

/// <summary>
/// The cluster's singleton of one database: reads the catalog, plans, journals what it decides and who asked, and keeps every entity supplied
/// with its assignment. It is not on the refresh path: while it moves, entities go on with what they have.
/// <code>
/// Recovering ---> Loading ---> Persisting ---> Distributing ---> (idle)
///                    ^                                             |
///                    +---- catalog changed, command, status -------+
/// </code>
/// What arrives while a load is under way may be younger than what the load sees, so it causes another one.
/// </summary>
internal sealed class DagCoordinator : ReceivePersistentActor
{
    private const string Poll = "poll";

    /// <summary>
    /// How often a quiet catalog is looked at. Commands ask for a new plan by themselves: only settings, renamed tables and tables dropped by hand wait for it.
    /// </summary>
    private static readonly TimeSpan QuietPoll = TimeSpan.FromSeconds(1);
    private const string Resend = "resend";

    private static readonly TimeSpan RetryLoad = TimeSpan.FromSeconds(1);

    private readonly CoordinatorServices services;
    private readonly ActorTimers timers;
    private readonly CancellationTokenSource stopped = new();
    private readonly Distribution distribution = new();
    private readonly Dictionary<long, string> reported = [];
    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly List<(ReloadCatalog Request, IActorRef ReplyTo)> waiting = [];
    private readonly HashSet<long> unknown = [];
    private ImmutableDictionary<long, string> schedules = ImmutableDictionary<long, string>.Empty;
    private CoordinatorMemory memory = CoordinatorMemory.Empty;
    private CatalogImage? image;
    private PlannedCatalog planned = PlannedCatalog.Empty;
    private string? cause = "start";
    private bool isLoading;
    private TimeSpan pause;

    public DagCoordinator(CoordinatorServices services)
    {
        this.services = services;
        timers = new ActorTimers(services.Clock, Self);
        Recover<SnapshotOffer>(offer => memory = CoordinatorMemory.From((CoordinatorSnapshot)offer.Snapshot));
        Recover<ICoordinatorEvent>(occurred => memory = memory.Apply(occurred));
        Recover<RecoveryCompleted>(_ => Start());
        Command<CatalogLoaded>(OnLoaded);
        Command<ChangeChecked>(OnChecked);
        Command<ReloadCatalog>(OnReload);
        Command<StatusReported>(OnStatus);
        Command<AssignmentWanted>(OnWanted);
        Command<AssignmentAccepted>(message => distribution.Confirm(message.Id.PgtId, message.Generation, NodeOf(Sender)));
        Command<EntityStopped>(OnStopped);
        Command<ClusterEvent.MemberRemoved>(OnRemoved);
        Command<TimerFired>(fired => OnTimer(timers.Accept(fired)));
        Command<SaveSnapshotSuccess>(saved => DeleteSnapshots(new SnapshotSelectionCriteria(saved.Metadata.SequenceNr - 1)));
        Command<SaveSnapshotFailure>(failure => log.Warning("The coordinator's snapshot was not saved: {0}", failure.Cause.Message));
        Command<DeleteSnapshotsSuccess>(_ => { });
        Command<DeleteSnapshotsFailure>(failure => log.Warning("Old snapshots were not deleted: {0}", failure.Cause.Message));
        Command<ClusterEvent.CurrentClusterState>(_ => { });
    }

    public override string PersistenceId => $"dag/{services.Database}";

    public static Props Props(CoordinatorServices services) => Akka.Actor.Props.Create(() => new DagCoordinator(services));

    protected override void PostStop()
    {
        timers.Dispose();
        stopped.Cancel();
        stopped.Dispose();
        base.PostStop();
    }

    private void Start()
    {
        log.Info("Coordinating {0} from generation {1}", services.Database, memory.Generation);
        if (Context.System.HasExtension<Cluster>())
        {
            Cluster.Get(Context.System).Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsSnapshot, typeof(ClusterEvent.MemberRemoved));
        }

        Context.ActorOf(Maintenance.Props(services), "maintenance");
        timers.Start(Resend, services.Settings.ResendInterval, Resend);
        Load();
    }

    private void Load()
    {
        if (isLoading)
        {
            return;
        }

        isLoading = true;
        var reason = cause ?? "asked";
        cause = null;
        timers.Cancel(Poll);
        var answered = waiting.ToImmutableArray();
        waiting.Clear();
        LoadAsync(reason, answered).PipeTo(Self);
    }

    private void LoadBecause(string reason)
    {
        cause ??= reason;
        Load();
    }

    private async Task<CatalogLoaded> LoadAsync(string reason, ImmutableArray<(ReloadCatalog, IActorRef)> answered)
    {
        try
        {
            return new CatalogLoaded(await services.Catalog.LoadAsync(stopped.Token), reason, answered, null);
        }
        catch (Exception problem)
        {
            return new CatalogLoaded(null, reason, answered, problem);
        }
    }

    private void OnLoaded(CatalogLoaded loaded)
    {
        isLoading = false;
        if (loaded.Image is not { } read)
        {
            log.Warning("The catalog could not be read: {0}", loaded.Problem!.Message);
            waiting.InsertRange(0, loaded.Answered);
            cause ??= loaded.Cause;
            timers.Start(Poll, RetryLoad, Poll);
            return;
        }

        var before = planned;
        var isFirst = image is null;
        image = read;
        planned = CatalogPlanning.Plan(read);
        Complain(before);
        var changes = planned.Plan.Since(before.Plan);
        var askedBy = loaded.Answered.Select(pair => pair.Request).Where(request => request.PgtId != 0)
            .GroupBy(request => request.PgtId).ToImmutableDictionary(group => group.Key, group => group.Last().AskedBy);
        var events = memory.Decide(
            planned, changes.Assigned.Count + changes.Withdrawn.Count, isFirst, new Occasion(loaded.Cause, askedBy), services.Clock.GetUtcNow());
        PersistAll(events, OnPersisted);
        DeferAsync(loaded, _ => Distribute(changes, events, loaded.Answered));
    }

    private void OnPersisted(ICoordinatorEvent occurred)
    {
        memory = memory.Apply(occurred);
        if (LastSequenceNr % services.Settings.SnapshotEvery == 0)
        {
            SaveSnapshot(memory.ToSnapshot());
        }
    }

    private void Distribute(
        AssignmentChanges changes, ImmutableArray<ICoordinatorEvent> events, ImmutableArray<(ReloadCatalog Request, IActorRef ReplyTo)> answered)
    {
        var changed = changes.Assigned.Select(assignment => assignment.Id).ToHashSet();
        var rules = CatalogPlanning.Rules(image!);
        foreach (var assignment in planned.Plan.Assignments.Values)
        {
            if (!planned.MayStart(assignment))
            {
                distribution.Forget(assignment.Id);
            }
            else if (changed.Contains(assignment.Id) || distribution.For(assignment.Id) is not { } present || present.Rules != rules)
            {
                distribution.Lose(assignment.Id);
                distribution.Want(new AssignStreamTable(
                    IdOf(assignment.Id), memory.Generation, assignment.ToData(), CatalogPlanning.Standing(planned.Tables[assignment.Id]), rules));
            }
            else
            {
                // An entity that starts anew begins from what the catalog says now.
                distribution.Want(present with { Standing = CatalogPlanning.Standing(planned.Tables[assignment.Id]) });
            }
        }

        foreach (var gone in changes.Withdrawn.Concat(unknown.Where(id => !planned.Plan.Assignments.ContainsKey(id))))
        {
            distribution.Forget(gone);
            Send(new WithdrawStreamTable(IdOf(gone), memory.Generation));
        }

        unknown.Clear();
        SendMissing();
        TellStatusChanges(events);
        foreach (var (request, replyTo) in answered)
        {
            replyTo.Tell(new CatalogReloaded(request.CommandId, memory.Generation));
        }

        WriteSchedules();
        pause = CatalogPlanning.Poll(image!);
        timers.Start(Poll, pause, Poll);
        if (waiting.Count > 0 || cause is not null)
        {
            Load();
        }
    }

    // A leaving node's region waits until nothing is buffered in it; the successor of this coordinator wakes who is missing.
    private void Send(IStreamTableMessage message)
    {
        if (CoordinatedShutdown.Get(Context.System).ShutdownReason is null)
        {
            services.Region().Tell(message);
        }
    }

    private void SendMissing()
    {
        foreach (var message in distribution.Missing())
        {
            Send(message);
        }
    }

    // What the entity itself reported, it knows; what somebody else did to the catalog, it must hear.
    private void TellStatusChanges(ImmutableArray<ICoordinatorEvent> events)
    {
        foreach (var decision in events.OfType<DecisionNoted>())
        {
            if (decision is { Subject: DecisionSubject.Status, Before: not null, After: "ACTIVE" or "SUSPENDED" or "INITIALIZING" }
                && reported.GetValueOrDefault(decision.PgtId) != decision.After)
            {
                Send(new StatusChanged(IdOf(decision.PgtId), decision.After));
            }

            if (decision.Subject == DecisionSubject.Status)
            {
                reported.Remove(decision.PgtId);
            }
        }
    }

    private void WriteSchedules()
    {
        var present = planned.Plan.Assignments.Values.ToImmutableDictionary(
            assignment => assignment.Id, assignment => CatalogPlanning.EffectiveSchedule(assignment, planned.Tables[assignment.Id]));
        var changed = present.Where(pair => schedules.GetValueOrDefault(pair.Key) != pair.Value).ToImmutableDictionary();
        schedules = present;
        if (!changed.IsEmpty)
        {
            _ = WriteSchedulesAsync(changed);
        }
    }

    private async Task WriteSchedulesAsync(ImmutableDictionary<long, string> changed)
    {
        try
        {
            await services.Catalog.WriteEffectiveSchedulesAsync(changed, stopped.Token);
        }
        catch (Exception problem)
        {
            // For the eye only; a new coordinator writes them all again.
            log.Warning("Effective schedules could not be written: {0}", problem.Message);
        }
    }

    private void OnReload(ReloadCatalog message)
    {
        if (!waiting.Exists(pair => pair.Request.CommandId == message.CommandId))
        {
            waiting.Add((message, Sender));
        }

        LoadBecause($"command {message.Kind}");
    }

    private void OnStatus(StatusReported message)
    {
        reported[message.Id.PgtId] = message.Status;
        LoadBecause("status");
    }

    private void OnWanted(AssignmentWanted message)
    {
        var pgtId = message.Id.PgtId;
        distribution.Lose(pgtId);
        if (distribution.For(pgtId) is { } assignment)
        {
            Send(assignment);
        }
        else if (!planned.Plan.Assignments.ContainsKey(pgtId))
        {
            // Either gone, or newer than the last look.
            unknown.Add(pgtId);
            LoadBecause("unknown stream table");
        }
    }

    private void OnStopped(EntityStopped message)
    {
        distribution.Lose(message.Id.PgtId);
        if (distribution.For(message.Id.PgtId) is { } assignment)
        {
            Send(assignment);
        }
    }

    private void OnRemoved(ClusterEvent.MemberRemoved message)
    {
        var lost = distribution.LoseNode(message.Member.Address);
        log.Info("{0} has gone; {1} stream tables are placed anew", message.Member.Address, lost.Count);

        // The failures that its entities wrote last, and refreshes that committed, are in the catalog.
        LoadBecause("node lost");
    }

    private void OnTimer(object? timer)
    {
        switch (timer)
        {
            case Resend:
                SendMissing();
                timers.Start(Resend, services.Settings.ResendInterval, Resend);
                break;
            case Poll when image is null || cause is not null:
                Load();
                break;
            case Poll when !isLoading:
                CheckAsync(image).PipeTo(Self);
                break;
            default:
                break;
        }
    }

    private async Task<ChangeChecked> CheckAsync(CatalogImage known)
    {
        try
        {
            return new ChangeChecked(await services.Catalog.HasChangedAsync(known, stopped.Token), null);
        }
        catch (Exception problem)
        {
            return new ChangeChecked(false, problem);
        }
    }

    private void OnChecked(ChangeChecked result)
    {
        if (result.HasChanged)
        {
            LoadBecause("catalog changed");
            return;
        }

        if (result.Problem is { } problem)
        {
            log.Warning("The catalog could not be checked for changes: {0}", problem.Message);
        }

        pause = Longer(pause);
        timers.Start(Poll, result.Problem is null ? pause : RetryLoad, Poll);
    }

    /// <summary>Twice as long, up to a second, unless the setting asks for more.</summary>
    private TimeSpan Longer(TimeSpan before)
    {
        var shortest = CatalogPlanning.Poll(image!);
        var longest = shortest > QuietPoll ? shortest : QuietPoll;
        return before * 2 < longest ? before * 2 : longest;
    }

    private void Complain(PlannedCatalog before)
    {
        foreach (var (pgtId, problem) in planned.Unreadable.Except(before.Unreadable))
        {
            log.Error("Stream table {0} has a definition that this release does not understand: {1}", pgtId, problem);
        }

        if (planned.Plan.Cycle is { } cycle && before.Plan.Cycle != cycle)
        {
            log.Error("Stream tables read each other in a circle and are not refreshed: {0}", cycle.Describe(id => planned.Tables[id].Name));
        }
    }

    private StreamTableId IdOf(long pgtId) => new(services.Database, pgtId);

    private static Address NodeOf(IActorRef sender) =>
        sender.Path.Address.HasLocalScope && Context.System.HasExtension<Cluster>() ? Cluster.Get(Context.System).SelfAddress : sender.Path.Address;

    private sealed record CatalogLoaded(
        CatalogImage? Image, string Cause, ImmutableArray<(ReloadCatalog Request, IActorRef ReplyTo)> Answered, Exception? Problem)
        : INoSerializationVerificationNeeded;

    private sealed record ChangeChecked(bool HasChanged, Exception? Problem) : INoSerializationVerificationNeeded;
}
