using System.Globalization;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Binding;

/// <summary>Replaces grouping expressions, aggregate calls and GROUPING(), from the top down, by columns of the aggregate.</summary>
internal sealed class AggregateExtraction(SqlIdentifier alias, FunctionCatalog functions, Grouping grouping) : SqlRewriter
{
    private static readonly SqlIdentifier SetNumber = new("set");

    private readonly List<FunctionCall> _calls = [];

    /// <summary>The aggregate over an input; several grouping sets are the groups of the input's rows, repeated for each set, by the number of the set.</summary>
    public Aggregate Build(BindingContext context, Operator input)
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
            case SqlExpression expression when grouping.IndexOf(expression) is var i and >= 0:
                return Column(alias, KeyName(i));
            case FunctionCall call when functions.IsAggregate(call):
                var known = _calls.IndexOf(call);
                if (known < 0)
                {
                    _calls.Add(call);
                    known = _calls.Count - 1;
                }

                return Column(alias, CallName(known));
            case GroupingFunction function:
                return Bits(function);
            case ColumnReference dependent:
                // Allowed by PostgreSQL because a primary key among the keys determines it.
                return Column(alias, KeyName(grouping.AddDependent(dependent)));
            default:
                return base.VisitNode(node);
        }
    }

    private Aggregate Make(Operator input, IEnumerable<(SqlIdentifier Name, SqlExpression Expression)> keys, IReadOnlyList<FunctionCall> calls)
    {
        var columns = input.Columns.ToDictionary(static c => c.Reference);
        ExpressionType TypeOf(SqlExpression e) => ExpressionType.Of(e, columns.GetValueOrDefault);
        return new Aggregate(
            alias,
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

        var branches = grouping.Sets.Select((_, set) => new CaseBranch(Eq(Column(alias, SetNumber), Integer(set)), Integer(Of(set))));
        return new CaseExpression(null, branches.ToSyntaxList(), null);
    }

    private static SqlIdentifier KeyName(int index) => new(string.Create(CultureInfo.InvariantCulture, $"k{index + 1}"));

    private static SqlIdentifier CallName(int index) => new(string.Create(CultureInfo.InvariantCulture, $"f{index + 1}"));
}
