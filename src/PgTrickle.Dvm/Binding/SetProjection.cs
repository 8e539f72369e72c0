using System.Globalization;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Binding;

/// <summary>
/// Set-returning functions in a select list: the expressions that hold them are the select list of a sub-select without FROM, which is evaluated for each row. So PostgreSQL itself
/// advances them in step and pads the shorter ones.
/// </summary>
internal sealed class SetProjection(BindingContext context, FunctionCatalog functions)
{
    /// <summary>The rows with columns for the outputs that are sets.</summary>
    public (Operator Source, SelectParts Parts) Expand(Operator source, SelectParts parts)
    {
        var (expanded, columns) = Over(source, parts.Expressions);
        return (expanded, parts.Map(e => columns.GetValueOrDefault(e, e)));
    }

    /// <summary>The rows with columns for those expressions that are sets, and which column stands for which.</summary>
    public (Operator Source, Dictionary<SqlExpression, SqlExpression> Columns) Over(Operator source, IEnumerable<SqlExpression> all)
    {
        var expressions = all.Where(ReturnsSet).Distinct().ToList();
        if (expressions.Count == 0)
        {
            return (source, []);
        }

        var known = source.Columns.ToDictionary(static c => c.Reference);
        var names = expressions.Select(static (_, i) => new SqlIdentifier("c" + (i + 1).ToString(CultureInfo.InvariantCulture))).ToList();
        var columns = expressions.Zip(names, (e, n) => new GeneratedColumn(n, SetTypes.Of(e, known.GetValueOrDefault), NotNull: false));
        var list = Select(expressions.Zip(names, static (e, n) => e.As(n)));
        var generated = new Generated(context.NewName("f"), new DerivedTable(list.AsQuery()), columns.ToSyntaxList());
        return (new Dependent(JoinType.Inner, source, generated, True),
            expressions.Zip(names).ToDictionary(static p => p.First, p => (SqlExpression)Column(generated.Alias, p.Second)));
    }

    private bool ReturnsSet(SqlExpression expression) => expression.DescendantsAndSelf().Any(n => n is FunctionCall call && functions.ReturnsSet(call));
}
