using System.Collections.Immutable;
using System.Diagnostics;
using Akka.Actor;
using Akka.Event;
using PgTrickle.Actors.Contracts;
using PgTrickle.Actors.Contracts.Messages;
using PgTrickle.Actors.Diagnostics;
using PgTrickle.Actors.Workers;
using PgTrickle.Postgres.Ports;
using PgTrickle.Scheduling.Assignments;
using PgTrickle.Scheduling.Entities;
using PgTrickle.Scheduling.Workers;

namespace PgTrickle.Actors.StreamTable;

/// <summary>Runs an entity's attempts and keeps what their callers are told. Its tasks touch none of the actor's fields.</summary>
/// <param name="id">The stream table.</param>
/// <param name="shard">Its shard.</param>
/// <param name="services">The node.</param>
/// <param name="self">Gets <see cref="AttemptEnded"/>.</param>
/// <param name="incarnation">Marks this incarnation's results.</param>
/// <param name="log">The entity's log.</param>
internal sealed class AttemptRunner(StreamTableId id, string shard, EntityServices services, IActorRef self, object incarnation, ILoggingAdapter log)
{
    private RefreshInitiator initiator;
    private DateTimeOffset startedAt;
    private WorkerSlot? running;

    /// <summary>What the last successful attempt did.</summary>
    public ImmutableArray<MemberResult> LastMembers { get; private set; } = [];

    /// <summary>How the last failed attempt failed.</summary>
    public RefreshFailedException? LastFailure { get; private set; }

    public void Start(AttemptStarted started, WorkerSlot slot, bool isPopulated, SlotPriority? priority)
    {
        initiator = started.Origin switch
        {
            AttemptOrigin.Request => RefreshInitiator.Manual,
            AttemptOrigin.Initial => RefreshInitiator.Initial,
            _ => RefreshInitiator.Scheduler,
        };
        startedAt = services.Clock.GetUtcNow();
        running = slot;
        if (priority is { } due)
        {
            Telemetry.Lateness.Record(Math.Max(0, (started.At.Monotonic - due.DueAt).TotalSeconds));
        }

        RunAsync(started, slot, isPopulated, initiator).PipeTo(self);
    }

    /// <summary>Has the attempt that runs end before its time; its failure is told like any other.</summary>
    public void Cancel() => running?.Cancel();

    public void Succeeded(long attempt, RefreshOutcome outcome)
    {
        LastFailure = null;
        LastMembers =
        [
            .. outcome.Members.Select(member =>
                new MemberResult(member.PgtId, member.Action.ToString(), member.RowsInserted, member.RowsDeleted, member.DeltaRows)),
        ];
        foreach (var member in outcome.Members)
        {
            Telemetry.Refreshes.Add(1, new KeyValuePair<string, object?>("outcome", member.Action.ToString()));
            Telemetry.Rows.Add(member.RowsInserted, new KeyValuePair<string, object?>("change", "insert"));
            Telemetry.Rows.Add(member.RowsDeleted, new KeyValuePair<string, object?>("change", "delete"));
        }

        Telemetry.RefreshDuration.Record(outcome.Duration.TotalSeconds);
        log.Debug("{0}: attempt {1} took {2}", id, attempt, outcome.Duration);
    }

    public void Failed(long attempt, RefreshFailedException failed)
    {
        LastFailure = failed;
        Telemetry.Refreshes.Add(1, new KeyValuePair<string, object?>("outcome", failed.Kind.ToString()));
        if (failed.InnerException is OperationCanceledException)
        {
            log.Info("{0}: attempt {1} was cancelled", id, attempt);
        }
        else if (failed.Kind == FailureKind.Transient)
        {
            log.Info("{0}: attempt {1} is tried again after {2}: {3}", id, attempt, failed.SqlState, failed.Message);
        }
        else
        {
            log.Warning("{0}: attempt {1} failed with {2}: {3}", id, attempt, failed.SqlState, failed.Message);
        }
    }

    /// <summary>Writes a failure to the catalog; then, for whoever reads it upon that, tells the coordinator of a new status.</summary>
    public void Record(AttemptFailed failed, bool suspend, StreamTableStatus? status)
    {
        if (LastFailure is not { } failure || failure.InnerException is OperationCanceledException)
        {
            return;
        }

        var record = new FailureRecord(
            failure.PgtId, failure.Kind, initiator, startedAt, failure.SqlState, failure.Message, failure.Detail, failure.Hint, suspend);
        _ = RecordAsync(record, status, failed.Attempt);
    }

    private async Task<AttemptEnded> RunAsync(AttemptStarted started, WorkerSlot slot, bool isPopulated, RefreshInitiator by)
    {
        var begun = services.Clock.GetTimestamp();
        using var activity = Telemetry.Activities.StartActivity("refresh");
        activity?.SetTag("pgtrickle.stream_table", id.ToString());
        activity?.SetTag("pgtrickle.members", started.Members.Count);
        try
        {
            if (!slot.TryBegin())
            {
                throw new OperationCanceledException("The worker was taken back.");
            }

            // From here on outside of the actor: the engine may work synchronously for a while before its first wait.
            await Task.Yield();
            var outcome = isPopulated
                ? await services.Engine.RefreshAsync(new RefreshRequest(started.Members.AsImmutableArray(), by), slot.Cancellation)
                : await services.Engine.InitializeAsync(id.PgtId, fill: true, slot.Cancellation);
            return new AttemptEnded(incarnation, started.Attempt, outcome, null);
        }
        catch (Exception problem)
        {
            activity?.SetStatus(ActivityStatusCode.Error, problem.Message);
            return new AttemptEnded(incarnation, started.Attempt, null, problem);
        }
        finally
        {
            services.Loads.Add(shard, services.Clock.GetElapsedTime(begun));
            slot.Release();
        }
    }

    private async Task RecordAsync(FailureRecord record, StreamTableStatus? status, long attempt)
    {
        try
        {
            await services.Catalog.RecordFailureAsync(record, CancellationToken.None);
        }
        catch (Exception problem)
        {
            // A database that can't take the record is the likely cause of the failure, too.
            log.Warning("{0}: the failure of attempt {1} could not be recorded: {2}", id, attempt, problem.Message);
        }

        if (status is { } changed)
        {
            services.Coordinator.Tell(new StatusReported(id, changed.ToKeyword(), record.Message), ActorRefs.NoSender);
        }
    }
}
