using System.Collections.Concurrent;

namespace PgTrickle.Postgres.Refresh;

/// <summary>
/// Which stream tables may leave plans of their deltas in which worker session. A plan saves the planning of the next small delta, which costs more than the delta itself, and takes 0.1 to
/// 0.5 MB of the session's memory for as long as the session lives; so a session keeps those of a limited number of stream tables, the first that it meets, and plans afresh for all others.
/// Sessions end after <see cref="NodeConnections.SessionLifetimeSeconds"/>, so that others get their turn.
/// A plan can also turn out wrong: made when a table was small or a buffer large. Where planning would not have been noticed, the session forgets, and the next delta is planned for itself.
/// </summary>
/// <param name="limit">How many stream tables a session keeps plans of.</param>
/// <param name="slow">From this duration on, a refresh had better be planned.</param>
internal sealed class KeptPlans(int limit, TimeSpan slow)
{
    /// <summary>Processes of sessions that ended are not heard of: from this many on, the book begins anew. It costs a replaced session nothing, a living one a few more plans.</summary>
    private const int MaxSessions = 256;

    /// <summary>Deltas of more change rows are planned each time, see <c>pgtrickle.refresh_plan</c>.</summary>
    private const long MostRows = 256;

    private readonly ConcurrentDictionary<int, ConcurrentDictionary<long, bool>> _sessions = new();

    /// <summary>One slow refresh may have waited for a lock or a processor.</summary>
    private const int SlowInARow = 2;

    /// <summary>How many refreshes in a row were slow.</summary>
    private readonly ConcurrentDictionary<long, int> _slow = new();

    /// <summary>Whether a refresh of these stream tables may use and leave plans in a session.</summary>
    /// <param name="session">The process of its backend.</param>
    /// <param name="members">The stream tables.</param>
    public bool MayKeep(int session, IReadOnlyCollection<long> members)
    {
        if (members.Any(member => _slow.GetValueOrDefault(member) >= SlowInARow))
        {
            return false;
        }

        if (_sessions.Count > MaxSessions)
        {
            _sessions.Clear();
        }

        var known = _sessions.GetOrAdd(session, static _ => new());
        var strangers = members.Count(member => !known.ContainsKey(member));
        if (strangers > 0 && known.Count + strangers > limit)
        {
            return false;
        }

        foreach (var member in members)
        {
            known[member] = true;
        }

        return true;
    }

    /// <summary>Whether how long a refresh took says anything about kept plans: not if a member had no use for one, which would make the session forget those of all others.</summary>
    public static bool AreJudgedBy(IReadOnlyCollection<ClosedMember> closed)
        => closed.Where(static m => m.Action != "NO_DATA").ToList() is { Count: > 0 } busy && busy.TrueForAll(static m => m.Action == "DIFFERENTIAL" && m.DeltaRows <= MostRows);

    /// <summary>Takes note of how long a refresh took; returns whether its session has to forget the plans that it keeps.</summary>
    /// <param name="members">The stream tables.</param>
    /// <param name="kept">What <see cref="MayKeep"/> said.</param>
    /// <param name="elapsed">From begin to commit.</param>
    public bool MustForget(IReadOnlyCollection<long> members, bool kept, TimeSpan elapsed)
    {
        if (elapsed < slow)
        {
            foreach (var member in members)
            {
                _slow.TryRemove(member, out _);
            }

            return false;
        }

        var worst = members.Max(member => _slow.AddOrUpdate(member, 1, static (_, before) => before + 1));
        return kept && worst >= SlowInARow;
    }
}
