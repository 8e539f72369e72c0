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
    private Func<Operator, Fragment?> _given = static _ => null;

    /// <summary>N of an operator over the tables as this transaction sees them.</summary>
    public static StateReader Present(NameSource names, PlanNames tables)
        => new(names, s => TableOf(s, tables, s.Alias), static e => e);

    /// <summary>The table that a scan reads.</summary>
    public static TableReference TableOf(Scan scan, PlanNames tables, SqlIdentifier alias)
        => Table(scan.Node is { } node ? tables.NodeTable(node) : scan.Relation.Name, alias) with { Only = scan.Relation.IsAlone };

    /// <summary>A reader that takes an operator's rows, with its columns as c1, c2 ..., from a query.</summary>
    public StateReader Replacing(Replacement replacement)
        => Given(o => ReferenceEquals(replacement.Source, o) ? Renamed(o, replacement.Rows) : null);

    /// <summary>A reader that takes the rows of some operators as they are given.</summary>
    public StateReader Given(Func<Operator, Fragment?> rows) => new(names, scan, clock) { _given = rows };

    public Fragment Read(Operator source)
    {
        if (_given(source) is { } given)
        {
            return given;
        }

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
            case Match match:
                return ReadMatch(match);
            case Dependent dependent:
                return DependOn(Filled(dependent.Outer, Read(dependent.Outer)), dependent, Read(dependent.Inner));
            case Generated generated:
                return Fragment.Of(generated.Item());
            case UnionAll union:
                var body = UnionAll(union.Members.Select(m => SelectColumns(m, Read(m))));
                return Fragment.Of(Derived(body.AsQuery(), union.Alias, union.Names));
            case IPartitioned partitioned:
                return ReadPartitioned(partitioned, source);
            case Repeat repeat:
                return ReadRepeat(repeat);
            case Recursion recursion:
                return Fragment.Of(Derived(Over(recursion), recursion.Alias, recursion.Names));
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

    private Fragment ReadMatch(Match match)
    {
        var outer = Read(match.Outer);
        var exists = outer.HasPartner(Read(match.Inner), clock(match.Predicate));
        return match.Kind switch
        {
            MatchKind.Semi => outer.Restricted(exists),
            MatchKind.Anti => outer.Restricted(Not(exists)),
            _ => outer with { Columns = outer.Columns.SetItem(match.Mark, exists) },
        };
    }

    /// <summary>Rows with what the inner side, read as it is given, yields for each of them.</summary>
    public Fragment DependOn(Fragment outer, Dependent dependent, Fragment inner)
    {
        var alias = names.Next("s");
        var rows = Derived(SelectColumns(dependent.Inner, inner).Substitute(outer.Columns).AsQuery(), alias) with { Lateral = true };
        var columns = outer.Columns.SetItems(Renaming(dependent.Inner, alias));
        var on = clock(dependent.Predicate).Substitute(columns);
        var from = dependent.Type == JoinType.Left ? Join(outer.From!, rows, on, JoinKind.Left) : on == True ? CrossJoin(outer.From!, rows) : Join(outer.From!, rows, on);
        return new Fragment(from, outer.Where, outer.Weight, columns);
    }

    /// <summary>A right side whose conditions may move into the join's.</summary>
    public Fragment Paddable(Operator source, Fragment fragment)
        => fragment.From is not null && fragment.Columns.Values.All(static v => v is ColumnReference) ? fragment : Seal(source, fragment);

    /// <summary>A left side that has a FROM.</summary>
    public Fragment Filled(Operator source, Fragment fragment) => fragment.From is null ? Seal(source, fragment) : fragment;

    private Fragment ReadPartitioned(IPartitioned source, Operator self)
    {
        var query = Evaluation.Of(source, Read(source.Input), Evaluation.NamesOf(self));
        return self switch
        {
            Aggregate aggregate => Fragment.Of(Derived(query, aggregate.Alias)),
            Window window => Fragment.Of(Derived(query, window.Alias)),
            _ => Renamed(self, query),
        };
    }

    private Fragment Renamed(Operator source, Query query)
    {
        var alias = names.Next("s");
        return Fragment.Of(Derived(query, alias)) with { Columns = Renaming(source, alias) };
    }

    /// <summary>The query over the tables as they are in this state.</summary>
    private Query Over(Recursion recursion)
    {
        var tables = recursion.Tables.Cast<Scan>().ToDictionary(static s => (s.Relation.Name, s.Relation.IsAlone));
        return recursion.Text.Rewrite(node => node is TableReference { Name.Schema: not null } table
            ? (TableReference)scan(tables[(table.Name, table.Only)]) with { Alias = table.Alias ?? new TableAlias(table.Name.Name) }
            : ClockExpressions.IsClock(node) ? clock((SqlExpression)node) : node);
    }

    private Fragment ReadRepeat(Repeat repeat)
    {
        var input = Filled(repeat.Input, Read(repeat.Input));
        return input with { From = CrossJoin(input.From!, Copies(names, clock(input.Resolve(repeat.Times)))) };
    }

    /// <summary>As many rows as a number says, to be joined with what the number is about.</summary>
    public static FunctionTable Copies(NameSource names, SqlExpression times)
        => Function(Call("generate_series", Consolidation.AsBigInteger(Integer(1)), Consolidation.AsBigInteger(times)), names.Next("copy_")) with { Lateral = true };

    /// <summary>An operator, and the query that its rows are taken from.</summary>
    internal sealed record Replacement(Operator Source, Query Rows);
}
