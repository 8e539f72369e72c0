using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>How an operator whose rows depend on their partition is computed over given rows of its input, be they all or those of some partitions.</summary>
internal static class Evaluation
{
    /// <summary>The operator's columns, by the names given, and further ones.</summary>
    /// <param name="source">The operator.</param>
    /// <param name="rows">Rows of its input.</param>
    /// <param name="name">The name of the column at a place.</param>
    /// <param name="more">Further columns, constant.</param>
    public static Query Of(IPartitioned source, Fragment rows, Func<int, SqlIdentifier> name, params IEnumerable<SelectTarget> more)
    {
        SelectBody Body(IEnumerable<SqlExpression> values) => rows.Select([.. values.Select((v, i) => rows.Resolve(v).As(name(i))), .. more]);
        switch (source)
        {
            case Aggregate aggregate:
                (aggregate, rows) = Owned(aggregate, rows);
                var groups = Body([.. aggregate.Keys.Select(static k => k.Expression), .. aggregate.Aggregates.Select(static a => a.Call)]);
                return (groups with { GroupBy = Grouping(aggregate.Keys.Select(k => rows.Resolve(k.Expression))) }).AsQuery();
            case Window window:
                return Body([.. window.Kept.Select(static k => k.Expression), .. window.Calls.Select(static c => c.Call)]).AsQuery();
            case DistinctOn distinct:
                return First(distinct, rows, Body(distinct.Input.Columns.Select(static c => c.Reference)));
            case TopK top:
                return Body(top.Input.Columns.Select(static c => c.Reference)).AsQuery() with
                {
                    OrderBy = Order(top.Order, rows),
                    Limit = top.Limit,
                    Offset = top.Offset,
                    WithTies = top.WithTies,
                };
            default:
                throw new CompileException(new CompileError(CompileErrorKind.Internal, source.GetType().Name, "", "it has no rule to be computed by"));
        }
    }

    /// <summary>
    /// An aggregate belongs to the innermost query whose columns its arguments name, which must be this one: where they name columns of an outer query, they are computed
    /// beneath, and it gets the results.
    /// </summary>
    private static (Aggregate Aggregate, Fragment Rows) Owned(Aggregate aggregate, Fragment rows)
    {
        var input = aggregate.Input.ColumnSet();
        if (aggregate.Aggregates.All(a => a.Call.IsOver(input)))
        {
            return (aggregate, rows);
        }

        var alias = new SqlIdentifier(aggregate.Alias.Value + "_rows");
        var computed = new List<SqlExpression>();
        SqlExpression Value(SqlExpression expression)
        {
            if (!expression.References().Any())
            {
                return expression;
            }

            computed.Add(expression);
            return Column(alias, NameSource.ColumnName(computed.Count - 1));
        }

        FunctionCall Call(FunctionCall call) => call with
        {
            Arguments = call.Arguments.Select(a => a with { Value = Value(a.Value) }).ToSyntaxList(),
            Filter = call.Filter is null ? null : Value(call.Filter),
            OrderBy = call.OrderBy.Select(o => o with { Expression = Value(o.Expression) }).ToSyntaxList(),
            WithinGroup = call.WithinGroup.Select(o => o with { Expression = Value(o.Expression) }).ToSyntaxList(),
        };
        var owned = aggregate with
        {
            Keys = aggregate.Keys.Select(k => k with { Expression = Value(k.Expression) }).ToSyntaxList(),
            Aggregates = aggregate.Aggregates.Select(a => a with { Call = Call(a.Call) }).ToSyntaxList(),
        };
        var body = rows.Select(computed.Select((e, i) => rows.Resolve(e).As(NameSource.ColumnName(i))));
        return (owned, Fragment.Of(Derived(body.AsQuery(), alias)));
    }

    private static Query First(DistinctOn distinct, Fragment rows, SelectBody body)
    {
        var keys = distinct.Keys.Select(k => Sortable(rows.Resolve(k))).Distinct().ToSyntaxList();
        return (body with { Distinct = new DistinctClause(keys) }).AsQuery() with { OrderBy = Order(distinct.Order, rows) };
    }

    /// <summary>The names under which an operator's columns are known above it; c1, c2 ... for one that takes over those of its input.</summary>
    public static Func<int, SqlIdentifier> NamesOf(Operator source)
    {
        var columns = source.Columns;
        return source is Aggregate or Window ? i => columns[i].Name : NameSource.ColumnName;
    }

    /// <summary>ORDER BY over rows.</summary>
    private static SyntaxList<OrderItem> Order(SyntaxList<OrderItem> order, Fragment rows)
        => order.Select(o => rows.Resolve(o) is var item && item.Expression is Literal ? item with { Expression = Sortable(item.Expression) } : item).ToSyntaxList();

    /// <summary>A bare constant would be read as a place in the select list, and orders nothing anyway.</summary>
    private static SqlExpression Sortable(SqlExpression value) => value is Literal ? Cast(Null, TypeName.Standard("integer")) : value;

    /// <summary>GROUP BY of expressions; constants among them would be read as places in the select list, and group nothing.</summary>
    public static GroupByClause? Grouping(IEnumerable<SqlExpression> keys)
    {
        var all = keys.ToList();
        var varying = all.Where(static k => k is not Literal).ToList();

        // Keys that are all constant still mean "no row over nothing".
        return all.Count == 0 ? null
            : varying.Count > 0 ? GroupBy(varying)
            : new GroupByClause([new GroupingExpressions([Cast(Null, TypeName.Standard("integer"))])]);
    }
}
