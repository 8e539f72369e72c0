using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>
/// D of an operator as a sum of fragments; none if nothing below it changed. The rules are those of docs/compilation.md; N is read from the tables, D from
/// the buffers, nothing else.
/// </summary>
internal sealed class Differentiator(DeltaContext context)
{
    private static readonly IReadOnlyList<Fragment> Nothing = [];

    /// <summary>D of an operator, with at least the required columns.</summary>
    public IReadOnlyList<Fragment> Delta(Operator source, IReadOnlySet<ColumnReference> required)
    {
        switch (source)
        {
            case Scan scan:
                return context.IsChanged(scan) ? [context.Changes(scan, required)] : Nothing;
            case Filter { Input: Scan scan } filter when !ClockExpressions.ReadsClock(filter.Predicate):
                return context.IsChanged(scan) ? [context.Changes(scan, [.. filter.Predicate.Conjuncts()], required)] : Nothing;
            case Constant:
                return Nothing;
            case Filter filter:
                return new ClockDelta(context, this).OfFilter(filter, required);
            case Project project:
                return new ClockDelta(context, this).OfProject(project, required);
            case Join { Type: JoinType.Inner } join:
                return OfInnerJoin(join, required);
            case Join join:
                return new OuterJoinDelta(context, this).Of(join, required);
            case Generated:
                return Nothing;
            case Match match:
                return new MatchDelta(context, this).Of(match, required);
            case Dependent dependent:
                return new DependentDelta(context, this).Of(dependent, required);
            case UnionAll union:
                return OfUnion(union);
            case IPartitioned partitioned:
                return new RecomputeDelta(context, this).Of(partitioned);
            case Recursion recursion:
                return recursion.Tables.Cast<Scan>().Any(context.IsChanged) || (context.ClockMoved && recursion.Clocks.Any()) ? [context.Present.Read(recursion), NaiveDelta.Old(context).Read(recursion).Negated()] : Nothing;
            case Repeat repeat:
                return [.. Delta(repeat.Input, Below(repeat.Times, required)).Select(f => f.Repeated(repeat.Times))];
            default:
                throw new CompileException(new CompileError(CompileErrorKind.Internal, source.GetType().Name, "", "it has no delta rule"));
        }
    }

    private IReadOnlyList<Fragment> OfInnerJoin(Join join, IReadOnlySet<ColumnReference> required)
    {
        var below = Below(join.Predicate, required);
        var left = Delta(join.Left, below);
        var right = Delta(join.Right, below);
        if (left.Count > 0 && right.Count > 0)
        {
            return InnerTerms(join, context.Materialise(join.Left, left, below), context.Materialise(join.Right, right, below), required);
        }

        return InnerTerms(join, Single(join.Left, left, below), Single(join.Right, right, below), required);
    }

    /// <summary>D(L x R) = D(L) x N(R) + N(L) x D(R) - D(L) x D(R); the terms of a side that did not change are left out.</summary>
    /// <param name="join">The join.</param>
    /// <param name="left">D(L), or null.</param>
    /// <param name="right">D(R), or null.</param>
    /// <param name="required">The columns that are needed above.</param>
    public IReadOnlyList<Fragment> InnerTerms(Join join, Fragment? left, Fragment? right, IReadOnlySet<ColumnReference> required)
    {
        var terms = new List<Fragment>();
        var single = new SingleRowDelta(context);
        var shared = new SharedPartners(context);
        Fragment Partners(Operator changed, Fragment delta, Operator others)
            => shared.Of(changed, delta, others, join.Predicate, required) ?? context.Present.Read(others);
        if (left is not null)
        {
            terms.AddRange(single.Of(join.Right, join.Left, join.Predicate, required) ?? [left.Joined(Partners(join.Left, left, join.Right), join.Predicate)]);
        }

        if (right is not null)
        {
            terms.AddRange(single.Of(join.Left, join.Right, join.Predicate, required) ?? [right.Joined(Partners(join.Right, right, join.Left), join.Predicate)]);
        }

        if (left is not null && right is not null)
        {
            terms.Add(left.Joined(right, join.Predicate).Negated());
        }

        return terms;
    }

    /// <summary>The columns that the inputs of an operator have to yield.</summary>
    public static HashSet<ColumnReference> Below(SqlExpression expression, IReadOnlySet<ColumnReference> required) => [.. required, .. expression.References()];

    /// <summary>The only term, or several as one, so that N of the other side is read once; null if there are none.</summary>
    public Fragment? Single(Operator source, IReadOnlyList<Fragment> delta, IReadOnlySet<ColumnReference> required)
        => delta.Count == 0 || (delta.Count == 1 && !context.MayCancel(source, required)) ? delta.SingleOrDefault() : context.Materialise(source, delta, required);

    /// <summary>
    /// D of the input of an operator at the root, to tell which partitions it touches. It takes all that the operator sees of a row, not the keys alone: a row that changed elsewhere would cancel out
    /// wherever a delta is added up.
    /// </summary>
    public IReadOnlyList<Fragment> OfInput(Operator input, IReadOnlySet<ColumnReference> used)
    {
        var delta = Delta(input, used);
        return delta.Count > 0 && context.MayCancel(input, used) ? [context.Consolidate(input, delta, used)] : delta;
    }

    private IReadOnlyList<Fragment> OfUnion(UnionAll union)
    {
        var members = union.Members.Select(m => (Member: m, Delta: Delta(m, m.ColumnSet()))).ToList();
        if (members.TrueForAll(static m => m.Delta.Count == 0))
        {
            return Nothing;
        }

        // PostgreSQL resolves the types of a union over all of its members: those without changes take part with no rows, where their types may matter.
        var typed = union.Names.Select((_, i) => union.Members.Select(m => m.Columns[i].Type)).All(static t => t.First() is { } first && t.All(first.Equals));
        var branches = members.SelectMany(m => m.Delta.Count > 0 ? m.Delta : typed ? [] : [context.Present.Read(m.Member).Restricted(False)], static (m, f) =>
            DeltaContext.SelectWeighted(f, m.Member.Columns.Select(static c => c.Reference)));
        var rows = Derived(UnionAll(branches).AsQuery(), union.Alias, [.. union.Names, Consolidation.Weight]);
        return [Fragment.Of(rows, Column(union.Alias, Consolidation.Weight))];
    }
}
