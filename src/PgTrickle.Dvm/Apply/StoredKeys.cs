using System.Globalization;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Apply;

/// <summary>The select list with the keys of the operator at the root: those that the query does not yield are stored in hidden columns.</summary>
/// <param name="Project">The select list.</param>
/// <param name="Columns">The stored columns.</param>
/// <param name="Places">The place of each key.</param>
internal sealed record StoredKeys(Project Project, SyntaxList<StoredColumn> Columns, SyntaxList<int> Places)
{
    /// <summary>
    /// The keys' places, or null if a key that is not yielded can't be stored as it is: its type is unknown, or a column of that type would have another collation,
    /// and with it another equality.
    /// </summary>
    public static StoredKeys? Of(Project project, SyntaxList<StoredColumn> visible, IEnumerable<ComputedColumn> keys)
    {
        var outputs = project.Outputs.ToList();
        var columns = visible.ToList();
        var places = new List<int>();
        foreach (var key in keys)
        {
            var place = outputs.FindIndex(o => o.Expression == key.Expression);
            if (place < 0)
            {
                if (key.Type is not { CollationIsDeterministic: true })
                {
                    return null;
                }

                place = outputs.Count;
                var name = new SqlIdentifier(string.Create(CultureInfo.InvariantCulture, $"__pgt_key_{columns.Count - visible.Count + 1}"));
                outputs.Add(key with { Name = name });
                columns.Add(new StoredColumn(name, key.Type, key.NotNull, Visible: false));
            }

            places.Add(place);
        }

        return new StoredKeys(outputs.Count == project.Outputs.Count ? project : project with { Outputs = outputs.ToSyntaxList() }, columns.ToSyntaxList(), places.ToSyntaxList());
    }

    /// <summary>The keys of an operator as its own columns.</summary>
    public static IEnumerable<ComputedColumn> Of(Aggregate aggregate) => aggregate.Keys.Select(k => k with { Expression = new ColumnReference(aggregate.Alias, k.Name) });
}
