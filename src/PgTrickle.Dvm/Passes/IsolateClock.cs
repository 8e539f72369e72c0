using System.Globalization;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Passes;

/// <summary>
/// Where grouping expressions or aggregate arguments read the clock, they move into a projection below: then only filters and projections read it, and the
/// rule of the clock as a source is needed for those two alone.
/// </summary>
internal sealed class IsolateClock : IPass
{
    public string Name => "isolate clock";

    public Operator Apply(Operator root)
    {
        var count = 0;
        return root.Rewrite(o => o is Aggregate aggregate && aggregate.OwnExpressions().Any(ClockExpressions.ReadsClock) ? Isolate(aggregate, ++count) : o);
    }

    private static Aggregate Isolate(Aggregate aggregate, int number)
    {
        var alias = new SqlIdentifier(string.Create(CultureInfo.InvariantCulture, $"clock{number}"));
        var outputs = new List<ComputedColumn>();
        SqlExpression Extract(SqlExpression expression)
        {
            var known = outputs.FindIndex(o => o.Expression == expression);
            if (known < 0)
            {
                known = outputs.Count;
                outputs.Add(new ComputedColumn(string.Create(CultureInfo.InvariantCulture, $"c{known + 1}"), expression, null, NotNull: false));
            }

            return new ColumnReference(alias, outputs[known].Name);
        }

        // Whole arguments, filters and keys are taken out, so that nothing above reads the clock; columns that stay come along.
        var keys = aggregate.Keys.Select(k => k with { Expression = Extract(k.Expression) }).ToSyntaxList();
        var calls = aggregate.Aggregates.Select(a => a with { Call = new CallArguments(Extract).Extract(a.Call) }).ToSyntaxList();
        var columns = aggregate.Input.Columns.ToDictionary(static c => c.Reference);
        var typed = outputs.Select(o =>
        {
            var type = Binding.ExpressionType.Of(o.Expression, columns.GetValueOrDefault);
            return o with { Type = type.Type, NotNull = type.NotNull };
        });
        return aggregate with { Input = new Project(alias, aggregate.Input, typed.ToSyntaxList()), Keys = keys, Aggregates = calls };
    }

    /// <summary>Replaces the outermost value expressions of an aggregate call: its arguments, sort keys and filter.</summary>
    private sealed class CallArguments(Func<SqlExpression, SqlExpression> extract) : SqlRewriter
    {
        private FunctionCall? _call;

        public FunctionCall Extract(FunctionCall call)
        {
            _call = call;
            return Visit(call);
        }

        protected override SqlNode VisitNode(SqlNode node) => node switch
        {
            SqlExpression expression when !ReferenceEquals(node, _call) && (expression.References().Any() || ClockExpressions.ReadsClock(node)) => extract(expression),
            _ when ReferenceEquals(node, _call) || node is FunctionArgument or OrderItem => base.VisitNode(node),
            _ => node,
        };
    }
}
