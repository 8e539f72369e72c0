using System.Collections.Immutable;

namespace PgTrickle.Postgres.Ports;

/// <summary>The catalog of one database, as coordinators and entities read and mark it. Runs over the control connection.</summary>
public interface IStreamTableCatalog
{
    /// <summary>Reads everything in one query on one snapshot.</summary>
    Task<CatalogImage> LoadAsync(CancellationToken cancellation);

    /// <summary>Whether a definition, dependency or setting changed that <paramref name="image"/> does not show.</summary>
    Task<bool> HasChangedAsync(CatalogImage image, CancellationToken cancellation);

    /// <summary>Writes a failed refresh: history row, error columns, counter, and the status that follows from it.</summary>
    Task RecordFailureAsync(FailureRecord failure, CancellationToken cancellation);

    /// <summary>Writes what the coordinator resolved for CALCULATED schedules, so that users see it.</summary>
    Task WriteEffectiveSchedulesAsync(IReadOnlyDictionary<long, string> schedules, CancellationToken cancellation);
}

/// <summary>The catalog at one snapshot.</summary>
/// <param name="Snapshot">What <see cref="IStreamTableCatalog.HasChangedAsync"/> compares with.</param>
/// <param name="StreamTables">All of the database, in order of id.</param>
/// <param name="Settings">Rows of pgtrickle.settings; what is absent has its default.</param>
public sealed record CatalogImage(
    string Snapshot, ImmutableArray<CatalogStreamTable> StreamTables, ImmutableDictionary<string, string> Settings);

/// <summary>
/// A stream table as the scheduler needs it. <c>ReadsUntracked</c> says that its result may change though no tracked change does, since it
/// reads the clock (<c>plans.clock_moved</c> is not null), a foreign table or a materialised view: it is then refreshed at every due time.
/// </summary>
public sealed record CatalogStreamTable(
    long PgtId,
    string Schema,
    string Name,
    string Schedule,
    string RefreshMode,
    string? EffectiveRefreshMode,
    string Tier,
    string Status,
    bool IsPopulated,
    bool Initialize,
    bool NeedsReinit,
    string DiamondConsistency,
    string DiamondSchedulePolicy,
    string FuseMode,
    long? FuseCeiling,
    int ConsecutiveErrors,
    DateTimeOffset? LastRefreshAt,
    long DefinitionVersion,
    ImmutableArray<CatalogSource> Sources,
    bool ReadsUntracked = false,
    int FuseSensitivity = 1);

/// <summary>A table or stream table that a stream table reads.</summary>
/// <param name="Relid">Its OID.</param>
/// <param name="PgtId">Its id, when it is a stream table.</param>
public sealed record CatalogSource(uint Relid, long? PgtId);

/// <summary>A failure to write down.</summary>
/// <param name="PgtId">The stream table.</param>
/// <param name="Kind">How it is taken.</param>
/// <param name="Initiator">Who asked for the refresh.</param>
/// <param name="StartedAt">When the attempt began.</param>
/// <param name="SqlState">Five characters.</param>
/// <param name="Message">The primary message.</param>
/// <param name="Detail">DETAIL, if any.</param>
/// <param name="Hint">HINT, if any.</param>
/// <param name="Suspend">Whether the limit of consecutive errors is reached with this one.</param>
public sealed record FailureRecord(
    long PgtId, FailureKind Kind, RefreshInitiator Initiator, DateTimeOffset StartedAt,
    string SqlState, string Message, string? Detail, string? Hint, bool Suspend);

/// <summary>Intents that callers left in <c>pgtrickle.commands</c>. A claim is a compare-and-set of an epoch with a lease.</summary>
public interface ICommandQueue
{
    /// <summary>Claims pending commands, and those whose claim ran out, in order of id.</summary>
    Task<ImmutableArray<ClaimedCommand>> ClaimAsync(TimeSpan lease, int limit, CancellationToken cancellation);

    /// <summary>Marks a command as done under its epoch. False: the claim was lost to another node.</summary>
    Task<bool> CompleteAsync(ClaimedCommand command, CancellationToken cancellation);

    /// <summary>Marks a command as failed under its epoch. False: the claim was lost to another node.</summary>
    Task<bool> FailAsync(ClaimedCommand command, RefreshFailedException error, CancellationToken cancellation);

    /// <summary>Extends the lease of a command that takes long, if it is still this claim's.</summary>
    Task<CommandLease> RenewAsync(ClaimedCommand command, TimeSpan lease, CancellationToken cancellation);
}

/// <summary>Where a claim stands.</summary>
public enum CommandLease
{
    /// <summary>It is in force.</summary>
    Held,

    /// <summary>The command is another claim's by now.</summary>
    Lost,

    /// <summary>The command is finished: its caller ended it, if this claim did not.</summary>
    Ended,
}

/// <summary>A command that this node may carry out until its lease ends.</summary>
/// <param name="CommandId">Its id.</param>
/// <param name="Epoch">The epoch of the claim.</param>
/// <param name="Kind">create, alter, drop, refresh, resume.</param>
/// <param name="PgtId">The stream table it concerns.</param>
/// <param name="Args">JSON text.</param>
/// <param name="Role">Who called; for the audit trail.</param>
public sealed record ClaimedCommand(long CommandId, long Epoch, string Kind, long? PgtId, string Args, string Role = "");

/// <summary>Tells which sources have committed changes.</summary>
public interface IChangeDetector
{
    /// <summary>Reads the change log once.</summary>
    /// <param name="since">The snapshot that the poll before returned, or null for the first.</param>
    /// <param name="cancellation">Ends the poll.</param>
    Task<ChangeObservation> PollAsync(string? since, CancellationToken cancellation);
}

/// <summary>One poll of the change log.</summary>
/// <param name="Snapshot">To be given to the next poll.</param>
/// <param name="ChangedSources">OIDs of tables with changes that the snapshot before did not see.</param>
/// <param name="Everything">The log no longer reaches back to the snapshot before: any source may have changed.</param>
/// <param name="CommandsPending">Whether <c>pgtrickle.commands</c> has something to claim; a detector that does not look says true.</param>
public sealed record ChangeObservation(
    string Snapshot, ImmutableHashSet<uint> ChangedSources, bool Everything, bool CommandsPending = true);
