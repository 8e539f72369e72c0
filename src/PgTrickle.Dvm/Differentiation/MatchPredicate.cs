using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>A condition between an outer and an inner side, taken apart.</summary>
/// <param name="Pairs">Equalities between the sides: an index or a hash finds partners by them.</param>
/// <param name="OuterOnly">Conditions on the outer side alone.</param>
/// <param name="Rest">All others.</param>
internal sealed record MatchPredicate(SyntaxList<EquiPair> Pairs, SyntaxList<SqlExpression> OuterOnly, SyntaxList<SqlExpression> Rest)
{
    public static MatchPredicate Of(IEnumerable<SqlExpression> conjuncts, IReadOnlySet<ColumnReference> outer, IReadOnlySet<ColumnReference> inner)
    {
        var pairs = new List<EquiPair>();
        var alone = new List<SqlExpression>();
        var rest = new List<SqlExpression>();
        foreach (var conjunct in conjuncts)
        {
            if (Correlation.Equality(conjunct, inner) is { } sides && sides.Outer.IsOver(outer))
            {
                pairs.Add(new EquiPair((BinaryExpression)conjunct, sides.Outer, sides.Inner));
            }
            else
            {
                (conjunct.References().Any() && conjunct.IsOver(outer) ? alone : rest).Add(conjunct);
            }
        }

        return new MatchPredicate(pairs.ToSyntaxList(), alone.ToSyntaxList(), rest.ToSyntaxList());
    }

    /// <summary>Whether an outer row's keys are those in columns c1, c2 ... of a relation, and the row may have partners at all.</summary>
    public SqlExpression Meets(Fragment outer, SqlIdentifier keys) => And(
    [
        .. Pairs.Select((p, i) => p.With(outer.Resolve(p.Outer), Column(keys, NameSource.ColumnName(i)))),
        .. OuterOnly.Select(outer.Resolve),
    ]);
}
