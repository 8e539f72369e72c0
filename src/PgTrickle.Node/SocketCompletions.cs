using PgTrickle.Actors.Configuration;

namespace PgTrickle.Node;

/// <summary>Which thread goes on when a socket has data: one of the pool, or the one that waits for sockets. See ADR 23.</summary>
public static class SocketCompletions
{
    private const string Variable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>
    /// Lets a node that is nothing but a gateway go on at once. To be called before the process opens its first socket: the runtime reads the variable once, and what the
    /// environment says already stands.
    /// </summary>
    /// <param name="options">What the node is told.</param>
    /// <exception cref="Akka.Configuration.ConfigurationException">The configuration is wrong.</exception>
    public static void Choose(NodeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (IsOnlyGateway(NodeSettings.From(NodeConfiguration.Load(options)).Roles) && Environment.GetEnvironmentVariable(Variable) is null)
        {
            Environment.SetEnvironmentVariable(Variable, "1");
        }
    }

    /// <summary>Workers compile and coordinators plan: both would stop all sessions of a gateway meanwhile.</summary>
    internal static bool IsOnlyGateway(IEnumerable<string> roles) => roles.All(static role => role == NodeRoles.Gateway);
}
