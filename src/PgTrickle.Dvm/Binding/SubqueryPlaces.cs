using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>
/// The sub-selects in the expressions of one SELECT. In the expression a column stands for the value; the operator that yields the column is kept here until it is known
/// over which rows the expression is evaluated. The same sub-select, written twice, is one.
/// </summary>
internal sealed class SubqueryPlaces
{
    private static readonly Constant Hole = new("hole", null, []);

    private readonly Dictionary<SqlExpression, SqlExpression> _values = [];
    private readonly List<Operator> _templates = [];

    public bool IsEmpty => _templates.Count == 0;

    /// <summary>The operators that are not attached yet.</summary>
    public IReadOnlyList<Operator> Pending() => [.. _templates];

    /// <summary>The value of a sub-select that was seen before, or of this one.</summary>
    public SqlExpression ValueOf(SqlExpression subquery, Func<SqlExpression> bind)
        => _values.TryGetValue(subquery, out var known) ? known : _values[subquery] = bind();

    /// <summary>Keeps a mark, and is its column.</summary>
    public ColumnReference AddMark(SqlIdentifier alias, Operator inner, SqlExpression predicate)
    {
        var match = new Match(MatchKind.Mark, alias, Hole, inner, predicate);
        _templates.Add(match);
        return match.Mark;
    }

    /// <summary>Keeps an operator whose columns are the values.</summary>
    public void AddRows(JoinType type, Operator inner, SqlExpression predicate) => _templates.Add(new Dependent(type, Hole, inner, predicate));

    /// <summary>The rows with columns for all sub-selects that stand in the expressions.</summary>
    public Operator Attach(Operator source, IEnumerable<SqlExpression> expressions)
    {
        foreach (var template in Needed(expressions))
        {
            _templates.Remove(template);
            source = Over(source, template);
        }

        return source;
    }

    /// <summary>Replaces what the sub-selects in the expressions use of the rows around them.</summary>
    public void MapOuter(IEnumerable<SqlExpression> expressions, Func<SqlExpression, SqlExpression> map)
    {
        foreach (var template in Needed(expressions))
        {
            _templates[_templates.IndexOf(template)] = template.Rewrite(o => o.MapExpressions(map));
        }
    }

    /// <summary>The sub-selects that the expressions need, directly or through others, in the order in which they were found: operands come before what they are compared with.</summary>
    private List<Operator> Needed(IEnumerable<SqlExpression> expressions)
    {
        var columns = expressions.SelectMany(static e => e.References()).ToHashSet();
        var needed = new List<Operator>();
        foreach (var template in Enumerable.Reverse(_templates))
        {
            if (template.Columns.Any(c => columns.Contains(c.Reference)))
            {
                needed.Insert(0, template);
                columns.UnionWith(template.FreeReferences());
            }
        }

        return needed;
    }

    /// <summary>What does not depend on the rows is joined with them.</summary>
    private static Operator Over(Operator source, Operator template)
    {
        if (template is Dependent rows && !rows.Inner.FreeReferences().Overlaps(source.ColumnSet()))
        {
            return new Join(rows.Type, source, rows.Inner, rows.Predicate);
        }

        return template.WithInputs([source, template.Inputs[1]]);
    }
}
