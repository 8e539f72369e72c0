namespace PgTrickle.Scheduling.Entities;

/// <summary>How a failed attempt is taken.</summary>
public enum FailureClass
{
    /// <summary>Conflicts, lost connections, a server short of resources: tried again soon, not counted.</summary>
    Transient,

    /// <summary>The owner may no longer read a source: tried again, not counted, since granting the right mends it.</summary>
    MissingRights,

    /// <summary>The query's own error: counted towards suspension.</summary>
    Query,

    /// <summary>Something that the query needs is gone: ERROR at once.</summary>
    Permanent,
}

/// <summary>A failed attempt.</summary>
/// <param name="Class">How it is taken.</param>
/// <param name="SqlState">Five characters.</param>
/// <param name="Message">The primary message.</param>
public sealed record Failure(FailureClass Class, string SqlState, string Message)
{
    /// <summary>
    /// The class of an error that the server reports. Class 53 (too many connections, disk full, out of memory) and 25006 (connected to a
    /// server that is not, or no longer, the primary) say nothing about the stream table and would, if counted, suspend all of them.
    /// </summary>
    /// <param name="sqlState">Five characters.</param>
    public static FailureClass Classify(string sqlState) => sqlState switch
    {
        "42501" => FailureClass.MissingRights,
        "40001" or "40P01" or "40003" or "55P03" or "25006" => FailureClass.Transient,
        _ when sqlState.StartsWith("08", StringComparison.Ordinal)
            || sqlState.StartsWith("53", StringComparison.Ordinal)
            || sqlState.StartsWith("57P", StringComparison.Ordinal) => FailureClass.Transient,
        "42P01" or "42703" or "42883" or "42704" or "3F000" or "42804" or "0A000" => FailureClass.Permanent,
        _ => FailureClass.Query,
    };
}

/// <summary>Exponential delays: <c>First * 2^(n-1)</c> up to <c>Longest</c>, of which jitter takes away up to a half.</summary>
/// <param name="First">The delay after the first failure.</param>
/// <param name="Longest">The bound.</param>
public sealed record Backoff(TimeSpan First, TimeSpan Longest)
{
    /// <summary>The delay after the n-th failure in a row.</summary>
    /// <param name="failures">1 or more.</param>
    /// <param name="jitter">A random number from 0 to 1; the same for all would bring all back at once.</param>
    public TimeSpan Delay(int failures, double jitter)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(failures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(jitter, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(jitter, 1);
        var ticks = Math.Min(Longest.Ticks, First.Ticks * Math.Pow(2, failures - 1));
        return TimeSpan.FromTicks((long)(ticks * (1 - (jitter / 2))));
    }
}

/// <summary>Settings of an entity.</summary>
/// <param name="MaxConsecutiveErrors">The setting <c>max_consecutive_errors</c>: counted errors that suspend.</param>
/// <param name="AutoBackoff">The setting <c>auto_backoff</c>: intervals are stretched while refreshes take too long for them.</param>
/// <param name="TransientBackoff">Delays after failures that are not counted.</param>
/// <param name="QueryBackoff">Delays after counted failures; the schedule may make them longer.</param>
/// <param name="ErrorRecheck">Time after which a stream table in ERROR is tried again, so that mending the cause is noticed.</param>
public sealed record EntitySettings(
    int MaxConsecutiveErrors, bool AutoBackoff, Backoff TransientBackoff, Backoff QueryBackoff, TimeSpan ErrorRecheck)
{
    /// <summary>The shipped settings.</summary>
    public static EntitySettings Default { get; } = new(
        3,
        true,
        new Backoff(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(30)),
        new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5)),
        TimeSpan.FromMinutes(5));
}
