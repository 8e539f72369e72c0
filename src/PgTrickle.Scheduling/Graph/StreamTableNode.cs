namespace PgTrickle.Scheduling.Graph;

/// <summary>A stream table and what it reads.</summary>
/// <param name="Id">Its <c>pgt_id</c>.</param>
/// <param name="Upstream">The stream tables that it reads.</param>
/// <param name="Sources">The OIDs of all other relations that it reads: tables, partitions, foreign tables.</param>
public sealed record StreamTableNode(long Id, EquatableArray<long> Upstream, EquatableArray<uint> Sources)
{
    /// <summary>The same node with both lists sorted and free of duplicates.</summary>
    public StreamTableNode Normalised() => new(
        Id,
        Upstream.Distinct().Order().ToEquatableArray(),
        Sources.Distinct().Order().ToEquatableArray());
}
