using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>Resolves the names in an expression, and refuses what no rule covers.</summary>
internal sealed class ExpressionBinder(BindingContext context, FunctionCatalog functions)
{
    /// <summary>The expression over bound columns.</summary>
    public SqlExpression Bind(SqlExpression expression, Scope scope)
    {
        foreach (var node in expression.DescendantsAndSelf())
        {
            Check(node);
        }

        return expression.Rewrite(node => node is ColumnReference reference ? Resolve(reference, scope) : node);
    }

    private SqlExpression Resolve(ColumnReference reference, Scope scope)
        => scope.Resolve(reference) ?? throw context.Internal($"column {Describe(reference)}", "no relation in FROM has it");

    private static string Describe(ColumnReference reference)
        => reference.Relation is { } relation ? $"{relation}.{reference.Name}" : reference.Name.ToString();

    private void Check(SqlNode node)
    {
        switch (node)
        {
            case SubqueryExpression { Kind: SubqueryKind.Exists }:
                throw context.NotImplemented("EXISTS", "subqueries in expressions are evaluated as a whole");
            case SubqueryExpression:
                throw context.NotImplemented("scalar subquery", "subqueries in expressions are evaluated as a whole");
            case InSubquery or SubqueryComparison:
                throw context.NotImplemented("IN (subquery)", "subqueries in expressions are evaluated as a whole");
            case FunctionCall call when functions.ReturnsSet(call):
                throw context.NotImplemented($"set-returning function {call.Name}", "functions that return sets are evaluated as a whole");
            case FunctionCall call when ClockExpressions.IsHiddenClock(call):
                throw context.Unsupported($"{call.Name}()", "it reads a clock whose value at the previous refresh is not known; use now() or CURRENT_DATE");
            case WholeRowReference or AllColumns or FieldExpansion:
                throw context.NotImplemented("whole-row reference", "rows as values are evaluated as a whole");
        }
    }
}
