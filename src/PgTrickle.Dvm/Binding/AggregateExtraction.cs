using System.Globalization;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Binding;

/// <summary>Replaces grouping expressions, aggregate calls and GROUPING(), from the top down, by columns of the aggregate.</summary>
/// <param name="context">The query.</param>
/// <param name="functions">Its functions.</param>
/// <param name="grouping">GROUP BY.</param>
/// <param name="rows">The columns of what is grouped; others are values of sub-selects, or of a query around.</param>
/// <param name="outer">Aggregates that stand in sub-selects.</param>
internal sealed class AggregateExtraction(BindingContext context, FunctionCatalog functions, Grouping grouping, IReadOnlySet<ColumnReference> rows, OuterAggregates outer) : SqlRewriter
{
    private static readonly SqlIdentifier SetNumber = new("set");

    private readonly SqlIdentifier _alias = context.NewName("a");
    private readonly List<FunctionCall> _calls = [];
    private bool _inside;

    /// <summary>The same of an expression inside a sub-select, where aggregates and other columns are its own.</summary>
    public SqlExpression VisitInside(SqlExpression expression)
    {
        _inside = true;
        var result = Visit(expression);
        _inside = false;
        return result;
    }

    /// <summary>The aggregate over an input; several grouping sets are the groups of the input's rows, repeated for each set, by the number of the set.</summary>
    public Aggregate Build(Operator input)
    {
        if (grouping.Sets.Count == 1)
        {
            return Make(input, grouping.Keys.Select((k, i) => (KeyName(i), k)), _calls);
        }

        var sets = new GroupingSetExpansion(context, grouping, input, _calls);
        var keys = sets.Keys.Select(static (k, i) => (KeyName(i), k)).Prepend((SetNumber, sets.Number));
        return Make(sets.Source, keys, sets.Calls);
    }

    protected override SqlNode VisitNode(SqlNode node)
    {
        switch (node)
        {
            case SqlExpression expression when grouping.IndexOf(expression) is var i and >= 0 && (!_inside || expression.References().Any()):
                return Column(_alias, KeyName(i));
            case FunctionCall call when !_inside && functions.IsAggregate(call):
                return ValueOf(call);
            case ColumnReference column when outer.Find(column) is { } call:
                return ValueOf(call);
            case GroupingFunction function when !_inside:
                return Bits(function);
            case ColumnReference other when !rows.Contains(other):
                return node;
            case ColumnReference dependent:
                // Allowed by PostgreSQL because a primary key among the keys determines it.
                return Column(_alias, KeyName(grouping.AddDependent(dependent)));
            default:
                return base.VisitNode(node);
        }
    }

    private ColumnReference ValueOf(FunctionCall call)
    {
        var known = _calls.IndexOf(call);
        if (known < 0)
        {
            _calls.Add(call);
            known = _calls.Count - 1;
        }

        return Column(_alias, CallName(known));
    }

    private Aggregate Make(Operator input, IEnumerable<(SqlIdentifier Name, SqlExpression Expression)> keys, IReadOnlyList<FunctionCall> calls)
    {
        var columns = input.Columns.ToDictionary(static c => c.Reference);
        ExpressionType TypeOf(SqlExpression e) => ExpressionType.Of(e, columns.GetValueOrDefault);
        return new Aggregate(
            _alias,
            input,
            keys.Select(k => new ComputedColumn(k.Name, k.Expression, TypeOf(k.Expression).Type, TypeOf(k.Expression).NotNull)).ToSyntaxList(),
            calls.Select((c, i) => new AggregateColumn(CallName(i), c, AggregateTypes.ResultOf(c, e => TypeOf(e).Type))).ToSyntaxList());
    }

    /// <summary>GROUPING(...) is a number for each set: a bit for each argument, set if the set does not group by it.</summary>
    private SqlExpression Bits(GroupingFunction function)
    {
        var places = function.Arguments.Select(a => grouping.IndexOf(a)).ToList();
        int Of(int set) => places.Aggregate(0, (bits, place) => (bits << 1) | (place >= 0 && grouping.Has(set, place) ? 0 : 1));
        if (grouping.Sets.Count == 1)
        {
            return Integer(Of(0));
        }

        var branches = grouping.Sets.Select((_, set) => new CaseBranch(Eq(Column(_alias, SetNumber), Integer(set)), Integer(Of(set))));
        return new CaseExpression(null, branches.ToSyntaxList(), null);
    }

    private static SqlIdentifier KeyName(int index) => new(string.Create(CultureInfo.InvariantCulture, $"k{index + 1}"));

    private static SqlIdentifier CallName(int index) => new(string.Create(CultureInfo.InvariantCulture, $"f{index + 1}"));
}
