using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Apply;

/// <summary>Chooses how rows of the stream table are identified.</summary>
internal static class IdentityChoice
{
    /// <summary>The most columns of an index.</summary>
    public const int MostIndexColumns = 32;

    /// <summary>The identity of rows of which nothing is known but what their operator says.</summary>
    public static Identity Infer(Project source, SyntaxList<StoredColumn> columns)
    {
        var places = source.Columns.Select(static (c, i) => (c.Reference, Place: i)).ToDictionary(static p => p.Reference, static p => p.Place);
        var keys = KeyInference.Keys(source)
            .Select(k => k.Where(places.ContainsKey).Select(c => places[c]).Order().ToSyntaxList())
            .Where(k => k.All(i => columns[i].Type.HasEquality))
            .ToList();
        var indexable = keys.FirstOrDefault(k => !k.IsEmpty && IsIndexable(k, columns));
        return !indexable.IsEmpty ? new Identity(IdentityKind.Key, indexable)
            : keys.FirstOrDefault(static k => !k.IsEmpty) is { IsEmpty: false } key ? new Identity(IdentityKind.HashedKey, key)
            : new Identity(IdentityKind.Image, Enumerable.Range(0, columns.Count).ToSyntaxList());
    }

    /// <summary>The identity of rows with a known key; without columns there is one row.</summary>
    public static Identity Of(SyntaxList<int> key, SyntaxList<StoredColumn> columns)
        => key.IsEmpty ? new Identity(IdentityKind.SingleRow, [])
            : new Identity(IsIndexable(key, columns) ? IdentityKind.Key : IdentityKind.HashedKey, key);

    private static bool IsIndexable(SyntaxList<int> key, SyntaxList<StoredColumn> columns)
        => key.Count <= MostIndexColumns && key.All(i => columns[i] is { NotNull: true, Type: { IsBounded: true, IsOrdered: true } });
}
