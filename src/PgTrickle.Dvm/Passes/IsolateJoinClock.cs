using System.Globalization;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Passes;

/// <summary>
/// Where the condition of an outer join reads the clock, what reads it becomes a column of one side: a whole conjunct if it is over that side alone, and otherwise its
/// clock expression as a column of the left side. So the row's change of mind is a change of that side, which the join's rule knows to deal with. What an inner join asks is a filter above it, what a
/// dependent side is asked one of its own.
/// </summary>
internal sealed class IsolateJoinClock : IPass
{
    public string Name => "isolate the clock of outer joins";

    public Operator Apply(Operator root)
    {
        var moved = new Dictionary<ColumnReference, SqlExpression>();
        var count = 0;
        return root.Rewrite(o =>
        {
            var source = moved.Count == 0 ? o : o.MapExpressions(e => e.Substitute(moved));
            return source switch
            {
                Join { Type: not JoinType.Inner } join when ClockExpressions.ReadsClock(join.Predicate) => Isolate(join, moved, ref count),
                Join join when Divide(join.Predicate) is { Clock: { } clock } predicate => new Filter(join with { Predicate = predicate.Others }, clock),
                Dependent { Type: JoinType.Inner } dependent when Divide(dependent.Predicate) is { Clock: { } clock } predicate
                    => new Filter(dependent with { Predicate = predicate.Others }, clock),
                Dependent dependent when Divide(dependent.Predicate) is { Clock: { } clock } predicate
                    => dependent with { Inner = new Filter(dependent.Inner, clock), Predicate = predicate.Others },
                _ => source,
            };
        });
    }

    /// <summary>A condition in two: what reads the clock, null if nothing does, and the rest.</summary>
    private static (SqlExpression? Clock, SqlExpression Others) Divide(SqlExpression predicate)
    {
        var conjuncts = predicate.Conjuncts().ToLookup(ClockExpressions.ReadsClock);
        return (conjuncts.Contains(true) ? And(conjuncts[true]) : null, And(conjuncts[false]));
    }

    private static Join Isolate(Join join, Dictionary<ColumnReference, SqlExpression> moved, ref int count)
    {
        var left = new Side(join.Left, $"clock_l{++count}");
        var right = new Side(join.Right, $"clock_r{count}");
        var leftColumns = join.Left.ColumnSet();
        var rightColumns = join.Right.ColumnSet();
        var conjuncts = new List<SqlExpression>();
        foreach (var conjunct in join.Predicate.Conjuncts())
        {
            conjuncts.Add(!ClockExpressions.ReadsClock(conjunct) ? conjunct
                : conjunct.IsOver(leftColumns) ? left.Column(conjunct)
                : conjunct.IsOver(rightColumns) ? right.Column(conjunct)
                : conjunct.Rewrite(n => n is SqlExpression e && ClockExpressions.IsClock(n) ? left.Column(e) : n));
        }

        var (l, r) = (left.Build(moved), right.Build(moved));
        return join with { Left = l, Right = r, Predicate = And(conjuncts).Substitute(moved) };
    }

    /// <summary>One side of the join, and the columns that it gets.</summary>
    private sealed class Side(Operator source, SqlIdentifier alias)
    {
        private readonly List<SqlExpression> _clocks = [];

        public ColumnReference Column(SqlExpression expression)
        {
            var known = _clocks.IndexOf(expression);
            if (known < 0)
            {
                _clocks.Add(expression);
                known = _clocks.Count - 1;
            }

            return new ColumnReference(alias, Name("t", known));
        }

        /// <summary>The side with its columns under new names, which are noted.</summary>
        public Operator Build(Dictionary<ColumnReference, SqlExpression> moved)
        {
            if (_clocks.Count == 0)
            {
                return source;
            }

            var columns = source.Columns.ToDictionary(static c => c.Reference);
            var kept = source.Columns.Select(static (c, i) => new ComputedColumn(Name("c", i), c.Reference, c.Type, c.NotNull)).ToList();
            var clocks = _clocks.Select((e, i) =>
            {
                var type = Binding.ExpressionType.Of(e, columns.GetValueOrDefault);
                return new ComputedColumn(Name("t", i), e, type.Type, type.NotNull);
            });
            foreach (var column in kept)
            {
                moved.Add((ColumnReference)column.Expression, new ColumnReference(alias, column.Name));
            }

            return new Project(alias, source, [.. kept, .. clocks]);
        }

        private static SqlIdentifier Name(string prefix, int index) => new(string.Create(CultureInfo.InvariantCulture, $"{prefix}{index + 1}"));
    }
}
