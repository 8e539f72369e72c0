using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Passes;

/// <summary>
/// Removes projections whose columns may be computed by what stands above. Computed columns on the padded side of an outer join stay: above, their
/// expressions would see NULLs instead of being NULL.
/// </summary>
internal sealed class MergeProjections : IPass
{
    public string Name => "merge projections";

    public Operator Apply(Operator root)
    {
        var values = new Dictionary<ColumnReference, SqlExpression>();
        var tree = Below(root, values);
        return values.Count == 0 ? root : tree.Rewrite(o => o.MapExpressions(e => Resolve(e, values)));
    }

    /// <summary>Removes projections below an operator that itself stays.</summary>
    private static Operator Below(Operator source, Dictionary<ColumnReference, SqlExpression> values) => source switch
    {
        // The order of columns matters to these.
        UnionAll or Distinct => source.WithInputs(source.Inputs.Select(i => Below(i, values)).ToSyntaxList()),
        DistinctOn or TopK => source.WithInputs([Below(source.Inputs[0], values)]),
        Join { Type: JoinType.Left } join => join.WithInputs([Remove(join.Left, values, mayCompute: true), Remove(join.Right, values, mayCompute: false)]),
        Join { Type: JoinType.Full } join => join.WithInputs([Remove(join.Left, values, mayCompute: false), Remove(join.Right, values, mayCompute: false)]),

        // The columns that it adds are those of its inner side, computed there, once for each outer row.
        Dependent dependent => dependent.WithInputs([Remove(dependent.Outer, values, mayCompute: true), Below(dependent.Inner, values)]),
        _ => source.WithInputs(source.Inputs.Select(i => Remove(i, values, mayCompute: true)).ToSyntaxList()),
    };

    private static Operator Remove(Operator source, Dictionary<ColumnReference, SqlExpression> values, bool mayCompute)
    {
        switch (source)
        {
            case Project project when mayCompute || project.Outputs.All(static o => o.Expression is ColumnReference):
                foreach (var (column, output) in project.Columns.Zip(project.Outputs))
                {
                    values.Add(column.Reference, output.Expression);
                }

                return Remove(project.Input, values, mayCompute);

            // What a filter or a join lets through is padded as well.
            case Filter filter:
                return filter.WithInputs([Remove(filter.Input, values, mayCompute)]);
            case Join { Type: JoinType.Inner } join when !mayCompute:
                return join.WithInputs([Remove(join.Left, values, mayCompute), Remove(join.Right, values, mayCompute)]);
            case Join { Type: JoinType.Left } join when !mayCompute:
                return join.WithInputs([Remove(join.Left, values, mayCompute), Remove(join.Right, values, mayCompute: false)]);
            default:
                return Below(source, values);
        }
    }

    private static SqlExpression Resolve(SqlExpression expression, Dictionary<ColumnReference, SqlExpression> values)
        => expression.Rewrite(n => n is ColumnReference c && values.TryGetValue(c, out var value) ? Resolve(value, values) : n);
}
