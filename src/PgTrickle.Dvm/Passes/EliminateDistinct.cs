using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Passes;

/// <summary>
/// DISTINCT over rows with a key, and DISTINCT ON whose columns contain a key, change nothing: state is not needed. This is what makes
/// <c>SELECT DISTINCT ON (primary_key)</c> a plain filter.
/// </summary>
internal sealed class EliminateDistinct : IPass
{
    public string Name => "eliminate distinct";

    public Operator Apply(Operator root) => root.Rewrite(static o => o switch
    {
        Distinct distinct when HasKeyWithin(distinct.Input, distinct.ColumnSet()) => distinct.Input,
        DistinctOn distinct when HasKeyWithin(distinct.Input, [.. distinct.Keys.OfType<ColumnReference>()]) => distinct.Input,

        // A projection that only stood above the DISTINCT ON to drop sort columns merges with the one below.
        Project { Input: Project inner } outer => Merge(outer, inner),
        _ => o,
    });

    private static bool HasKeyWithin(Operator input, HashSet<ColumnReference> columns) => KeyInference.Keys(input).Any(k => k.IsSubsetOf(columns));

    private static Project Merge(Project outer, Project inner)
    {
        var values = inner.Columns.Zip(inner.Outputs).ToDictionary(static p => p.First.Reference, static p => p.Second.Expression);
        return outer with { Input = inner.Input, Outputs = outer.Outputs.Select(o => o with { Expression = o.Expression.Substitute(values) }).ToSyntaxList() };
    }
}
