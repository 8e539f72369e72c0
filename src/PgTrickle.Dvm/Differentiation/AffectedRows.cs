using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>
/// The outer rows whose inner side has to be looked at, numbered, as a WITH query: D(X) by its weight, for which the old inner side counts, and those rows x of N(X) that a change of the
/// inner side may concern, once with weight -1 for the old inner side and once with 1 for the new one.
/// </summary>
internal sealed class AffectedRows
{
    /// <summary>The number of a row.</summary>
    public static SqlIdentifier Number { get; } = new("g");

    /// <summary>The weight with the old inner side.</summary>
    public static SqlIdentifier Before { get; } = new("wo");

    /// <summary>The weight with the new inner side; 0 for rows of D(X).</summary>
    public static SqlIdentifier After { get; } = new("wn");

    /// <summary>The number that rows with the same keys have in common.</summary>
    private static readonly SqlIdentifier Group = new("k");

    private static readonly SqlIdentifier Rows = new("u");

    private readonly DeltaContext _context;
    private readonly IReadOnlyList<ColumnReference> _columns;

    private AffectedRows(DeltaContext context, IReadOnlyList<ColumnReference> columns, SqlIdentifier table)
    {
        _context = context;
        _columns = columns;
        Table = table;
    }

    /// <summary>Their different keys, numbered in the same way, without weights; the rows themselves if they were made without keys.</summary>
    public AffectedRows Keys { get; private set; } = null!;

    /// <summary>The column in which rows have the number of their <see cref="Keys"/>.</summary>
    public SqlIdentifier KeyNumber => ReferenceEquals(Keys, this) ? Number : Group;

    /// <summary>The WITH query.</summary>
    public SqlIdentifier Table { get; }

    /// <summary>Makes the WITH query.</summary>
    /// <param name="context">The statement.</param>
    /// <param name="outer">The outer side.</param>
    /// <param name="delta">Its changes, if there are any.</param>
    /// <param name="inner">The changes of the inner side; null if they may concern every row.</param>
    /// <param name="predicate">What the inner side's rows have to fulfil.</param>
    /// <param name="required">The columns that are needed of the outer side.</param>
    /// <param name="keys">The columns that alone decide about the inner side; none if others may.</param>
    public static AffectedRows Of(
        DeltaContext context, Operator outer, Fragment? delta, Fragment? inner, MatchPredicate predicate, IReadOnlySet<ColumnReference> required, params IReadOnlyList<ColumnReference> keys)
    {
        var columns = outer.Columns.Select(static c => c.Reference).Where(required.Contains).ToList();
        SelectBody Body(Fragment rows, SqlExpression before, int after) => rows.Select(
        [
            .. columns.Select((c, i) => rows.Resolve((SqlExpression)c).As(NameSource.ColumnName(i))),
            Consolidation.AsBigInteger(before).As(Before),
            Consolidation.AsBigInteger(Integer(after)).As(After),
        ]);
        var members = new List<SelectBody>();
        if (delta is not null)
        {
            members.Add(Body(delta, delta.Weight!, 0));
        }

        members.Add(Body(Touched(context, outer, inner, predicate), Integer(-1), 1));
        var table = context.Names.Next("affected_");
        var number = Call("row_number") with { Over = new WindowSpecification() };
        var group = Call("dense_rank") with { Over = new WindowSpecification { OrderBy = keys.Select(k => OrderBy(Column(Rows, NameSource.ColumnName(columns.IndexOf(k))))).ToSyntaxList() } };
        var names = columns.Select(static (_, i) => NameSource.ColumnName(i)).Append(Before).Append(After);
        var numbered = Select([number.As(Number), .. keys.Count == 0 ? [] : new[] { group.As(Group) }, .. names.Select(static n => Column(Rows, n).As(n))]) with
        {
            From = [Derived(UnionAll(members).AsQuery(), Rows)],
        };
        context.Add(table, numbered.AsQuery());
        var rows = new AffectedRows(context, columns, table);
        rows.Keys = keys.Count == 0 ? rows : rows.Different(keys);
        return rows;
    }

    private AffectedRows Different(IReadOnlyList<ColumnReference> keys)
    {
        var table = _context.Names.Next("keys_");
        var (rows, alias) = Reference();
        var different = rows.Select([Column(alias, Group).As(Number), .. keys.Select((k, i) => rows.Resolve((SqlExpression)k).As(NameSource.ColumnName(i)))]);
        _context.Add(table, (different with { Distinct = new DistinctClause() }).AsQuery());
        return new AffectedRows(_context, keys, table);
    }

    /// <summary>The rows, to be joined with others; without weight.</summary>
    public (Fragment Rows, SqlIdentifier Alias) Reference()
    {
        var alias = _context.Names.Next("x");
        return (Fragment.Of(new TableReference(Table) { Alias = new TableAlias(alias) }) with { Columns = DeltaContext.Renaming(_columns, alias) }, alias);
    }

    /// <summary>The rows of N(X) that a changed inner row may concern. The keys lead, so that an index on X finds them.</summary>
    private static Fragment Touched(DeltaContext context, Operator outer, Fragment? inner, MatchPredicate predicate)
    {
        var rows = context.Present.Filled(outer, context.Present.Read(outer));
        if (inner is null)
        {
            return rows;
        }

        if (predicate.Pairs.IsEmpty)
        {
            var all = And([.. predicate.OuterOnly, .. predicate.Rest]);
            return rows.Restricted(rows.HasPartner(inner, all));
        }

        var keys = context.Names.Next("k");
        var distinct = inner.Select(predicate.Pairs.Select((p, i) => inner.Resolve(p.Inner).As(NameSource.ColumnName(i)))) with { Distinct = new DistinctClause() };
        return rows with { From = Join(Derived(distinct.AsQuery(), keys), rows.From!, predicate.Meets(rows, keys)) };
    }
}
