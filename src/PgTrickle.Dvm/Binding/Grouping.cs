using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>GROUP BY taken apart: all grouping expressions, and by which of them each grouping set groups.</summary>
internal sealed class Grouping
{
    private readonly List<SqlExpression> _keys = [];

    private Grouping(IReadOnlyList<IReadOnlyList<SqlExpression>> sets)
    {
        foreach (var key in sets.SelectMany(static s => s))
        {
            if (!_keys.Contains(key))
            {
                _keys.Add(key);
            }
        }

        Sets = sets.Select(s => (IReadOnlySet<int>)s.Select(k => _keys.IndexOf(k)).ToHashSet()).ToList();
        Declared = _keys.Count;
    }

    /// <summary>The grouping expressions, each once. Those beyond <see cref="Declared"/> are in every set.</summary>
    public IReadOnlyList<SqlExpression> Keys => _keys;

    /// <summary>The number of expressions that the clause itself names.</summary>
    public int Declared { get; }

    /// <summary>The places of each set's expressions.</summary>
    public IReadOnlyList<IReadOnlySet<int>> Sets { get; }

    /// <summary>The grouping that a clause says.</summary>
    /// <param name="clause">GROUP BY, or null: one group of all rows.</param>
    /// <param name="bind">Binds an expression.</param>
    public static Grouping Of(GroupByClause? clause, Func<SqlExpression, SqlExpression> bind)
    {
        List<List<SqlExpression>> sets = [[]];
        foreach (var element in clause?.Elements ?? [])
        {
            var more = Expand(element, bind).ToList();
            sets = sets.SelectMany(s => more, static (s, m) => s.Concat(m).Distinct().ToList()).ToList();
        }

        if (clause is { Distinct: true })
        {
            sets = sets.Where((s, i) => !sets.Take(i).Any(t => t.ToHashSet().SetEquals(s))).ToList();
        }

        return new Grouping(sets);
    }

    /// <summary>The place of a key, or -1.</summary>
    public int IndexOf(SqlExpression expression) => _keys.IndexOf(expression);

    /// <summary>Adds a column that the keys determine: grouping by it, too, changes nothing.</summary>
    public int AddDependent(ColumnReference column)
    {
        _keys.Add(column);
        return _keys.Count - 1;
    }

    /// <summary>Whether a set groups by a key.</summary>
    public bool Has(int set, int key) => key >= Declared || Sets[set].Contains(key);

    private static IEnumerable<List<SqlExpression>> Expand(GroupingElement element, Func<SqlExpression, SqlExpression> bind)
    {
        switch (element)
        {
            case GroupingExpressions { Expressions: var expressions }:
                return [expressions.Select(bind).ToList()];
            case GroupingSets { Kind: GroupingSetsKind.Sets } sets:
                return sets.Elements.SelectMany(e => Expand(e, bind));
            case GroupingSets { Kind: GroupingSetsKind.Rollup } rollup:
                var prefixes = rollup.Elements.Select(e => Expand(e, bind).Single()).ToList();
                return Enumerable.Range(0, prefixes.Count + 1).Select(i => prefixes.Take(prefixes.Count - i).SelectMany(static p => p).ToList());
            case GroupingSets cube:
                var items = cube.Elements.Select(e => Expand(e, bind).Single()).ToList();
                return Enumerable.Range(0, 1 << items.Count).Select(mask => items.Where((_, i) => (mask & (1 << (items.Count - 1 - i))) == 0).SelectMany(static p => p).ToList());
            default:
                throw new InvalidOperationException(element.GetType().Name);
        }
    }
}
