using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>A key column: its name in the table of affected keys, and its value among the rows that are looked up.</summary>
internal sealed record KeyColumn(SqlIdentifier Name, SqlExpression Value, TypeInfo? Type, bool NotNull);

/// <summary>
/// Joins rows to the keys that a delta touched. NOT NULL keys by <c>=</c>, so that an index is used. Keys with NULLs in a branch of their own, by a hash of the whole key,
/// which is empty, and costs nothing, as long as no touched key holds a NULL.
/// </summary>
internal static class KeyMatch
{
    private static readonly QualifiedName Hash = new(new SqlIdentifier("pg_catalog"), new SqlIdentifier("hash_record_extended"));

    /// <summary>The rows whose key is among those of a table, once for each branch; the table's columns are in scope by the alias.</summary>
    public static IEnumerable<Fragment> Restrict(Fragment rows, SqlIdentifier table, SqlIdentifier alias, IReadOnlyList<KeyColumn> keys, SqlExpression? condition = null)
    {
        SqlExpression Of(KeyColumn key) => Column(alias, key.Name);
        Fragment Joined(SqlExpression on, IEnumerable<SqlExpression> where) => rows with
        {
            From = rows.From is null ? Table(table, alias) : Join(Table(table, alias), rows.From, on),
            Where = [.. rows.Where, .. where, .. condition is null ? [] : condition.Conjuncts(), .. rows.From is null ? on.Conjuncts() : []],
        };

        yield return Joined(And(keys.Select(k => Equality.Equal(k.Value, Of(k), k.Type))), []);
        var nullable = keys.Where(static k => !k.NotNull).ToList();
        if (nullable.Count == 0)
        {
            yield break;
        }

        var hasNull = Or(nullable.Select(k => Equality.IsMissing(Of(k), k.Type)));
        var some = Exists((Select() with { From = [Table(table, alias)], Where = hasNull }).AsQuery());
        yield return Joined(NullSafe(keys, Of), [hasNull, some]);
    }

    /// <summary>Whether two keys are the same, NULLs included, in a form that can be hashed.</summary>
    public static SqlExpression NullSafe(IReadOnlyList<KeyColumn> keys, Func<KeyColumn, SqlExpression> other)
    {
        var same = keys.Select(k => k.NotNull ? Equality.Equal(k.Value, other(k), k.Type) : Equality.NullSafe(k.Value, other(k), k.Type));
        return keys.All(static k => !k.NotNull && k.Type is { IsHashable: true })
            ? And([Eq(HashOf(keys.Select(static k => (k.Value, k.Type))), HashOf(keys.Select(k => (other(k), k.Type)))), .. same])
            : And(same);
    }

    /// <summary>A hash that is the same for keys that are equal. Types that can't be hashed go by their text.</summary>
    public static SqlExpression HashOf(IEnumerable<(SqlExpression Value, TypeInfo? Type)> values) => Call(
        Hash,
        Row(values.Select(static v => v.Type is { IsHashable: true } ? v.Value : Consolidation.AsText(v.Value))),
        Integer(0));

}
