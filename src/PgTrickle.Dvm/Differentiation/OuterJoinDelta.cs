using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>
/// An outer join is the inner join plus, padded with NULLs, the rows without partner, which are an anti join's.
/// </summary>
internal sealed class OuterJoinDelta(DeltaContext context, Differentiator differentiator)
{
    private static readonly SqlIdentifier Partners = new("m");

    public IReadOnlyList<Fragment> Of(Join join, IReadOnlySet<ColumnReference> required)
    {
        var below = Differentiator.Below(join.Predicate, required);
        below.UnionWith(PartnerKey.UsedBy(join));
        var left = differentiator.Delta(join.Left, below);
        var right = differentiator.Delta(join.Right, below);
        if (join.Type == JoinType.Left && right.Count == 0)
        {
            // The partners are what they were: left joining the changes is all.
            return differentiator.Single(join.Left, left, below) is { } single
                ? [single.LeftJoined(context.Present.Paddable(join.Right, context.Present.Read(join.Right)), join.Predicate)]
                : [];
        }

        var l = left.Count == 0 ? null : context.Materialise(join.Left, left, below);
        var r = right.Count == 0 ? null : context.Materialise(join.Right, right, below);
        if (l is null && r is null)
        {
            return [];
        }

        var terms = new List<Fragment>(differentiator.InnerTerms(join, l, r, required));
        terms.AddRange(WithoutPartner(new Side(join.Left, l), new Side(join.Right, r), join.Predicate, below));
        if (join.Type == JoinType.Full)
        {
            terms.AddRange(WithoutPartner(new Side(join.Right, r), new Side(join.Left, l), join.Predicate, below));
        }

        return terms;
    }

    private IEnumerable<Fragment> WithoutPartner(Side outer, Side inner, SqlExpression predicate, IReadOnlySet<ColumnReference> below)
    {
        var anti = new Match(MatchKind.Anti, Partners, outer.Source, inner.Source, predicate);
        var terms = inner.Delta is { } partners ? new MatchDelta(context, differentiator).Of(anti, outer.Delta, partners, below)
            : outer.Delta is { } changed ? [changed.Restricted(Not(changed.HasPartner(context.Present.Read(inner.Source), predicate)))]
            : [];
        return terms.Select(t => Padded(t, inner));
    }

    /// <summary>NULLs of the right types come from a join that never matches.</summary>
    private Fragment Padded(Fragment rows, Side inner)
        => rows.LeftJoined(context.Present.Paddable(inner.Source, context.Present.Read(inner.Source)), False);

    /// <summary>An input of the join and its delta, if it changed.</summary>
    private sealed record Side(Operator Source, Fragment? Delta);
}
