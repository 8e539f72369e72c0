using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>The sources of trees and their columns that these refer to: what has to be captured.</summary>
internal static class PlanSources
{
    public static IReadOnlyList<PlanSource> Of(IEnumerable<Operator> roots)
    {
        var trees = roots.ToList();
        var all = trees.SelectMany(static t => t.DescendantsAndSelf()).ToList();
        var used = all.SelectMany(static o => o.OwnExpressions()).SelectMany(static e => e.References())
            .Concat(trees.SelectMany(Exposed))
            .Concat(all.SelectMany(PartnerKey.UsedBy))
            .ToHashSet();
        return all.OfType<Scan>().Where(static s => s.Node is null).GroupBy(static s => s.Relation.Captured).Select((scans, ordinal) =>
        {
            var relation = scans.First().Relation;
            var names = scans.SelectMany(s => used.Where(c => s.Alias.Equals(c.Relation))).Select(static c => c.Name).ToHashSet();
            return new PlanSource(ordinal, relation, relation.Columns.Where(c => names.Contains(c.Name)).ToSyntaxList());
        }).ToList();
    }

    /// <summary>Columns that are used without an expression: those of the result, and of the members of a union.</summary>
    private static IEnumerable<ColumnReference> Exposed(Operator root)
        => root.DescendantsAndSelf().SelectMany(static o => o switch
            {
                UnionAll union => union.Members,
                Dependent dependent => [dependent.Inner],
                _ => SyntaxList<Operator>.Empty,
            }).Prepend(root).SelectMany(static o => o.Columns)
            .Select(static c => c.Reference);
}
