namespace PgTrickle.Cli.Demo.Writing;

/// <summary>What the writers have done so far. Thread-safe.</summary>
internal sealed class WorkloadCounters
{
    private long _changes;
    private long _committed;
    private long _rolledBack;
    private long _aborted;
    private long _long;

    /// <summary>Rows inserted, updated or deleted by transactions that committed.</summary>
    public long Changes => Interlocked.Read(ref _changes);

    /// <summary>Transactions that committed.</summary>
    public long Committed => Interlocked.Read(ref _committed);

    /// <summary>Transactions that the workload rolled back on purpose.</summary>
    public long RolledBack => Interlocked.Read(ref _rolledBack);

    /// <summary>Transactions that PostgreSQL ended because of a conflict with another one.</summary>
    public long Aborted => Interlocked.Read(ref _aborted);

    /// <summary>Committed transactions that stayed open while others came and went.</summary>
    public long Long => Interlocked.Read(ref _long);

    public void Commit(long changes, bool isLong)
    {
        Interlocked.Add(ref _changes, changes);
        Interlocked.Increment(ref _committed);
        if (isLong)
        {
            Interlocked.Increment(ref _long);
        }
    }

    public void RollBack() => Interlocked.Increment(ref _rolledBack);

    public void Abort() => Interlocked.Increment(ref _aborted);
}
