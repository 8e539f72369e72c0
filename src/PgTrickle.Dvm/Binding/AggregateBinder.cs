using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
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
        SqlExpression Key(SqlExpression e) => SelectBinder.Ordinal(e) is { } place ? parts.Targets[place - 1].Expression : BindKey(e, scope, parts.Targets);
        var grouping = context.Within("GROUP BY", () => Grouping.Of(select.GroupBy, Key));
        if (grouping.Sets.Count > context.Options.MaxGroupingSets)
        {
            throw context.NotImplemented("GROUP BY", $"it has more than {context.Options.MaxGroupingSets} grouping sets");
        }

        if (grouping.Keys.FirstOrDefault(k => k is FunctionCall call && functions.ReturnsRecord(call)) is { } record)
        {
            throw context.NotImplemented($"GROUP BY {((FunctionCall)record).Name}()", "its fields are not known once rows are grouped by a value of type record");
        }

        var having = select.Having is { } predicate ? context.Within("HAVING", () => expressions.Bind(predicate, scope)) : null;
        (input, var sets) = new SetProjection(context, functions).Over(input, grouping.Keys);
        if (sets.Count > 0)
        {
            grouping = Grouping.Of(select.GroupBy, e => Key(e) is var key ? sets.GetValueOrDefault(key, key) : key);
            parts = parts.Map(e => sets.GetValueOrDefault(e, e));
        }

        // Sub-selects in keys and in arguments of aggregates are evaluated for each row, all others for each group.
        var places = scope.Places!;
        IEnumerable<SqlExpression> All(SelectParts of) => having is null ? of.Expressions : of.Expressions.Append(having);
        input = places.Attach(input, [.. grouping.Keys, .. All(parts).SelectMany(Calls)]);
        var extraction = new AggregateExtraction(context, functions, grouping, input.ColumnSet(), scope.Aggregates!);
        var above = parts.Map(extraction.Visit);
        having = having is null ? null : extraction.Visit(having);
        places.MapOuter(All(above), extraction.VisitInside);
        var source = places.Attach(extraction.Build(input), All(above));
        return (having is null ? source : new Filter(source, having), above);
    }

    private IEnumerable<FunctionCall> Calls(SqlExpression expression)
        => expression.DescendantsAndSelf().OfType<FunctionCall>().Where(functions.IsAggregate);

    /// <summary>Unlike ORDER BY, GROUP BY takes a bare name for an input column first.</summary>
    private SqlExpression BindKey(SqlExpression expression, Scope scope, SyntaxList<ComputedColumn> targets)
        => expression is ColumnReference { Relation: null } name && scope.Resolve(name) is null && targets.FirstOrDefault(t => t.Name == name.Name) is { } target
            ? target.Expression
            : expressions.Bind(expression, scope);
}
