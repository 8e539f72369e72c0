using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Binding;

/// <summary>Resolves the names in an expression, gives its sub-selects a place, and refuses what no rule covers.</summary>
internal sealed class ExpressionBinder(BindingContext context, QueryBinder queries, FunctionCatalog functions)
{
    private readonly SubqueryBinder _subqueries = new(context, queries, functions);

    private BindingContext Context => context;

    private bool IsAggregate(FunctionCall call) => functions.IsAggregate(call);

    /// <summary>The expression over bound columns, and over columns that the scope's places attach.</summary>
    public SqlExpression Bind(SqlExpression expression, Scope scope) => new Resolution(this, scope).Visit(expression);

    /// <summary>The rows for which a condition of WHERE holds.</summary>
    public Operator Filter(Operator source, SqlExpression condition, Scope scope)
    {
        var plain = new List<SqlExpression>();
        foreach (var conjunct in condition.Conjuncts())
        {
            if (_subqueries.Condition(source, conjunct, scope, e => Bind(e, scope)) is { } matched)
            {
                source = matched;
            }
            else
            {
                plain.Add(Bind(conjunct, scope));
            }
        }

        source = scope.Places!.Attach(source, plain);
        return plain.Count == 0 ? source : new Filter(source, And(plain));
    }

    private SqlExpression Resolve(ColumnReference reference, Scope scope)
        => scope.Resolve(reference) ?? throw context.Internal($"column {Describe(reference)}", "no relation in FROM has it");

    private static string Describe(ColumnReference reference)
        => reference.Relation is { } relation ? $"{relation}.{reference.Name}" : reference.Name.ToString();

    private void Check(SqlNode node)
    {
        switch (node)
        {
            case FunctionCall call when ClockExpressions.IsHiddenClock(call):
                throw context.Unsupported($"{call.Name}()", "it reads a clock whose value at the previous refresh is not known; use now() or CURRENT_DATE");
            case AllColumns or FieldExpansion:
                throw context.NotImplemented("whole-row reference", "rows as values are evaluated as a whole");
        }
    }

    /// <summary>A comparison of a row with a sub-select's: rows are equal if all of their columns are.</summary>
    private SqlExpression Compared(BinaryExpression rows) => rows is { Operator: { Schema: null, Symbol: "=" }, Left: RowConstructor left, Right: RowConstructor right }
        ? And(left.Elements.Zip(right.Elements, (l, r) => (SqlExpression)context.Collations.Settle(Eq(l, r))))
        : rows;

    /// <summary>Names inside a sub-select are its own affair.</summary>
    private sealed class Resolution(ExpressionBinder binder, Scope scope) : SqlRewriter
    {
        protected override SqlNode VisitNode(SqlNode node)
        {
            switch (node)
            {
                case ColumnReference reference:
                    return binder.Resolve(reference, scope);
                case SubqueryExpression or InSubquery or SubqueryComparison:
                    return binder._subqueries.Place((SqlExpression)node, scope, Visit!);
                case IsExpression { Kind: IsKind.Null, Operand: WholeRowReference row } test when scope.ColumnsOf(row.Relation) is { Count: > 0 } fields:
                    // A row constructor of the table's type has a NULL for each column that was dropped.
                    return test with { Operand = Row(fields) };
                case WholeRowReference row:
                    return scope.Resolve(new ColumnReference(row.Relation, WholeRow.Name))
                        ?? throw binder.Context.NotImplemented("whole-row reference", "rows of sub-selects as values are evaluated as a whole");
                case FunctionCall call when binder.IsAggregate(call) && (FunctionCall)base.VisitNode(call) is var own && scope.OwnerOf([.. own.References()]) is { Aggregates: { } outer }:
                    return outer.Add(own);
                case JsonArrayAggregate or JsonObjectAggregate:
                    return VisitNode(JsonAggregates.Plain((SqlExpression)node, binder.Context));
                default:
                    binder.Check(node);
                    var bound = base.VisitNode(node);
                    return node is BinaryExpression { Right: SubqueryExpression } && bound is BinaryExpression { Left: RowConstructor, Right: RowConstructor } rows
                        ? binder.Compared(rows)
                        : binder.Context.Collations.Settle(bound);
            }
        }
    }
}
