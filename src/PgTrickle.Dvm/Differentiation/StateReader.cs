using System.Collections.Immutable;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>
/// The value of an operator in one state of the sources: N(Q) over the tables themselves, O(Q) over reconstructed old ones (the naive delta).
/// </summary>
/// <param name="names">Names of the statement.</param>
/// <param name="scan">Where a table is read.</param>
/// <param name="clock">Gives expressions of the clock the value that they have in this state.</param>
internal sealed class StateReader(NameSource names, Func<Scan, FromItem> scan, Func<SqlExpression, SqlExpression> clock)
{
    /// <summary>N of an operator over the tables as this transaction sees them.</summary>
    public static StateReader Present(NameSource names)
        => new(names, static s => new TableReference(s.Relation.Name) { Alias = new TableAlias(s.Alias) }, static e => e);

    public Fragment Read(Operator source)
    {
        switch (source)
        {
            case Scan table:
                return Fragment.Of(scan(table));
            case Constant constant:
                return ReadConstant(constant);
            case Filter filter:
                return Read(filter.Input).Filtered(clock(filter.Predicate));
            case Project project:
                return Read(project.Input).Projected(project.Alias, project.Outputs.Select(o => (o.Name, clock(o.Expression))));
            case Join join:
                return ReadJoin(join);
            case UnionAll union:
                var body = UnionAll(union.Members.Select(m => SelectColumns(m, Read(m))));
                return Fragment.Of(Derived(body.AsQuery(), union.Alias, union.Names));
            case DistinctOn distinct:
                return ReadDistinctOn(distinct);
            case Aggregate aggregate:
                return ReadAggregate(aggregate);
            default:
                throw new CompileException(new CompileError(CompileErrorKind.Internal, source.GetType().Name, "", "it has no rule to be read by"));
        }
    }

    /// <summary>A SELECT of an operator's columns, in order.</summary>
    public static SelectBody SelectColumns(Operator source, Fragment fragment)
        => fragment.Select(source.Columns.Select((c, i) => fragment.Resolve((SqlExpression)c.Reference).As(NameSource.ColumnName(i))));

    /// <summary>Rows behind a subquery, so that outer joins may pad what they compute.</summary>
    public Fragment Seal(Operator source, Fragment fragment)
    {
        if (fragment is { From: not null, Where.IsEmpty: true, Weight: null } && fragment.Columns.Values.All(static v => v is ColumnReference))
        {
            return fragment;
        }

        var alias = names.Next("s");
        var body = SelectColumns(source, fragment);
        return Fragment.Of(Derived(body.AsQuery(), alias)) with { Columns = Renaming(source, alias) };
    }

    /// <summary>A mapping of an operator's columns to c1, c2 ... of a relation.</summary>
    public static ImmutableDictionary<ColumnReference, SqlExpression> Renaming(Operator source, SqlIdentifier alias)
        => source.Columns.Select((c, i) => KeyValuePair.Create(c.Reference, (SqlExpression)Column(alias, NameSource.ColumnName(i)))).ToImmutableDictionary();

    private Fragment ReadConstant(Constant constant)
        => constant.Body is null ? Fragment.Of(null) : Fragment.Of(Derived(constant.Body.AsQuery(), constant.Alias, constant.Names));

    private Fragment ReadJoin(Join join)
    {
        var left = Read(join.Left);
        var right = Read(join.Right);
        switch (join.Type)
        {
            case JoinType.Inner:
                return left.Joined(right, clock(join.Predicate));
            case JoinType.Left:
                return Filled(join.Left, left).LeftJoined(Paddable(join.Right, right), clock(join.Predicate));
            default:
                var l = Seal(join.Left, left);
                var r = Seal(join.Right, right);
                var columns = l.Columns.SetItems(r.Columns);
                return new Fragment(Join(l.From!, r.From!, clock(join.Predicate).Substitute(columns), JoinKind.Full), [], null, columns);
        }
    }

    /// <summary>A right side whose conditions may move into the join's.</summary>
    public Fragment Paddable(Operator source, Fragment fragment)
        => fragment.From is not null && fragment.Columns.Values.All(static v => v is ColumnReference) ? fragment : Seal(source, fragment);

    /// <summary>A left side that has a FROM.</summary>
    public Fragment Filled(Operator source, Fragment fragment) => fragment.From is null ? Seal(source, fragment) : fragment;

    private Fragment ReadDistinctOn(DistinctOn distinct)
    {
        var input = Read(distinct.Input);
        var alias = names.Next("s");
        var body = SelectColumns(distinct.Input, input) with { Distinct = new DistinctClause(distinct.Keys.Select(input.Resolve).ToSyntaxList()) };
        var query = body.AsQuery() with { OrderBy = distinct.Order.Select(input.Resolve).ToSyntaxList() };
        return Fragment.Of(Derived(query, alias)) with { Columns = Renaming(distinct, alias) };
    }

    private Fragment ReadAggregate(Aggregate aggregate)
    {
        var input = Read(aggregate.Input);
        var targets = aggregate.Keys.Select(k => input.Resolve(k.Expression).As(k.Name))
            .Concat(aggregate.Aggregates.Select(a => input.Resolve((SqlExpression)a.Call).As(a.Name)));
        var body = input.Select(targets) with { GroupBy = Grouping(aggregate.Keys.Select(k => input.Resolve(k.Expression))) };
        return Fragment.Of(Derived(body.AsQuery(), aggregate.Alias));
    }

    /// <summary>GROUP BY of expressions; constants among them would be read as places in the select list, and group nothing.</summary>
    public static GroupByClause? Grouping(IEnumerable<SqlExpression> keys)
    {
        var all = keys.ToList();
        var varying = all.Where(static k => k is not Literal).ToList();

        // Keys that are all constant still mean "no row over nothing".
        return all.Count == 0 ? null
            : varying.Count > 0 ? GroupBy(varying)
            : new GroupByClause([new GroupingExpressions([Cast(Null, TypeName.Standard("integer"))])]);
    }
}
