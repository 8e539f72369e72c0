using System.Globalization;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>Names that are unique within a statement, in an order that depends on the plan alone, so that plans print the same each time.</summary>
internal sealed class NameSource
{
    private readonly Dictionary<string, int> _counters = new(StringComparer.Ordinal);

    /// <summary>The next name that begins with a word.</summary>
    /// <exception cref="ArgumentException">Names of the tree begin with that word.</exception>
    public SqlIdentifier Next(string prefix)
    {
        if (RelationNames.IsOfTree(prefix))
        {
            throw new ArgumentException($"relations of trees are called {prefix}", nameof(prefix));
        }

        _counters[prefix] = _counters.GetValueOrDefault(prefix) + 1;
        return new SqlIdentifier(prefix + _counters[prefix].ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>The name of the column at an index, counted from 0.</summary>
    public static SqlIdentifier ColumnName(int index) => new("c" + (index + 1).ToString(CultureInfo.InvariantCulture));
}
