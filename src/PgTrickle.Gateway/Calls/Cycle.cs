namespace PgTrickle.Gateway.Calls;

/// <summary>What a client sends between two ReadyForQuery: a query, or extended messages up to their Sync.</summary>
internal sealed class Cycle(long startedAt)
{
    /// <summary>When its first message was forwarded, as <see cref="TimeProvider.GetTimestamp"/> tells it.</summary>
    public long StartedAt { get; } = startedAt;

    /// <summary>Whether nothing behind it may run before its outcome is known.</summary>
    public bool IsGuarded { get; set; }

    /// <summary>Queries and Executes in it.</summary>
    public int Executions { get; set; }

    /// <summary>Whether the statement that was run last is a sole call.</summary>
    public bool RunsSoleCall { get; set; }

    /// <summary>Whether the client asked to cancel it.</summary>
    public bool IsCancelled { get; set; }

    /// <summary>Whether it ended with a Sync, which a server that reads COPY data ignores.</summary>
    public bool EndsWithSync { get; set; }

    /// <summary>Whether it did nothing but one call, if it was no part of a larger transaction.</summary>
    public bool IsSoleCall => Executions == 1 && RunsSoleCall;
}
