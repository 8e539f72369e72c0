using System.Globalization;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Binding;

/// <summary>
/// Outer joins whose condition asks sub-selects about rows of both sides. The pairs for which it holds are those of an inner join, where it is a condition like any of WHERE. With the keys of the sides
/// that keep all their rows they are joined to these sides once more, by key, which pads the rows that are in no pair. A side without a key has the other one depend on each of its rows.
/// </summary>
internal sealed class PairedJoin(BindingContext context, ExpressionBinder expressions)
{
    /// <summary>The join; null if it is a full one, and a side has no key.</summary>
    /// <param name="kind">LEFT, RIGHT or FULL.</param>
    /// <param name="left">The left side.</param>
    /// <param name="right">The right side.</param>
    /// <param name="again">Binds both sides once more, under other names.</param>
    /// <param name="predicate">The condition.</param>
    /// <param name="ctes">What sub-selects may refer to.</param>
    public BoundItem? Bind(JoinKind kind, BoundItem left, BoundItem right, Func<(BoundItem Left, BoundItem Right)> again, SqlExpression predicate, CteScope ctes)
    {
        IReadOnlyList<int>? leftKey = kind is JoinKind.Right ? [] : KeyOf(left.Source);
        IReadOnlyList<int>? rightKey = kind is JoinKind.Left ? [] : KeyOf(right.Source);
        if (leftKey is null || rightKey is null)
        {
            return kind switch
            {
                JoinKind.Left => ByRow(left, right, predicate, ctes) is var (item, padded) ? item with { Scope = left.Scope.Union(padded) } : null,
                JoinKind.Right => ByRow(right, left, predicate, ctes) is var (item, padded) ? item with { Scope = padded.Union(right.Scope) } : null,
                _ => null,
            };
        }

        var (l, r) = again();
        var pairs = new Pairs(context.NewName("p"));
        var leftColumns = pairs.Add("l", leftKey.Select(i => l.Source.Columns[i]));
        var rightColumns = pairs.Add("r", rightKey.Select(i => r.Source.Columns[i]));
        var toLeft = Equal(leftKey.Select(i => left.Source.Columns[i].Reference), leftColumns);
        var toRight = Equal(rightKey.Select(i => right.Source.Columns[i].Reference), rightColumns);
        var inner = LateralBinder.Join(JoinType.Inner, l, r, []);
        var chosen = expressions.Filter(inner.Source, predicate, inner.Scope.In(context, ctes, inner.Source));
        switch (kind)
        {
            case JoinKind.Left:
                var ofRight = pairs.AddAll(r);
                return new BoundItem(new Join(JoinType.Left, left.Source, pairs.Over(chosen), toLeft), left.Scope.Union(ofRight));
            case JoinKind.Right:
                var ofLeft = pairs.AddAll(l);
                return new BoundItem(new Join(JoinType.Left, right.Source, pairs.Over(chosen), toRight), ofLeft.Union(right.Scope));
            default:
                var paired = new Join(JoinType.Left, left.Source, pairs.Over(chosen), toLeft);
                return new BoundItem(new Join(JoinType.Full, paired, right.Source, toRight), left.Scope.Union(right.Scope));
        }
    }

    /// <summary>The rows of one side with those that the other yields for each, and the names of the latter's columns.</summary>
    private (BoundItem Item, Scope Padded) ByRow(BoundItem kept, BoundItem other, SqlExpression predicate, CteScope ctes)
    {
        var scope = kept.Scope.Union(other.Scope).In(context, ctes, new Join(JoinType.Inner, kept.Source, other.Source, True));
        var pairs = new Pairs(context.NewName("p"));
        var padded = pairs.AddAll(other);
        var chosen = expressions.Filter(other.Source, predicate, scope);
        return (LateralBinder.Join(JoinType.Left, kept, new BoundItem(pairs.Over(chosen), padded), []), padded);
    }

    /// <summary>Places of columns that no two rows have in common and that an equality tells apart; null if there are none.</summary>
    private static IReadOnlyList<int>? KeyOf(Operator source)
    {
        var columns = source.Columns.ToList();
        return KeyInference.Keys(source).FirstOrDefault(k => columns.Where(c => k.Contains(c.Reference)).All(static c => c is { NotNull: true, Type.IsImageEqual: true })) is { } key
            ? [.. Enumerable.Range(0, columns.Count).Where(i => key.Contains(columns[i].Reference))]
            : null;
    }

    private static SqlExpression Equal(IEnumerable<SqlExpression> ones, IEnumerable<SqlExpression> others) => And(ones.Zip(others, static (a, b) => (SqlExpression)Eq(a, b)));

    /// <summary>The columns of the pairs that are needed above, under names of their own.</summary>
    private sealed class Pairs(SqlIdentifier alias)
    {
        private readonly List<ComputedColumn> _columns = [];

        public List<ColumnReference> Add(string prefix, IEnumerable<BoundColumn> columns)
        {
            var names = columns.Select((c, i) => new ComputedColumn(string.Create(CultureInfo.InvariantCulture, $"{prefix}{i + 1}"), c.Reference, c.Type, c.NotNull)).ToList();
            _columns.AddRange(names);
            return names.ConvertAll(c => new ColumnReference(alias, c.Name));
        }

        /// <summary>All columns of a side, and its names for these.</summary>
        public Scope AddAll(BoundItem side)
        {
            var renamed = side.Source.Columns.Select(static c => c.Reference).Zip(Add("c", side.Source.Columns), static (c, n) => KeyValuePair.Create(c, (SqlExpression)n)).ToDictionary();
            return new Scope(
                side.Scope.Relations.Select(r => r with { Columns = r.Columns.Select(c => (c.Name, c.Value.Substitute(renamed))).ToSyntaxList() }).ToSyntaxList(),
                side.Scope.Merged.Select(c => (c.Name, c.Value.Substitute(renamed))).ToSyntaxList());
        }

        public Project Over(Operator source) => new(alias, source, _columns.ToSyntaxList());
    }
}
