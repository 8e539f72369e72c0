using System.Collections.Immutable;

namespace PgTrickle.Postgres.Ports;

/// <summary>Brings stream tables of one database up to date. Implementations keep no state of a stream table between calls.</summary>
public interface IRefreshEngine
{
    /// <summary>
    /// Takes a new stream table from its catalog row to its first contents: compiles it, captures its sources, registers it as their
    /// consumer, and fills it. Every step can be repeated, so a node that takes over starts again from what stands.
    /// </summary>
    /// <param name="pgtId">The stream table.</param>
    /// <param name="fill">False when only the preparation is wanted: the first refresh fills it.</param>
    /// <param name="cancellation">Ends the attempt; nothing half-made stays visible.</param>
    /// <exception cref="RefreshFailedException">It could not be prepared or filled.</exception>
    Task<RefreshOutcome> InitializeAsync(long pgtId, bool fill, CancellationToken cancellation);

    /// <summary>Refreshes the members of a group in one transaction, in the given (topological) order.</summary>
    /// <exception cref="RefreshFailedException">No member was changed.</exception>
    Task<RefreshOutcome> RefreshAsync(RefreshRequest request, CancellationToken cancellation);

    /// <summary>Drops captures that nobody consumes and removes change rows that every consumer has behind it.</summary>
    /// <returns>The number of change rows removed.</returns>
    Task<long> CleanUpAsync(CancellationToken cancellation);
}

/// <summary>Who asked for a refresh; written to the history.</summary>
public enum RefreshInitiator
{
    /// <summary>A timer or an upstream that advanced.</summary>
    Scheduler,

    /// <summary>A call of <c>refresh_stream_table</c>.</summary>
    Manual,

    /// <summary>The first fill.</summary>
    Initial,
}

/// <summary>What a refresh did to one stream table.</summary>
public enum RefreshAction
{
    /// <summary>No source had changed: nothing was read beyond the probe and nothing written.</summary>
    NoData,

    /// <summary>The delta was computed and applied.</summary>
    Differential,

    /// <summary>The query was evaluated and the difference applied.</summary>
    Full,

    /// <summary>As <see cref="Full"/>, because the frontier or the plan could not be continued from.</summary>
    Reinitialize,
}

/// <summary>One refresh of one stream table, or of an atomic group.</summary>
/// <param name="Members">Stream tables in topological order, never empty.</param>
/// <param name="Initiator">Who asked.</param>
public sealed record RefreshRequest(ImmutableArray<long> Members, RefreshInitiator Initiator);

/// <summary>The result for one member.</summary>
/// <param name="PgtId">The stream table.</param>
/// <param name="Action">What was done.</param>
/// <param name="RowsInserted">Rows of the applied delta with positive weight.</param>
/// <param name="RowsDeleted">Rows of the applied delta with negative weight.</param>
/// <param name="DeltaRows">Change rows read from the buffers of its sources.</param>
public sealed record MemberOutcome(long PgtId, RefreshAction Action, long RowsInserted, long RowsDeleted, long DeltaRows)
{
    /// <summary>Whether the contents changed, so that those downstream have work.</summary>
    public bool Advanced => RowsInserted + RowsDeleted > 0;
}

/// <summary>The result of a refresh that committed.</summary>
/// <param name="Members">One a member, in the order of the request.</param>
/// <param name="Duration">From begin to commit, with retries.</param>
public sealed record RefreshOutcome(ImmutableArray<MemberOutcome> Members, TimeSpan Duration);

/// <summary>How a failure is to be taken.</summary>
public enum FailureKind
{
    /// <summary>Conflicts, lost connections, a lock held elsewhere: tried again, not counted.</summary>
    Transient,

    /// <summary>Missing rights: tried again with back-off, not counted, shown.</summary>
    MissingRights,

    /// <summary>The query's own error: counted towards suspension.</summary>
    Query,

    /// <summary>A source, column or function is gone, or the query cannot be maintained in the mode asked for: status ERROR at once.</summary>
    Permanent,
}

/// <summary>A refresh failed; the stream table is as it was.</summary>
public sealed class RefreshFailedException(
    long pgtId, FailureKind kind, string sqlState, string message, string? detail = null, string? hint = null, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>The member that failed, or the first of the group when that is not known.</summary>
    public long PgtId { get; } = pgtId;

    /// <summary>How to take it.</summary>
    public FailureKind Kind { get; } = kind;

    /// <summary>Five characters.</summary>
    public string SqlState { get; } = sqlState;

    /// <summary>DETAIL, if any.</summary>
    public string? Detail { get; } = detail;

    /// <summary>HINT, if any.</summary>
    public string? Hint { get; } = hint;
}
