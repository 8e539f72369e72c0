using PgTrickle.Dvm.Apply;
using PgTrickle.Dvm.Binding;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Passes;

/// <summary>
/// A scalar aggregate over the rows that equalities relate to a row of the outer side becomes a grouping by what is compared, left joined: a node, whose groups are added up and not read
/// again. Over nothing the aggregates are what they are known to be, 0 for counts and NULL for sums, averages and extremes. Only where all rows of tables ask for their aggregate: a condition
/// on them may leave so few that it is cheaper to aggregate anew what is related to those than to keep the groups of all.
/// </summary>
internal sealed class Decorrelate : IPass
{
    public string Name => "decorrelate";

    public Operator Apply(Operator root)
    {
        var values = new Dictionary<ColumnReference, SqlExpression>();
        var tree = Visit(root, values, isFixed: true, isPadded: false);
        return values.Count == 0 ? tree : tree.Rewrite(o => o.MapExpressions(e => Resolve(e, values)));
    }

    /// <param name="source">The operator.</param>
    /// <param name="values">What the columns of sub-selects stand for afterwards.</param>
    /// <param name="isFixed">Whether what is above knows columns by their places.</param>
    /// <param name="isPadded">Whether something above pads the operator's columns.</param>
    private static Operator Visit(Operator source, Dictionary<ColumnReference, SqlExpression> values, bool isFixed, bool isPadded)
    {
        var current = source;
        if (!isFixed && !isPadded && source is Dependent dependent && Joined(dependent, values) is { } joined)
        {
            current = joined;
        }

        var inputs = current.Inputs.Select((input, i) => Visit(input, values, IsFixed(current, i, isFixed), IsPadded(current, i, isPadded))).ToSyntaxList();
        return inputs.Zip(current.Inputs).All(static p => ReferenceEquals(p.First, p.Second)) ? current : current.WithInputs(inputs);
    }

    private static bool IsFixed(Operator source, int input, bool isFixed) => source switch
    {
        Project or Aggregate or Window => false,
        Operators.UnionAll or Distinct or DistinctOn or TopK => true,
        Dependent when input == 1 => true,
        _ => isFixed,
    };

    private static bool IsPadded(Operator source, int input, bool isPadded) => source switch
    {
        Join { Type: JoinType.Full } => true,
        Join { Type: JoinType.Left } or Dependent { Type: JoinType.Left } when input == 1 => true,
        _ => isPadded && source.ColumnSet().Overlaps(source.Inputs[input].ColumnSet()),
    };

    /// <summary>The join, or null if the aggregate is none of this kind.</summary>
    private static Operator? Joined(Dependent dependent, Dictionary<ColumnReference, SqlExpression> values)
    {
        if (dependent is not { Inner: Project { Input: Aggregate { Keys.IsEmpty: true } aggregate } project }
            || (dependent.Type == JoinType.Left && dependent.Predicate != True)
            || !AsksForAll(dependent.Outer)
            || Grouped(aggregate, dependent.Outer.ColumnSet()) is not { } groups)
        {
            return null;
        }

        var padded = aggregate.Aggregates.Zip(aggregate.Columns).Where(static a => a.First.NotNull)
            .ToDictionary(static a => a.Second.Reference, static a => (SqlExpression)Coalesce(a.Second.Reference, Cast(Integer(0), TypeName.Standard("bigint"))));
        foreach (var (column, output) in project.Columns.Zip(project.Outputs))
        {
            values.Add(column.Reference, output.Expression.Substitute(padded));
        }

        var join = new Operators.Join(JoinType.Left, dependent.Outer, groups.Source, And(groups.Conditions));
        return dependent.Predicate == True ? join : new Filter(join, dependent.Predicate);
    }

    /// <summary>The aggregate by what the equalities compare, which are taken out of it; null if there is more between the two sides, or the groups could not be added up.</summary>
    private static Uncorrelated? Grouped(Aggregate aggregate, HashSet<ColumnReference> outer)
    {
        if (Correlation.TakeOut(aggregate.Input, existence: false, groups: false) is not { Conditions.IsEmpty: false } input)
        {
            return null;
        }

        var columns = input.Source.Columns.ToDictionary(static c => c.Reference);
        var set = input.Source.ColumnSet();
        var keys = new List<ComputedColumn>();
        var conditions = new List<SqlExpression>();
        foreach (var condition in input.Conditions)
        {
            if (Correlation.Equality(condition, set) is not { } pair || !pair.Outer.IsOver(outer) || ClockExpressions.ReadsClock(condition))
            {
                return null;
            }

            // A NULL is equal to nothing: rows with one are nobody's, and the key is never NULL.
            if (!keys.Exists(k => k.Expression == pair.Inner))
            {
                keys.Add(new ComputedColumn($"k{keys.Count + 1}", pair.Inner, ExpressionType.Of(pair.Inner, columns.GetValueOrDefault).Type, NotNull: true));
            }

            conditions.Add(Eq(new ColumnReference(aggregate.Alias, keys.Find(k => k.Expression == pair.Inner)!.Name), pair.Outer));
        }

        var nullable = keys.Select(static k => k.Expression).Where(e => !ExpressionType.Of(e, columns.GetValueOrDefault).NotNull).Select(static e => (SqlExpression)IsNotNull(e)).ToList();
        var rows = nullable.Count == 0 ? input.Source : new Filter(input.Source, And(nullable));
        var grouped = aggregate with { Input = rows, Keys = keys.ToSyntaxList() };
        return AggregateState.IsAddedUp(grouped) && grouped.FreeReferences().Count == 0 ? new Uncorrelated(grouped, conditions.ToSyntaxList()) : null;
    }

    /// <summary>Whether nothing is left out of the rows of tables.</summary>
    private static bool AsksForAll(Operator source) => source switch
    {
        Scan => true,
        Match { Kind: MatchKind.Mark } or Dependent or Join { Type: JoinType.Left } => AsksForAll(source.Inputs[0]),
        Operators.Join or Project or Operators.UnionAll or Distinct or Aggregate or Window => source.Inputs.All(AsksForAll),
        _ => false,
    };

    private static SqlExpression Resolve(SqlExpression expression, Dictionary<ColumnReference, SqlExpression> values)
        => expression.Rewrite(n => n is ColumnReference c && values.TryGetValue(c, out var value) ? Resolve(value, values) : n);
}
