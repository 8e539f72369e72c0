using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Passes;

/// <summary>
/// Inner joins in an order that keeps their deltas small. Deltas are built up pair by pair, so PostgreSQL can't choose the order as it does for the query: of <c>FROM date, customer, sales</c>
/// the first pair would be a cross product, and a filter that few rows pass would come last if it is named last. What a disjunction says of one relation alone is a filter on that relation.
/// </summary>
internal sealed class OrderJoins : IPass
{
    public string Name => "order joins";

    public Operator Apply(Operator root) => Order(root, isPositional: false);

    /// <param name="source">The operator.</param>
    /// <param name="isPositional">Whether what is above knows columns by their places.</param>
    private static Operator Order(Operator source, bool isPositional)
    {
        if (source is Join { Type: JoinType.Inner } join && !isPositional)
        {
            var relations = new List<Operator>();
            var conjuncts = new List<SqlExpression>();
            Flatten(join, relations, conjuncts);
            var inputs = relations.Select(r => ImpliedFilters.Add(Order(r, isPositional: false), conjuncts)).ToList();
            var ordered = new JoinGraph(inputs, conjuncts).LeftDeep();
            return ordered.Equals(source) ? source : ordered;
        }

        var below = source.Inputs.Select(i => Order(i, source is UnionAll)).ToSyntaxList();
        return below.Zip(source.Inputs).All(static p => ReferenceEquals(p.First, p.Second)) ? source : source.WithInputs(below);
    }

    private static void Flatten(Operator source, List<Operator> relations, List<SqlExpression> conjuncts)
    {
        if (source is Join { Type: JoinType.Inner } join)
        {
            Flatten(join.Left, relations, conjuncts);
            Flatten(join.Right, relations, conjuncts);
            conjuncts.AddRange(join.Predicate.Conjuncts());
        }
        else
        {
            relations.Add(source);
        }
    }
}
