using System.Globalization;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>
/// Takes a grouped SELECT apart: below, an <see cref="Aggregate"/> with keys and the plain aggregate calls; above it HAVING as a filter and the select list
/// as expressions over keys and aggregate values, such as <c>COALESCE(sum(x), 0)</c>.
/// </summary>
internal sealed class AggregateBinder(BindingContext context, FunctionCatalog functions, ExpressionBinder expressions)
{
    public (Operator Source, SelectParts Parts) Bind(Operator input, SelectBody select, Scope scope, SelectParts parts)
    {
        var keys = context.Within("GROUP BY", () => BindKeys(select.GroupBy, scope, parts.Targets));
        var extraction = new Extraction(context.NewName("a"), functions, keys);
        var above = parts.Map(e => extraction.Visit(e));
        var having = select.Having is { } predicate
            ? extraction.Visit(context.Within("HAVING", () => expressions.Bind(predicate, scope)))
            : null;
        Operator source = extraction.Build(input);
        return (having is null ? source : new Filter(source, having), above);
    }

    private List<SqlExpression> BindKeys(GroupByClause? clause, Scope scope, SyntaxList<ComputedColumn> targets)
    {
        var keys = new List<SqlExpression>();
        foreach (var element in clause?.Elements ?? [])
        {
            if (element is not GroupingExpressions grouping)
            {
                throw context.NotImplemented("GROUPING SETS, ROLLUP or CUBE", "grouping sets are evaluated as a whole");
            }

            foreach (var expression in grouping.Expressions)
            {
                var key = SelectBinder.Ordinal(expression) is { } place ? targets[place - 1].Expression : BindKey(expression, scope, targets);
                if (!keys.Contains(key))
                {
                    keys.Add(key);
                }
            }
        }

        return keys;
    }

    /// <summary>Unlike ORDER BY, GROUP BY takes a bare name for an input column first.</summary>
    private SqlExpression BindKey(SqlExpression expression, Scope scope, SyntaxList<ComputedColumn> targets)
        => expression is ColumnReference { Relation: null } name && scope.Resolve(name) is null && targets.FirstOrDefault(t => t.Name == name.Name) is { } target
            ? target.Expression
            : expressions.Bind(expression, scope);

    /// <summary>Replaces grouping expressions and aggregate calls, from the top down, by columns of the aggregate.</summary>
    private sealed class Extraction(SqlIdentifier alias, FunctionCatalog functions, List<SqlExpression> keys) : SqlRewriter
    {
        private readonly List<FunctionCall> _calls = [];

        public Aggregate Build(Operator input)
        {
            var columns = input.Columns.ToDictionary(static c => c.Reference);
            ExpressionType TypeOf(SqlExpression e) => ExpressionType.Of(e, columns.GetValueOrDefault);
            return new Aggregate(
                alias,
                input,
                keys.Select((k, i) => new ComputedColumn(KeyName(i), k, TypeOf(k).Type, TypeOf(k).NotNull)).ToSyntaxList(),
                _calls.Select((c, i) => new AggregateColumn(CallName(i), c, AggregateTypes.ResultOf(c, e => TypeOf(e).Type))).ToSyntaxList());
        }

        protected override SqlNode VisitNode(SqlNode node)
        {
            switch (node)
            {
                case SqlExpression expression when keys.IndexOf(expression) is var i and >= 0:
                    return new ColumnReference(alias, KeyName(i));
                case FunctionCall call when functions.IsAggregate(call):
                    var known = _calls.IndexOf(call);
                    if (known < 0)
                    {
                        _calls.Add(call);
                        known = _calls.Count - 1;
                    }

                    return new ColumnReference(alias, CallName(known));
                case ColumnReference dependent:
                    // Allowed by PostgreSQL because a primary key among the keys determines it: grouping by it, too, changes nothing.
                    keys.Add(dependent);
                    return new ColumnReference(alias, KeyName(keys.Count - 1));
                default:
                    return base.VisitNode(node);
            }
        }

        private static SqlIdentifier KeyName(int index) => new(string.Create(CultureInfo.InvariantCulture, $"k{index + 1}"));

        private static SqlIdentifier CallName(int index) => new(string.Create(CultureInfo.InvariantCulture, $"f{index + 1}"));
    }
}
