using PgTrickle.Dvm.Binding;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>
/// N(L) x D(R) where R is a node of one row, such as an average over everything, that rows of L are compared with, and nothing above needs: instead of all rows that pass the old value and all
/// that pass the new one, which mostly cancel, only those between the two, as for a clock that has moved. An index finds them.
/// </summary>
internal sealed class SingleRowDelta(DeltaContext context)
{
    private static readonly SqlIdentifier Row = new("v");

    /// <summary>The terms, or null if the rule does not apply: more conditions than one look at the row, or it is not one of order.</summary>
    /// <param name="others">L.</param>
    /// <param name="row">R.</param>
    /// <param name="predicate">The join's condition.</param>
    /// <param name="required">The columns that are needed above.</param>
    public IReadOnlyList<Fragment>? Of(Operator others, Operator row, SqlExpression predicate, IReadOnlySet<ColumnReference> required)
    {
        if (row is not Scan { Node: not null } scan || required.Overlaps(row.ColumnSet()) || ComparisonOf(others, row, predicate) is not { } comparison)
        {
            return null;
        }

        var columns = row.ColumnSet();
        var bound = IsOfRow(comparison.Left, columns) ? comparison.Left : comparison.Right;
        var types = row.Columns.ToDictionary(static c => c.Reference);
        return ExpressionType.Of(bound, types.GetValueOrDefault).Type is { } type && TypeFacts.IsScalar(type.BaseOid)
            ? Terms(others, scan, predicate, predicate.Conjuncts().Where(c => !ReferenceEquals(c, comparison)).ToList(), comparison, bound)
            : null;
    }

    /// <summary>The comparison by order that is all that a join's condition says of a side of at most one row; null if there is more, or other.</summary>
    public static BinaryExpression? ComparisonOf(Operator others, Operator row, SqlExpression predicate)
    {
        var columns = row.ColumnSet();
        return KeyInference.Keys(row).Any(static k => k.Count == 0)
            && predicate.Conjuncts().Where(c => c.References().Any(columns.Contains)).ToList() is [BinaryExpression { Operator: { Schema: null, Symbol: "<" or "<=" or ">" or ">=" } } comparison]
            && (IsOfRow(comparison.Left, columns) ? comparison.Right : IsOfRow(comparison.Right, columns) ? comparison.Left : null) is { } value
            && value.References().Any() && value.IsOver(others.ColumnSet()) ? comparison : null;
    }

    private static bool IsOfRow(SqlExpression expression, IReadOnlySet<ColumnReference> columns) => expression.References().Any() && expression.IsOver(columns);

    private IReadOnlyList<Fragment> Terms(
        Operator others, Scan row, SqlExpression predicate, IReadOnlyList<SqlExpression> rest, BinaryExpression comparison, SqlExpression bound)
    {
        var changes = context.ChangesOf(row);
        SqlExpression Value(bool former) => Scalar((Select(Named(bound, row.Alias).As("v")) with
        {
            From = [Table(changes, Row)],
            Where = former ? Less(Column(Row, Consolidation.Weight), Integer(0)) : Greater(Column(Row, Consolidation.Weight), Integer(0)),
        }).AsQuery());
        var (then, now) = (Value(former: true), Value(former: false));
        var present = context.Present.Filled(others, context.Present.Read(others)).Filtered(And(rest));
        var passes = present.Resolve(With(comparison, bound, now));
        var passed = present.Resolve(With(comparison, bound, then));
        SqlExpression[] both = [then, now];
        var least = new ConditionalFunction(ConditionalKind.Least, [.. both]);
        var greatest = new ConditionalFunction(ConditionalKind.Greatest, [.. both]);
        var value = present.Resolve(ReferenceEquals(bound, comparison.Right) ? comparison.Left : comparison.Right);
        var isRightOpen = comparison.Operator.Symbol == (ReferenceEquals(bound, comparison.Right) ? ">=" : "<=") || comparison.Operator.Symbol == (ReferenceEquals(bound, comparison.Right) ? "<" : ">");
        var between = isRightOpen ? And(Binary(value, ">=", least), Binary(value, "<", greatest)) : And(Binary(value, ">", least), Binary(value, "<=", greatest));
        var crossing = present.Restricted(And(IsNotNull(then), IsNotNull(now), between, IsDistinctFrom(IsTrue(passes), IsTrue(passed)))) with
        {
            Weight = Case(passes, Consolidation.AsBigInteger(Integer(1)), Consolidation.AsBigInteger(Integer(-1))),
        };

        // A row that came, went, or is NULL on either side, leaves or lets in all that compare with the other.
        var any = Exists((Select() with { From = [Table(changes, Row)] }).AsQuery());
        var all = context.Changes(row, row.ColumnSet()).Joined(context.Present.Read(others), predicate).Restricted(And(any, Or(IsNull(then), IsNull(now))));
        return [crossing, all];
    }

    private static SqlExpression Named(SqlExpression bound, SqlIdentifier alias)
        => bound.Rewrite(n => n is ColumnReference c && alias.Equals(c.Relation) ? c with { Relation = Row } : n);

    private static BinaryExpression With(BinaryExpression comparison, SqlExpression bound, SqlExpression value)
        => ReferenceEquals(comparison.Right, bound) ? comparison with { Right = value } : comparison with { Left = value };
}
