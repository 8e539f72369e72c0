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
        var tree = Below(root, values, isPadded: false);
        return values.Count == 0 ? root : tree.Rewrite(o => o.MapExpressions(e => Resolve(e, values)));
    }

    /// <summary>Removes projections below an operator that itself stays.</summary>
    /// <param name="source">The operator.</param>
    /// <param name="values">What the columns of removed projections stand for.</param>
    /// <param name="isPadded">Whether something above pads the operator's columns.</param>
    private static Operator Below(Operator source, Dictionary<ColumnReference, SqlExpression> values, bool isPadded) => source.WithInputs(source.Inputs.Select((input, i) =>
    {
        var padded = IsPadded(source, i, isPadded);
        return source switch
        {
            // The order of columns matters to these.
            UnionAll or Distinct or DistinctOn or TopK => Below(input, values, padded),

            // The columns that it adds are those of its inner side, computed there, once for each outer row.
            Dependent when i == 1 => Below(input, values, padded),
            _ => Remove(input, values, padded),
        };
    }).ToSyntaxList());

    /// <summary>Whether an operator pads the columns of an input, or passes them on to something that does.</summary>
    private static bool IsPadded(Operator source, int input, bool isPadded) => source switch
    {
        Join { Type: JoinType.Full } => true,
        Join { Type: JoinType.Left } or Dependent { Type: JoinType.Left } when input == 1 => true,
        _ => isPadded && source.ColumnSet().Overlaps(source.Inputs[input].ColumnSet()),
    };

    private static Operator Remove(Operator source, Dictionary<ColumnReference, SqlExpression> values, bool isPadded)
    {
        if (source is not Project project || (isPadded && Computes(project)))
        {
            return Below(source, values, isPadded);
        }

        foreach (var (column, output) in project.Columns.Zip(project.Outputs))
        {
            values.Add(column.Reference, output.Expression);
        }

        return Remove(project.Input, values, isPadded);
    }

    /// <summary>Whether a column is anything else than one of the input: constants and columns of an outer query would not be padded either.</summary>
    private static bool Computes(Project project)
    {
        var input = project.Input.ColumnSet();
        return project.Outputs.Any(o => o.Expression is not ColumnReference column || !input.Contains(column));
    }

    private static SqlExpression Resolve(SqlExpression expression, Dictionary<ColumnReference, SqlExpression> values)
        => expression.Rewrite(n => n is ColumnReference c && values.TryGetValue(c, out var value) ? Resolve(value, values) : n);
}
