using System.Collections.Immutable;
using PgTrickle.Wire.Backend;

namespace PgTrickle.Gateway.Calls;

/// <summary>What the client is told of the calls of its transaction.</summary>
/// <param name="Error">An error in place of the results; null releases the results.</param>
/// <param name="Warnings">Warnings before the results.</param>
internal sealed record Verdict(ServerMessage? Error, ImmutableArray<ServerMessage> Warnings)
{
    /// <summary>The SQLSTATE of a warning that a call failed whose transaction has committed.</summary>
    public const string FailedAfterCommit = "PGT02";

    /// <summary>The SQLSTATE in place of one that drivers take for a reason to try again.</summary>
    public const string NotRetryable = "PGT03";

    private static readonly string[] Retryable = ["08", "40", "53", "57P", "55P03"];

    /// <summary>The calls succeeded.</summary>
    public static Verdict Success { get; } = new(null, []);

    /// <summary>The call failed, and nothing of its transaction is left.</summary>
    public static Verdict Failure(Outcomes.CommandError error)
    {
        var retryable = Array.Exists(Retryable, code => error.SqlState.StartsWith(code, StringComparison.Ordinal));
        var detail = retryable ? string.Join(' ', new[] { $"SQLSTATE {error.SqlState}.", error.Detail }.OfType<string>()) : error.Detail;
        return new Verdict(ServerMessage.Of("ERROR", retryable ? NotRetryable : error.SqlState, error.Message, detail, error.Hint), []);
    }

    /// <summary>A call failed, but its transaction has committed: an error would have the client repeat what stands.</summary>
    public static ServerMessage Warning(Outcomes.CommandError error) => ServerMessage.Of(
        "WARNING", FailedAfterCommit, $"a call failed after its transaction had committed: {error.Message}",
        string.Join(' ', new[] { $"SQLSTATE {error.SqlState}.", error.Detail }.OfType<string>()), error.Hint);
}
