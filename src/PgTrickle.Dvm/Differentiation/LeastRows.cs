using PgTrickle.Dvm.Catalog;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>
/// Conditions that depend on each other, such as the two columns of a key, make the planner expect one row where thousands come; joined with the next such WITH query, each row of one is then compared with each
/// of the other. A second branch, which is never executed, but counts as so many rows, makes it plan for some.
/// </summary>
internal static class LeastRows
{
    /// <summary>Enough to hash two such WITH queries, and few enough to look into tables by index.</summary>
    private const int Enough = 20;

    private static readonly SqlIdentifier Never = new("n");

    /// <summary>The same rows, of which the planner expects as many as changed, but no more than are enough to hash; as they are where a type is unknown.</summary>
    /// <param name="rows">The rows, with their weight in the last column or without.</param>
    /// <param name="types">The types of their columns.</param>
    /// <param name="weighted">Whether there is a weight.</param>
    /// <param name="settings">The settings that tell how many rows of each source changed; none if no source did.</param>
    public static QueryBody Of(QueryBody rows, IReadOnlyList<TypeInfo?> types, bool weighted, IReadOnlyList<string> settings)
    {
        if (settings.Count == 0 || types.Any(static t => t is not { IsKnown: true }))
        {
            return rows;
        }

        var changed = settings.Select(DeltaContext.NumberFrom).Aggregate(static (a, b) => Add(a, b));
        var least = new ConditionalFunction(ConditionalKind.Least, [Consolidation.AsBigInteger(Integer(Enough)), changed]);

        // Beside a NULL without a type, a domain would become the type that it is of.
        var nothing = types.Select(static t => Cast(Null, TypeName.Named(t!.Name))).Concat<SqlExpression>(weighted ? [Null] : []);
        return UnionAll(rows, Select(nothing.Select(static n => n.As(Never))) with
        {
            From = [Function(Call("generate_series", Consolidation.AsBigInteger(Integer(1)), least), Never)],

            // A subquery is not looked into before the statement runs, and then decides once whether the branch runs.
            Where = Scalar(Select(False.As(Never)).AsQuery()),
        });
    }
}
