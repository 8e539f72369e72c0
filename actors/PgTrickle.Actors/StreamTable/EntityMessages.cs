using Akka.Actor;
using PgTrickle.Postgres.Ports;

namespace PgTrickle.Actors.StreamTable;

/// <summary>Sharding's stop message: the shard moves or the node leaves. A running refresh ends first.</summary>
public sealed record HandOff : INoSerializationVerificationNeeded
{
    /// <summary>The one value.</summary>
    public static HandOff Instance { get; } = new();
}

/// <summary>An attempt's task has ended.</summary>
/// <param name="Incarnation">The actor object that started it: after a restart attempts are counted from 1 again.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="Outcome">The result of one that committed.</param>
/// <param name="Problem">Why it did not.</param>
internal sealed record AttemptEnded(object Incarnation, long Attempt, RefreshOutcome? Outcome, Exception? Problem) : INoSerializationVerificationNeeded;

/// <summary>A preparation without a fill has ended.</summary>
internal sealed record PreparationEnded(Exception? Problem) : INoSerializationVerificationNeeded;
