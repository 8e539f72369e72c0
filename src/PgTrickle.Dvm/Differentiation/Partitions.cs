using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>The partitions of an operator that a delta touches, and the rows that lie in them.</summary>
internal static class Partitions
{
    private static readonly SqlIdentifier Rows = new("r");

    private static readonly SqlIdentifier Alias = new("touched");

    /// <summary>The keys of touched partitions as c1, c2 ..., each once; without keys a row if there is any change.</summary>
    /// <param name="source">The operator.</param>
    /// <param name="changes">The terms of D of its input.</param>
    public static SelectBody Touched(IPartitioned source, IReadOnlyList<Fragment> changes)
    {
        var keys = source.PartitionKeys;
        if (keys.IsEmpty)
        {
            return Select(Integer(1).As("one")) with { Where = Or(changes.Select(static f => Exists(f.Select().AsQuery()))) };
        }

        if (changes is [var only])
        {
            var values = keys.Select(k => only.Resolve(k.Expression)).ToList();
            return only.Select(values.Select(static (k, i) => k.As(NameSource.ColumnName(i)))) with { GroupBy = Evaluation.Grouping(values) };
        }

        var all = UnionAll(changes.Select(f => f.Select(keys.Select((k, i) => f.Resolve(k.Expression).As(NameSource.ColumnName(i))))));
        var columns = keys.Select(static (_, i) => Column(Rows, NameSource.ColumnName(i))).ToList();
        return Select(columns.Select(static (c, i) => c.As(NameSource.ColumnName(i)))) with { From = [Derived(all.AsQuery(), Rows)], GroupBy = GroupBy(columns) };
    }

    /// <summary>The rows of the input that lie in touched partitions.</summary>
    public static IReadOnlyList<Fragment> Within(IPartitioned source, Fragment rows, SqlIdentifier touched)
        => Within(rows, touched, source.PartitionKeys.Select((k, i) => new KeyColumn(NameSource.ColumnName(i), rows.Resolve(k.Expression), k.Type, k.NotNull)).ToList());

    /// <summary>The rows that have the key of a touched partition.</summary>
    public static IReadOnlyList<Fragment> Within(Fragment rows, SqlIdentifier touched, IReadOnlyList<KeyColumn> keys) => keys.Count == 0
        ? [rows with { From = rows.From is null ? Table(touched, Alias) : CrossJoin(Table(touched, Alias), rows.From) }]
        : [.. KeyMatch.Restrict(rows, touched, Alias, keys)];

    /// <summary>Rows that stand in several fragments as one.</summary>
    public static Fragment AsOne(IReadOnlyList<Fragment> rows, IReadOnlyList<ColumnReference> references) => rows is [var only]
        ? only
        : Fragment.Of(Derived(UnionAll(rows.Select(f => f.Select(Columns(f, references)))).AsQuery(), Rows)) with { Columns = DeltaContext.Renaming(references, Rows) };

    /// <summary>Columns of the bound tree as c1, c2 ...</summary>
    public static IEnumerable<SelectTarget> Columns(Fragment rows, IReadOnlyList<ColumnReference> columns)
        => columns.Select((c, i) => rows.Resolve((SqlExpression)c).As(NameSource.ColumnName(i)));

    /// <summary>The columns that an operator needs of its input; one that passes its input on needs them all.</summary>
    public static IReadOnlyList<BoundColumn> InputColumns(IPartitioned source)
    {
        var used = source is DistinctOn or TopK ? null : Passes.Expressions.OwnExpressions((Operator)source).SelectMany(Passes.Expressions.References).ToHashSet();
        return source.Input.Columns.Where(c => used?.Contains(c.Reference) ?? true).ToList();
    }
}
