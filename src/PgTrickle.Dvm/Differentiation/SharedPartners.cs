using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>
/// D(X) x N(Y) where many rows of X have the same partner: items of one order, which change with it. The partners are looked up first, each once, however many joins make one of them. They
/// are taken for shared if X is told by the columns that Y is found by and others, as items are by their order and a number.
/// </summary>
internal sealed class SharedPartners(DeltaContext context)
{
    /// <summary>The rows of Y that changes of X have as partners, or null if there is no reason to look for them before.</summary>
    /// <param name="changed">X.</param>
    /// <param name="delta">D(X).</param>
    /// <param name="others">Y.</param>
    /// <param name="predicate">The join's condition.</param>
    /// <param name="required">The columns that are needed above.</param>
    public Fragment? Of(Operator changed, Fragment delta, Operator others, SqlExpression predicate, IReadOnlySet<ColumnReference> required)
    {
        if (delta.From is not TableReference { Name.Schema: null })
        {
            return null;
        }

        var pairs = MatchPredicate.Of(predicate.Conjuncts(), others.ColumnSet(), changed.ColumnSet()).Pairs;
        var known = pairs.Select(static p => p.Outer).OfType<ColumnReference>().ToHashSet();
        var asked = pairs.Select(static p => p.Inner).OfType<ColumnReference>().ToHashSet();
        if (!KeyInference.Keys(others).Any(k => k.Count > 0 && known.IsSupersetOf(k)) || !KeyInference.Keys(changed).Any(asked.IsProperSubsetOf))
        {
            return null;
        }

        var partners = context.Present.Read(others);
        var needed = Differentiator.Below(predicate, required);
        var kept = others.Columns.Where(c => needed.Contains(c.Reference)).ToList();
        var columns = kept.ConvertAll(static c => c.Reference);
        var name = context.Names.Next("shared_");
        var rows = partners.Restricted(partners.HasPartner(delta, And(pairs.Select(static p => p.Conjunct))));
        var body = rows.Select(columns.Select((c, i) => rows.Resolve((SqlExpression)c).As(NameSource.ColumnName(i))));
        context.Add(name, context.AtLeast(body, kept.Select(static c => c.Type), weighted: false, changed));
        var alias = context.Names.Next("d");
        return Fragment.Of(Table(name, alias)) with { Columns = DeltaContext.Renaming(columns, alias) };
    }
}
