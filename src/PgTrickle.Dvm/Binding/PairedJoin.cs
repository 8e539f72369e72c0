using System.Globalization;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Binding;

/// <summary>
/// Outer joins whose condition asks sub-selects about rows of both sides. The pairs for which it holds are those of an inner join, where it is a condition like any of WHERE. With the keys of the sides
/// that keep all their rows they are joined to these sides once more, by key, which pads the rows that are in no pair. A side without a key has the other one depend on each of its rows; a full join
/// is then a left one, and those rows of the right side that are in no pair.
/// </summary>
internal sealed class PairedJoin(BindingContext context, ExpressionBinder expressions)
{
    /// <summary>The join.</summary>
    /// <param name="kind">LEFT, RIGHT or FULL.</param>
    /// <param name="left">The left side.</param>
    /// <param name="right">The right side.</param>
    /// <param name="again">Binds both sides once more, under other names.</param>
    /// <param name="predicate">The condition.</param>
    /// <param name="ctes">What sub-selects may refer to.</param>
    public BoundItem Bind(JoinKind kind, BoundItem left, BoundItem right, Func<(BoundItem Left, BoundItem Right)> again, SqlExpression predicate, CteScope ctes)
    {
        IReadOnlyList<int>? leftKey = kind is JoinKind.Right ? [] : KeyOf(left.Source);
        IReadOnlyList<int>? rightKey = kind is JoinKind.Left ? [] : KeyOf(right.Source);
        if (leftKey is null || rightKey is null)
        {
            return kind == JoinKind.Full ? FullByRow(left, right, again(), predicate, ctes) : OneByRow(kind, left, right, predicate, ctes);
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

    private BoundItem OneByRow(JoinKind kind, BoundItem left, BoundItem right, SqlExpression predicate, CteScope ctes)
    {
        var (kept, other) = kind == JoinKind.Left ? (left, right) : (right, left);
        var (item, padded) = ByRow(kept, other, predicate, ctes);
        return item with { Scope = kind == JoinKind.Left ? left.Scope.Union(padded.Scope) : padded.Scope.Union(right.Scope) };
    }

    /// <summary>The rows of one side with those that the other yields for each, and the latter; if it is marked, a last column of these is NULL only where there are none.</summary>
    private (BoundItem Item, BoundItem Padded) ByRow(BoundItem kept, BoundItem other, SqlExpression predicate, CteScope ctes, bool isMarked = false)
    {
        var scope = kept.Scope.Union(other.Scope).In(context, ctes, new Join(JoinType.Inner, kept.Source, other.Source, True));
        var pairs = new Pairs(context.NewName("p"));
        var names = pairs.AddAll(other);
        if (isMarked)
        {
            pairs.AddMark();
        }

        var padded = new BoundItem(pairs.Over(expressions.Filter(other.Source, predicate, scope)), names);
        return (LateralBinder.Join(JoinType.Left, kept, padded, []), padded);
    }

    /// <summary>The rows of the left side with those that the right one yields for each, and the rows of the right one for which the left yields none.</summary>
    private BoundItem FullByRow(BoundItem left, BoundItem right, (BoundItem Left, BoundItem Right) again, SqlExpression predicate, CteScope ctes)
    {
        var (paired, ofRight) = ByRow(left, right, predicate, ctes);
        var (rest, ofLeft) = ByRow(again.Right, again.Left, predicate, ctes, isMarked: true);
        var alone = new Filter(rest.Source, IsNull(ofLeft.Source.Columns[^1].Reference));
        Project Of(Operator source, IEnumerable<BoundColumn> columns)
            => new(context.NewName("p"), source, columns.Select(static (c, i) => new ComputedColumn(Name(i), c.Reference, c.Type, NotNull: false)).ToSyntaxList());
        var all = new UnionAll(
            context.NewName("u"),
            left.Source.Columns.Concat(right.Source.Columns).Select(static (_, i) => Name(i)).ToSyntaxList(),
            [Of(paired.Source, left.Source.Columns.Concat(ofRight.Source.Columns)), Of(alone, ofLeft.Source.Columns.SkipLast(1).Concat(again.Right.Source.Columns))]);
        var values = left.Source.Columns.Concat(right.Source.Columns).Zip(all.Columns, static (c, u) => KeyValuePair.Create(c.Reference, (SqlExpression)u.Reference)).ToDictionary();
        return new BoundItem(all, Renamed(left.Scope.Union(right.Scope), values));
    }

    private static SqlIdentifier Name(int place) => new(string.Create(CultureInfo.InvariantCulture, $"c{place + 1}"));

    private static Scope Renamed(Scope scope, IReadOnlyDictionary<ColumnReference, SqlExpression> values) => new(
        scope.Relations.Select(r => r with { Columns = r.Columns.Select(c => (c.Name, c.Value.Substitute(values))).ToSyntaxList() }).ToSyntaxList(),
        scope.Merged.Select(c => (c.Name, c.Value.Substitute(values))).ToSyntaxList());

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
            return Renamed(side.Scope, renamed);
        }

        public void AddMark() => _columns.Add(new ComputedColumn("there", True, WellKnownTypes.Boolean, NotNull: true));

        public Project Over(Operator source) => new(alias, source, _columns.ToSyntaxList());
    }
}
