using System.Collections;
using System.Reflection;
using PgTrickle.Sql;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Fuzzing.Shrinking;

/// <summary>
/// Smaller queries than a given one, made on its tree: a part is replaced by one of its own parts, an optional part or an element of a list is left out. Knows no SQL;
/// what makes no sense is refused by the server.
/// </summary>
internal static class QueryReducer
{
    private static readonly Type[] Categories = [typeof(QueryBody), typeof(FromItem), typeof(SqlExpression), typeof(Query)];

    private static readonly MethodInfo RebuildList = typeof(QueryReducer).GetMethod(nameof(Without), BindingFlags.NonPublic | BindingFlags.Static)!;

    /// <summary>Candidates, those that leave out most first. None if the text can't be read.</summary>
    /// <param name="canonical">As <c>pg_get_viewdef</c> prints it.</param>
    public static IEnumerable<string> Candidates(string canonical)
    {
        var root = CanonicalSql.ParseQuery(canonical);
        var length = root.ToString().Length;
        return root.DescendantsAndSelf().SelectMany(node => Smaller(node).Select(smaller => Replaced(root, node, smaller)))
            .OfType<string>().Distinct().Where(text => text.Length < length).OrderBy(static text => text.Length);
    }

    private static string? Replaced(Query root, SqlNode node, SqlNode smaller)
    {
        try
        {
            return root.Rewrite(n => ReferenceEquals(n, node) ? smaller : n).ToString();
        }
        catch (InvalidOperationException)
        {
            // Something else is needed in that place.
            return null;
        }
    }

    private static IEnumerable<SqlNode> Smaller(SqlNode node)
    {
        var category = Array.Find(Categories, c => c.IsInstanceOfType(node));
        if (category is not null)
        {
            foreach (var part in node.Children.Concat(node.Children.SelectMany(static c => c.Children)).Where(category.IsInstanceOfType))
            {
                yield return part;
            }
        }

        if (node is NestedQuery { Query.Body: var body })
        {
            yield return body;
        }

        foreach (var property in node.GetType().GetProperties().Where(static p => p.CanWrite && p.GetIndexParameters().Length == 0))
        {
            var value = property.GetValue(node);
            if (value is SqlNode && IsOptional(property))
            {
                yield return With(node, property, null);
            }
            else if (value is true)
            {
                yield return With(node, property, false);
            }
            else if (value is IEnumerable list and not string && property.PropertyType.IsGenericType && property.PropertyType.GetGenericTypeDefinition() == typeof(SyntaxList<>))
            {
                var count = list.Cast<object>().Count();
                var without = RebuildList.MakeGenericMethod(property.PropertyType.GenericTypeArguments);
                for (var i = -1; i < count && count > 0; i++)
                {
                    yield return With(node, property, without.Invoke(null, [value, i]));
                }
            }
        }
    }

    private static bool IsOptional(PropertyInfo property) => new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable;

    /// <summary>A copy of a record with another value of a property.</summary>
    private static SqlNode With(SqlNode node, PropertyInfo property, object? value)
    {
        var copy = (SqlNode)node.GetType().GetMethod("<Clone>$")!.Invoke(node, null)!;
        property.SetValue(copy, value);
        return copy;
    }

    /// <summary>A list without an element; -1 leaves out all.</summary>
    private static SyntaxList<T> Without<T>(SyntaxList<T> list, int index)
        => index < 0 ? [] : list.Where((_, i) => i != index).ToSyntaxList();
}
