using System.Collections.Immutable;
using Akka.Actor;
using PgTrickle.Actors.Contracts;
using PgTrickle.Actors.Contracts.Messages;
using PgTrickle.Postgres.Ports;
using PgTrickle.Scheduling.Assignments;
using PgTrickle.Scheduling.Entities;

namespace PgTrickle.Actors.StreamTable;

/// <summary>
/// Those who wait until a new stream table is filled. The entity fills it by itself, as soon as it has its assignment; a stream table that was
/// created without a fill is only prepared here, so that what the compiler says of it is known.
/// </summary>
internal sealed class FirstFill(StreamTableId id, EntityServices services, IActorRef self) : IDisposable
{
    private const string NoLongerThere = "42P01";
    private const string NotInPrerequisiteState = "55000";

    private readonly Dictionary<string, Caller> waiting = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource stopped = new();
    private bool isPreparing;

    /// <summary>True when its creator did not want it filled.</summary>
    public bool IsPreparationOnly { get; set; }

    /// <param name="caller">Who wants to know.</param>
    /// <param name="state">The entity's state.</param>
    /// <param name="lastFailure">What the last attempt failed with: the entity may have tried before its creator's command reached it.</param>
    public void Add(Caller caller, StreamTableState state, RefreshFailedException? lastFailure)
    {
        if (caller.Deadline <= services.Clock.GetUtcNow())
        {
            return;
        }

        waiting[caller.Request] = caller;
        if (state is { Status: StreamTableStatus.Suspended, IsPopulated: false })
        {
            AnswerAll(new FailureData(id.PgtId, nameof(FailureKind.Query), NotInPrerequisiteState, "the stream table is suspended", null, null));
        }

        if (state is { Status: StreamTableStatus.Error, IsPopulated: false })
        {
            Failed(lastFailure);
        }

        Settle(state);
    }

    /// <summary>After every input: perhaps it is done, or its preparation can begin.</summary>
    public void Settle(StreamTableState state)
    {
        if (waiting.Count == 0)
        {
            return;
        }

        if (state.IsPopulated)
        {
            AnswerAll(null);
        }
        else if (IsPreparationOnly && state.Assignment is not null && !isPreparing)
        {
            isPreparing = true;
            PrepareAsync().PipeTo(self);
        }
    }

    public void OnPrepared(Exception? problem)
    {
        isPreparing = false;
        AnswerAll(problem is null ? null : Failures.Understand(problem, id.PgtId).ToData());
    }

    /// <summary>An attempt failed. What is tried again by itself is nobody's answer.</summary>
    public void Failed(RefreshFailedException? failure)
    {
        if (failure is { Kind: not FailureKind.Transient })
        {
            AnswerAll(failure.ToData());
        }
    }

    public void Withdraw() => AnswerAll(new FailureData(id.PgtId, nameof(FailureKind.Permanent), NoLongerThere, "the stream table is gone", null, null));

    public void Dispose()
    {
        stopped.Cancel();
        stopped.Dispose();
    }

    private async Task<PreparationEnded> PrepareAsync()
    {
        try
        {
            await services.Engine.InitializeAsync(id.PgtId, fill: false, stopped.Token);
            return new PreparationEnded(null);
        }
        catch (Exception problem)
        {
            return new PreparationEnded(problem);
        }
    }

    private void AnswerAll(FailureData? failure)
    {
        foreach (var caller in waiting.Values)
        {
            caller.Reply([], failure);
        }

        waiting.Clear();
    }
}

/// <summary>Answers to callers.</summary>
internal static class Replies
{
    public static void Reply(this Caller caller, ImmutableArray<MemberResult> members, FailureData? failure) =>
        caller.ReplyTo.Tell(new RequestAnswered(caller.Request, members, failure));
}
