using PgTrickle.Dvm.Differentiation;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Apply;

/// <summary>
/// Stored rows by columns that do not identify them, the keys of partitions: by an index on the columns, if they are NOT NULL and fit into one, or by one on their hash.
/// </summary>
internal static class StoredLookup
{
    private static readonly SqlIdentifier Touched = new("touched");

    /// <summary>What the index is on; nothing if none is needed, or none is possible.</summary>
    public static SyntaxList<SqlExpression> IndexKeys(StoredResult result, SyntaxList<int> places)
    {
        var columns = places.Select(i => (SqlExpression)Column(result.Columns[i].Name)).ToSyntaxList();
        var identity = result.Identity;
        return places.IsEmpty || (identity.Kind == IdentityKind.Key && identity.Columns.Take(places.Count).ToHashSet().SetEquals(places)) ? []
            : IsPlain(result, places) ? columns
            : IsHashable(result, places) ? [Hash(result, places, columns)]
            : [];
    }

    /// <summary>The stored rows whose columns are those of a row of a table, there named c1, c2 ...</summary>
    public static IReadOnlyList<Fragment> Rows(StoredResult result, SyntaxList<int> places, QualifiedName table, SqlIdentifier keys)
    {
        var stored = Fragment.Of(Table(table, Target.Alias));
        if (places.IsEmpty || IsPlain(result, places) || !IsHashable(result, places))
        {
            KeyColumn Key(StoredColumn column, int i) => new(NameSource.ColumnName(i), Target.Stored(column), column.Type, column.NotNull);
            return Partitions.Within(stored, keys, places.Select((place, i) => Key(result.Columns[place], i)).ToList());
        }

        var own = places.Select(i => (SqlExpression)Target.Stored(result.Columns[i])).ToList();
        var others = places.Select((_, i) => (SqlExpression)Column(Touched, NameSource.ColumnName(i))).ToList();
        var same = own.Zip(others, static (l, r) => (SqlExpression)IsNotDistinctFrom(l, r));
        var match = And([Eq(Hash(result, places, own), Hash(result, places, others)), .. same]);
        return [stored with { From = Join(Table(keys, Touched), stored.From!, match) }];
    }

    private static bool IsPlain(StoredResult result, SyntaxList<int> places)
        => places.Count <= IdentityChoice.MostIndexColumns && places.All(i => result.Columns[i] is { NotNull: true, Type: { IsBounded: true, IsOrdered: true } });

    private static bool IsHashable(StoredResult result, SyntaxList<int> places) => places.All(i => result.Columns[i].Type.IsHashable);

    private static SqlExpression Hash(StoredResult result, SyntaxList<int> places, IEnumerable<SqlExpression> values)
        => KeyMatch.HashOf(values.Select((v, i) => (v, (Catalog.TypeInfo?)result.Columns[places[i]].Type)));
}
