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
        var grouping = context.Within("GROUP BY", () => Grouping.Of(select.GroupBy, e => SelectBinder.Ordinal(e) is { } place
            ? parts.Targets[place - 1].Expression
            : BindKey(e, scope, parts.Targets)));
        if (grouping.Sets.Count > context.Options.MaxGroupingSets)
        {
            throw context.NotImplemented("GROUP BY", $"it has more than {context.Options.MaxGroupingSets} grouping sets");
        }

        var extraction = new AggregateExtraction(context.NewName("a"), functions, grouping);
        var above = parts.Map(extraction.Visit);
        var having = select.Having is { } predicate
            ? extraction.Visit(context.Within("HAVING", () => expressions.Bind(predicate, scope)))
            : null;
        Operator source = extraction.Build(context, input);
        return (having is null ? source : new Filter(source, having), above);
    }

    /// <summary>Unlike ORDER BY, GROUP BY takes a bare name for an input column first.</summary>
    private SqlExpression BindKey(SqlExpression expression, Scope scope, SyntaxList<ComputedColumn> targets)
        => expression is ColumnReference { Relation: null } name && scope.Resolve(name) is null && targets.FirstOrDefault(t => t.Name == name.Name) is { } target
            ? target.Expression
            : expressions.Bind(expression, scope);
}
