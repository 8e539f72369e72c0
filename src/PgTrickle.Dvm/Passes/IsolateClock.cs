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
        return root.Rewrite(o => o is Aggregate or Window && o.OwnExpressions().Any(ClockExpressions.ReadsClock) ? Isolate(o, ++count) : o);
    }

    private static Operator Isolate(Operator source, int number)
    {
        var alias = RelationNames.Of("clock", number);
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
        ComputedColumn Computed(ComputedColumn column) => column with { Expression = Extract(column.Expression) };
        var arguments = new CallArguments(Extract);
        Operator above = source switch
        {
            Aggregate a => a with
            {
                Keys = a.Keys.Select(Computed).ToSyntaxList(),
                Aggregates = a.Aggregates.Select(c => c with { Call = arguments.Extract(c.Call) }).ToSyntaxList(),
            },
            Window w => w with
            {
                Kept = w.Kept.Select(Computed).ToSyntaxList(),
                PartitionKeys = w.PartitionKeys.Select(Computed).ToSyntaxList(),
                Calls = w.Calls.Select(c => c with { Call = arguments.Extract(c.Call) }).ToSyntaxList(),
            },
            _ => throw new InvalidOperationException(source.GetType().Name),
        };
        var input = source.Inputs[0];
        var columns = input.Columns.ToDictionary(static c => c.Reference);
        var typed = outputs.Select(o =>
        {
            var type = Binding.ExpressionType.Of(o.Expression, columns.GetValueOrDefault);
            return o with { Type = type.Type, NotNull = type.NotNull };
        });
        return above.WithInputs([new Project(alias, input, typed.ToSyntaxList())]);
    }

    /// <summary>Replaces the outermost value expressions of a call: its arguments, sort keys, partitions and filter.</summary>
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
            _ when ReferenceEquals(node, _call) || node is FunctionArgument or OrderItem or WindowSpecification => base.VisitNode(node),
            _ => node,
        };
    }
}
