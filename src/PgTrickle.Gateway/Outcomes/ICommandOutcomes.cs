using System.Collections.Immutable;

namespace PgTrickle.Gateway.Outcomes;

/// <summary>What sessions want to know of commands, and do to them, over a connection that is not the client's.</summary>
internal interface ICommandOutcomes
{
    /// <summary>Waits until every command of a list is finished. Those that do not exist (their transaction rolled back) are left out.</summary>
    /// <exception cref="OutcomeUnknownException">The database could not be asked for too long.</exception>
    Task<ImmutableArray<CommandOutcome>> WaitAsync(ImmutableArray<long> commands, CancellationToken cancellation);

    /// <summary>Ends a command unless it is finished.</summary>
    /// <exception cref="OutcomeUnknownException">The database could not be told.</exception>
    Task AbortAsync(long command, string sqlState, string message, CancellationToken cancellation);

    /// <summary>Cancels refreshes that a session waits for.</summary>
    Task CancelBlockersAsync(int processId, CancellationToken cancellation);
}

/// <summary>Whether a command succeeded could not be found out.</summary>
internal sealed class OutcomeUnknownException(Exception inner) : Exception("the outcome of the call is not known: the gateway cannot reach the catalog", inner);
