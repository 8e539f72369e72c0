namespace PgTrickle.Gateway.Outcomes;

/// <summary>What a gateway tells the cluster beside the catalog, so that nobody has to find out by asking. None may block; losing one costs time only.</summary>
/// <param name="Waits">A command waits to be carried out.</param>
/// <param name="Ended">A command was ended by its caller, while somebody may work on it.</param>
public sealed record CommandHints(Action Waits, Action<long> Ended)
{
    /// <summary>Nobody listens.</summary>
    public static CommandHints None { get; } = new(static () => { }, static _ => { });
}
