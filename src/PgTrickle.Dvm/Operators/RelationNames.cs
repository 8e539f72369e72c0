using System.Collections.Frozen;
using System.Globalization;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Operators;

/// <summary>
/// Names of relations in operator trees: one of these words and a number. Statements have names of their own for rows on their way, which begin with other words: columns of the tree
/// are replaced wherever they stand, so a name that were both would be taken for the tree's.
/// </summary>
internal static class RelationNames
{
    private static readonly FrozenSet<string> Words = FrozenSet.Create(
        StringComparer.Ordinal, "a", "clock", "clocked", "distinct", "each", "f", "g", "instant", "mark", "node", "one", "p", "rec", "sets", "t", "u", "v", "values", "w");

    /// <summary>A name.</summary>
    /// <param name="word">One of the words.</param>
    /// <param name="number">What tells it from others that begin so.</param>
    /// <exception cref="ArgumentException">No name of a tree begins with that word.</exception>
    public static SqlIdentifier Of(string word, int number)
        => IsOfTree(word) ? new(word + number.ToString(CultureInfo.InvariantCulture)) : throw new ArgumentException($"no relation of a tree is called {word}", nameof(word));

    /// <summary>Whether names that begin with a word are those of trees.</summary>
    public static bool IsOfTree(string word) => Words.Contains(word);
}
