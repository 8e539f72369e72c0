using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Passes;

/// <summary>
/// Column sets that are unique in an operator's result. NULLs count as equal to each other, so a key stays one above a left join. An operator has few
/// keys; the number kept is bounded since joins multiply them.
/// </summary>
internal static class KeyInference
{
    private const int MostKeys = 8;

    /// <summary>The keys, shortest first. An empty set means at most one row.</summary>
    public static IReadOnlyList<IReadOnlySet<ColumnReference>> Keys(Operator source) => source switch
    {
        Scan scan => Trim(scan.Relation.UniqueKeys.Select(k => SetOf(k.Select(c => new ColumnReference(scan.Alias, c))))),
        Constant { Body: null } => [SetOf([])],
        Filter filter => Keys(filter.Input),
        Project project => OfProject(project.Input, project.Columns.Zip(project.Outputs)),
        Join join => OfJoin(join),
        Match match => Keys(match.Outer),
        Dependent dependent => Trim(Keys(dependent.Outer).SelectMany(o => Keys(dependent.Inner).Select(i => SetOf(o.Concat(i))))),
        Distinct distinct => Trim([.. Keys(distinct.Input), distinct.ColumnSet()]),
        DistinctOn distinct => Trim([.. Keys(distinct.Input), SetOf(distinct.Keys.OfType<ColumnReference>())]),
        TopK top => Keys(top.Input),
        Window window => OfProject(window.Input, window.Columns.Zip(window.Kept)),
        Aggregate aggregate => [SetOf(aggregate.Keys.Select(k => new ColumnReference(aggregate.Alias, k.Name)))],
        Recursion { Linear.IsSet: true } => [source.ColumnSet()],
        _ => [],
    };

    private static List<IReadOnlySet<ColumnReference>> OfProject(Operator input, IEnumerable<(BoundColumn Column, ComputedColumn Output)> outputs)
    {
        var renamed = new Dictionary<ColumnReference, ColumnReference>();
        foreach (var (column, output) in outputs)
        {
            if (output.Expression is ColumnReference source)
            {
                renamed.TryAdd(source, column.Reference);
            }
        }

        return Trim(Keys(input).Where(k => k.All(renamed.ContainsKey)).Select(k => SetOf(k.Select(c => renamed[c]))));
    }

    private static List<IReadOnlySet<ColumnReference>> OfJoin(Join join)
    {
        var left = Keys(join.Left);
        var right = Keys(join.Right);
        var equalities = join.Predicate.Conjuncts().Select(AsColumnEquality).OfType<(ColumnReference Left, ColumnReference Right)>()
            .SelectMany(static e => new[] { e.Left, e.Right }).ToHashSet();
        var rightColumns = join.Right.ColumnSet();
        var leftColumns = join.Left.ColumnSet();

        // Each left row meets at most one right row when a key of the right side is compared with columns of the left, and the reverse.
        var oneRight = right.Any(k => k.All(c => equalities.Contains(c) && IsAcross(join.Predicate, c, leftColumns)));
        var oneLeft = left.Any(k => k.All(c => equalities.Contains(c) && IsAcross(join.Predicate, c, rightColumns)));
        var keys = new List<IReadOnlySet<ColumnReference>>();
        if (oneRight && join.Type != JoinType.Full)
        {
            keys.AddRange(left);
        }

        if (oneLeft && join.Type == JoinType.Inner)
        {
            keys.AddRange(right);
        }

        keys.AddRange(left.SelectMany(l => right.Where(r => join.Type != JoinType.Full || NeverAllNull(join.Left, l) || NeverAllNull(join.Right, r)).Select(r => SetOf(l.Concat(r)))));
        return Trim(keys);
    }

    /// <summary>
    /// Whether a row's key can be told from padding. Of a full join each side may have a row whose key is all NULL, such as the group of NULL, and if neither has a partner, the two look alike.
    /// </summary>
    private static bool NeverAllNull(Operator side, IReadOnlySet<ColumnReference> key) => side.Columns.Any(c => c.NotNull && key.Contains(c.Reference));

    private static bool IsAcross(SqlExpression predicate, ColumnReference column, HashSet<ColumnReference> other) => predicate.Conjuncts()
        .Select(AsColumnEquality).OfType<(ColumnReference Left, ColumnReference Right)>()
        .Any(e => (e.Left == column && other.Contains(e.Right)) || (e.Right == column && other.Contains(e.Left)));

    private static (ColumnReference Left, ColumnReference Right)? AsColumnEquality(SqlExpression conjunct)
        => conjunct is BinaryExpression { Operator: { Schema: null, Symbol: "=" }, Left: ColumnReference left, Right: ColumnReference right } ? (left, right) : null;

    private static HashSet<ColumnReference> SetOf(IEnumerable<ColumnReference> columns) => [.. columns];

    private static List<IReadOnlySet<ColumnReference>> Trim(IEnumerable<IReadOnlySet<ColumnReference>> keys)
        => [.. keys.OrderBy(static k => k.Count).Take(MostKeys)];
}
