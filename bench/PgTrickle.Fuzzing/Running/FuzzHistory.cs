using PgTrickle.Dvm;
using PgTrickle.Fuzzing.Generation;

namespace PgTrickle.Fuzzing.Running;

/// <summary>What happens to the tables.</summary>
/// <param name="Initial">Before the stream tables are made.</param>
/// <param name="Intervals">Between one refresh and the next.</param>
internal sealed record FuzzHistory(IReadOnlyList<FuzzTransaction> Initial, IReadOnlyList<IReadOnlyList<FuzzTransaction>> Intervals);

/// <summary>How a stream table is refreshed, the same all along so that a failure comes back.</summary>
/// <param name="IsRead">Whether something reads its changes.</param>
/// <param name="Strategy">How changes are applied.</param>
/// <param name="IsOvercareful">Whether sources in which nothing changed are taken for changed.</param>
/// <param name="EvaluateEvery">Every how many refreshes the query is evaluated instead; 0 is never.</param>
internal sealed record Manner(bool IsRead, ApplyStrategy Strategy, bool IsOvercareful, int EvaluateEvery)
{
    /// <summary>Whether SQL leaves the result open, so that it is compared with what the plan itself evaluates.</summary>
    public bool IsOpen { get; init; }

    public static Manner Of(Random random) => new(
        random.Next(4) == 0, random.Next(6) == 0 ? ApplyStrategy.Split : ApplyStrategy.Merge, random.Next(5) == 0, random.Next(5) == 0 ? random.Next(2, 4) : 0);
}

/// <summary>A query that becomes a stream table.</summary>
internal sealed record FuzzQuery(string Sql, Manner Manner, IReadOnlySet<string> Features);

/// <summary>How a stream table went wrong.</summary>
internal enum FailureKind
{
    /// <summary>It is not equal to its query.</summary>
    Difference,

    /// <summary>What it passed on to its buffer is not what changed.</summary>
    PassedOn,

    /// <summary>A statement of its plan fails though the query does not.</summary>
    Statement,

    /// <summary>The compiler fails.</summary>
    Compiler,
}

/// <summary>A stream table that went wrong.</summary>
/// <param name="Kind">How.</param>
/// <param name="Query">Its query.</param>
/// <param name="Manner">How it is refreshed.</param>
/// <param name="Version">The server's major version.</param>
/// <param name="Seed">Of the batch.</param>
/// <param name="History">What happened to the tables up to then.</param>
/// <param name="Message">What was seen.</param>
internal sealed record FuzzFailure(FailureKind Kind, string Query, Manner Manner, int Version, int Seed, FuzzHistory History, string Message);
