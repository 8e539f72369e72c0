using System.Globalization;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Passes;

/// <summary>
/// Where grouping expressions or aggregate arguments read the clock, they move into a projection below: then only filters and projections read it, and the
/// rule of the clock as a source is needed for those two alone. A function of the clock in FROM depends on one row, which the projection makes.
/// </summary>
internal sealed class IsolateClock : IPass
{
    public string Name => "isolate clock";

    public Operator Apply(Operator root)
    {
        var count = 0;
        return root.Rewrite(o => o is Aggregate or Window or Generated && o.OwnExpressions().Any(ClockExpressions.ReadsClock)
            ? o is Generated generated ? Isolate(generated, ++count) : Isolate(o, ++count)
            : o);
    }

    /// <summary>What is made a column of: nothing that may return a set, which are the functions in FROM, and in a select list any.</summary>
    private static IEnumerable<SqlExpression> Clocks(Generated source) => source.Rows switch
    {
        FunctionTable functions => functions.Functions.SelectMany(static f => f.Call.Children).SelectMany(ClockExpressions.Closed),
        DerivedTable list => list.DescendantsAndSelf().Where(ClockExpressions.IsClock).Cast<SqlExpression>(),
        _ => source.Expressions.SelectMany(ClockExpressions.Closed),
    };

    private static Operator Isolate(Generated source, int number)
    {
        var alias = RelationNames.Of("clock", number);
        var clocks = Clocks(source).Distinct().ToList();
        if (clocks.Count == 0)
        {
            return source;
        }

        var outputs = clocks.Select((e, i) =>
        {
            var type = Binding.ExpressionType.Of(e, static _ => null);
            return new ComputedColumn(string.Create(CultureInfo.InvariantCulture, $"c{i + 1}"), e, type.Type, type.NotNull);
        }).ToSyntaxList();
        var rows = source.WithExpressions(e => e.Rewrite(n => n is SqlExpression part && clocks.IndexOf(part) is var place and >= 0 ? new ColumnReference(alias, outputs[place].Name) : n))
            with { Alias = RelationNames.Of("clocked", number) };
        var one = new Project(alias, new Constant(RelationNames.Of("instant", number), null, []), outputs);
        var names = source.Outputs.Select(o => new ComputedColumn(o.Name, new ColumnReference(rows.Alias, o.Name), o.Type, o.NotNull));
        return new Project(source.Alias, new Dependent(JoinType.Inner, one, rows, Sql.SqlFactory.True), names.ToSyntaxList());
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
