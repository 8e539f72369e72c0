using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Apply;

/// <summary>Sees whether a partitioned operator is at the root, with nothing but filters and the select list above it, and has its keys stored.</summary>
internal static class PartitionRoot
{
    /// <summary>The rule, or null if it does not apply: the clock is read above, or a key's type is unknown, so that it can't be stored beside the result.</summary>
    public static PartitionRule? Of(Project project, SyntaxList<StoredColumn> visible)
    {
        var source = project.Input;
        while (source is Filter or Repeat && !source.OwnExpressions().Any(ClockExpressions.ReadsClock))
        {
            source = source.Inputs[0];
        }

        if (source is not IPartitioned || project.OwnExpressions().Any(ClockExpressions.ReadsClock))
        {
            return null;
        }

        var (root, keys) = WithKeys(source.WithInputs([SettledState.Of(source.Inputs[0])]));
        var tree = (Project)project.Rewrite(o => ReferenceEquals(o, source) ? root : o);
        return StoredKeys.Of(tree, visible, keys) is { } stored
            ? new PartitionRule(new StoredResult(stored.Project, stored.Columns, IdentityChoice.Infer(stored.Project, stored.Columns)), (IPartitioned)root, stored.Places)
            : null;
    }

    /// <summary>The operator with its keys among its columns, and the keys as such.</summary>
    private static (Operator Root, IReadOnlyList<ComputedColumn> Keys) WithKeys(Operator source)
    {
        if (source is Aggregate aggregate)
        {
            return (source, StoredKeys.Of(aggregate).ToList());
        }

        if (source is not Window window)
        {
            return (source, ((IPartitioned)source).PartitionKeys);
        }

        var kept = window.Kept.ToList();
        var keys = new List<ComputedColumn>();
        foreach (var key in window.PartitionKeys)
        {
            var known = kept.Find(k => k.Expression == key.Expression);
            if (known is null)
            {
                kept.Add(known = key);
            }

            keys.Add(known with { Expression = Column(window.Alias, known.Name) });
        }

        return (kept.Count == window.Kept.Count ? window : window with { Kept = kept.ToSyntaxList() }, keys);
    }
}
