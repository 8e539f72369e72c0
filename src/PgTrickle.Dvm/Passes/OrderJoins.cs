using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Passes;

/// <summary>
/// Inner joins in an order in which each relation has a condition with those before it. The deltas of joins are built up pair by pair, in the order in which the query names
/// them; of <c>FROM date, customer, sales</c> the first pair would be a cross product, whatever PostgreSQL makes of the whole. Joins that are connected as they stand
/// are left as they are.
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
            if (HasCrossProduct(join) && Connected(relations, conjuncts) is { } ordered)
            {
                return ordered;
            }
        }

        var inputs = source.Inputs.Select(i => Order(i, source is UnionAll)).ToSyntaxList();
        return inputs.Zip(source.Inputs).All(static p => ReferenceEquals(p.First, p.Second)) ? source : source.WithInputs(inputs);
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

    private static bool HasCrossProduct(Operator source) => source is Join { Type: JoinType.Inner } join
        && (!join.Predicate.References().Any() || HasCrossProduct(join.Left) || HasCrossProduct(join.Right));

    /// <summary>The relation with the most conditions first, then always one with a condition on those that are there; null if that avoids no cross product.</summary>
    private static Operator? Connected(List<Operator> relations, List<SqlExpression> conjuncts)
    {
        var columns = relations.Select(static r => r.ColumnSet()).ToList();
        List<int> Used(SqlExpression conjunct) => [.. Enumerable.Range(0, relations.Count).Where(i => conjunct.References().Any(columns[i].Contains))];
        var conditions = conjuncts.Select(c => (Conjunct: c, Relations: Used(c))).ToList();
        var links = conditions.Where(static c => c.Relations.Count > 1).ToList();
        if (links.Count == 0)
        {
            return null;
        }

        var left = Enumerable.Range(0, relations.Count).ToList();
        var first = left.MaxBy(i => links.Count(c => c.Relations.Contains(i)));
        left.Remove(first);
        var there = new HashSet<int> { first };
        var result = Order(relations[first], isPositional: false);
        var open = conditions.Where(c => !c.Relations.TrueForAll(there.Contains) || c.Relations.Count == 0).ToList();
        var own = conditions.Where(c => c.Relations.Count == 1 && c.Relations[0] == first).Select(static c => c.Conjunct).ToList();
        if (own.Count > 0)
        {
            result = new Filter(result, And(own));
        }

        while (left.Count > 0)
        {
            var next = left.MaxBy(i => open.Count(c => c.Relations.Count > 1 && c.Relations.TrueForAll(r => r == i || there.Contains(r))));
            left.Remove(next);
            there.Add(next);
            var ready = open.Where(c => c.Relations.TrueForAll(there.Contains) && (c.Relations.Count > 0 || left.Count == 0)).ToList();
            open.RemoveAll(ready.Contains);
            result = new Join(JoinType.Inner, result, Order(relations[next], isPositional: false), And(ready.Select(static c => c.Conjunct)));
        }

        return result;
    }
}
