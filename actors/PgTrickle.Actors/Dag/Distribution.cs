using Akka.Actor;
using PgTrickle.Actors.Contracts.Messages;

namespace PgTrickle.Actors.Dag;

/// <summary>
/// Which entity has confirmed which assignment, and on which node: who must be sent its assignment (again). Confirmations make every
/// loss heal itself, whatever was lost.
/// </summary>
internal sealed class Distribution
{
    private readonly Dictionary<long, AssignStreamTable> wanted = [];
    private readonly Dictionary<long, (long Generation, Address Node)> confirmed = [];

    /// <summary>Assignments that entities should have.</summary>
    public int Count => wanted.Count;

    /// <summary>The entity should have this assignment.</summary>
    public void Want(AssignStreamTable message) => wanted[message.Id.PgtId] = message;

    /// <summary>The stream table is gone, or may not begin yet.</summary>
    public void Forget(long pgtId)
    {
        wanted.Remove(pgtId);
        confirmed.Remove(pgtId);
    }

    /// <summary>The message for an entity; null when it should have none.</summary>
    public AssignStreamTable? For(long pgtId) => wanted.GetValueOrDefault(pgtId);

    /// <summary>The entity works by a generation.</summary>
    public void Confirm(long pgtId, long generation, Address node) => confirmed[pgtId] = (generation, node);

    /// <summary>The entity has ended.</summary>
    public void Lose(long pgtId) => confirmed.Remove(pgtId);

    /// <summary>A node has gone, with all entities on it.</summary>
    /// <returns>Their ids.</returns>
    public IReadOnlyList<long> LoseNode(Address node)
    {
        var lost = confirmed.Where(pair => pair.Value.Node == node).Select(pair => pair.Key).ToList();
        foreach (var pgtId in lost)
        {
            confirmed.Remove(pgtId);
        }

        return lost;
    }

    /// <summary>What has not been confirmed, upstreams first.</summary>
    public IReadOnlyList<AssignStreamTable> Missing() =>
    [
        .. wanted.Values
            .Where(message => !(confirmed.TryGetValue(message.Id.PgtId, out var known) && known.Generation >= message.Generation))
            .OrderBy(message => message.Assignment.Level)
            .ThenBy(message => message.Id.PgtId),
    ];
}
