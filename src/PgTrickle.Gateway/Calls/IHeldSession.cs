using PgTrickle.Wire.Backend;

namespace PgTrickle.Gateway.Calls;

/// <summary>What can be done with a session while its results are withheld.</summary>
internal interface IHeldSession
{
    /// <summary>Tells the server that the session is alive.</summary>
    Task KeepAliveAsync(CancellationToken cancellation);

    /// <summary>Sends the client a message at once, ahead of the results.</summary>
    Task TellAsync(ServerMessage message, CancellationToken cancellation);

    /// <summary>Removes, in the session and with its rights, what a failed creation has made. False: it could not be removed.</summary>
    Task<bool> TakeBackAsync(long command, CancellationToken cancellation);
}
