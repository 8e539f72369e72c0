using System.Globalization;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Binding;

/// <summary>
/// SEARCH and CYCLE spelled out as columns of a plain recursion, as PostgreSQL does it, but of types that a table can have: the way to a row, an array of records, is kept as one array for each
/// column of these; a sequence of BREADTH FIRST as the depth. A projection above makes records of them.
/// </summary>
internal sealed class WayColumns
{
    private static readonly SqlIdentifier Term = new("__pgt_term");
    private static readonly SqlIdentifier Step = new("__pgt_way");
    private static readonly SqlIdentifier Depth = new("__pgt_depth");

    private readonly CteBinding _cte;
    private readonly CommonTableExpression _table;
    private readonly SyntaxList<SqlIdentifier> _names;
    private readonly List<SqlIdentifier> _kept;
    private readonly SearchClause? _search;

    private WayColumns(CteBinding cte, SyntaxList<SqlIdentifier> names)
    {
        _cte = cte;
        _table = cte.Recursive!;
        _names = names;
        _search = _table.Search is { } search && (cte.IsSearchRead || cte.Query.Body is SetOperation { All: false }) ? search : null;
        _kept = [.. (_table.Cycle?.Columns ?? []).Concat(_search is { BreadthFirst: false } ? _search.Columns : []).Distinct()];
    }

    /// <summary>The columns that the recursion has besides those of its query.</summary>
    private IEnumerable<SqlIdentifier> Added =>
    [
        .. _table.Cycle is { } cycle ? [cycle.MarkColumn] : Array.Empty<SqlIdentifier>(),
        .. _search is { BreadthFirst: true } ? [Depth] : Array.Empty<SqlIdentifier>(),
        .. _kept.Select(WayOf),
    ];

    /// <summary>
    /// Whether the column of SEARCH may be read outside of the table: by name, or as part of a row. PostgreSQL prints names for all columns of a relation of which the query names some.
    /// </summary>
    public static bool IsSearchRead(Query around, CommonTableExpression table)
    {
        var isSorted = around.Limit is not null || around.Offset is not null || around.Body is SelectBody { Distinct.On.IsEmpty: false };
        return around.With!.Tables.Where(t => !ReferenceEquals(t, table)).Cast<SqlNode>().Append(around.Body).Concat(isSorted ? around.OrderBy : [])
            .SelectMany(static n => n.DescendantsAndSelf()).Any(n => n switch
            {
                ColumnReference column => column.Name == table.Search?.SequenceColumn,
                JoinUsing merged => table.Search is { } search && merged.Columns.Contains(search.SequenceColumn),
                TableReference { Alias.Columns.IsEmpty: false } reference => reference.Name.Name == table.Name,
                WholeRowReference or AllColumns or FieldExpansion => true,
                _ => false,
            });
    }

    /// <summary>The recursion without the clauses, and what yields their columns of its rows.</summary>
    /// <param name="context">The query.</param>
    /// <param name="cte">The WITH query.</param>
    /// <param name="start">Its term without recursion, which decides names and types of the columns.</param>
    /// <returns>Null if the clauses have to stay: where a way can't be kept in arrays, or the step is not a plain SELECT from the recursive table.</returns>
    public static (CteBinding Recursion, Func<Operator, Project> Around)? SpellOut(BindingContext context, CteBinding cte, Operator start)
    {
        var table = cte.Recursive!;
        var names = table.Columns.IsEmpty ? start.Columns.Select(static c => c.Name).ToSyntaxList() : table.Columns;
        var ways = new WayColumns(cte, names);
        var types = names.Zip(start.Columns).ToDictionary(static p => p.First, static p => p.Second.Type);
        if (ways._kept.Exists(c => !IsElement(types[c])) || ways.Union() is not { } union)
        {
            return null;
        }

        var plain = Cte(cte.Name, union.AsQuery()) with { Columns = [.. names, .. ways.Added] };
        return (cte with { Columns = plain.Columns, Query = union.AsQuery(), Recursive = plain }, r => ways.Around(context, r));
    }

    /// <summary>Whether an array of such values is one from which they come back as they are, and which compares them as records do.</summary>
    private static bool IsElement(TypeInfo? type) => type is { IsKnown: true, IsArray: false, HasEquality: true, EqualityOperator: null, Kind: not ('c' or 'p') }
        && (type.Oid == type.BaseOid || TypeFacts.IsScalar(type.BaseOid) || TypeFacts.IsImageEqual(type.BaseOid, type.Modifier));

    private SqlIdentifier WayOf(SqlIdentifier column) => new(string.Create(CultureInfo.InvariantCulture, $"__pgt_way_{_names.ToList().IndexOf(column) + 1}"));

    private SqlExpression Own(SqlIdentifier name) => Column(Term, name);

    private SetOperation? Union()
    {
        var union = (SetOperation)_cte.Query.Body;
        if (union.Right is not SelectBody { Distinct: null, GroupBy: null, Having: null } step || step.From.Select(Reference).OfType<TableReference>().SingleOrDefault() is not { } self)
        {
            return null;
        }

        var hidden = new[] { _table.Search?.SequenceColumn, _table.Cycle?.PathColumn };
        if (step.DescendantsAndSelf().Any(n => n is ColumnReference column && hidden.Contains(column.Name)))
        {
            return null;
        }

        var alias = self.Alias?.Name ?? self.Name.Name;
        var reference = self with { Alias = self.Alias is null ? null : self.Alias with { Columns = self.Alias.Columns.Take(_names.Count).ToSyntaxList() } };
        var carrying = (SelectBody)step.Rewrite(n => ReferenceEquals(n, self) ? reference : n);
        carrying = carrying with { Targets = carrying.Targets.AddRange(Added.Select(n => Column(alias, n).As(n))) };
        return new SetOperation(
            First() with { From = [Derived(union.Left.AsQuery(), Term, _names)] },
            SetOperationKind.Union,
            union.All,
            Next() with { From = [Derived(carrying.AsQuery(), Term, [.. _names, .. Added])], Where = _table.Cycle is { } cycle ? NotEq(Own(cycle.MarkColumn), cycle.MarkValue ?? True) : null });
    }

    /// <summary>The reference to the recursive table, if it is among the items themselves; PostgreSQL knows of no more than one.</summary>
    private TableReference? Reference(FromItem item) => item switch
    {
        TableReference { Name.Schema: null } table when table.Name.Name == _cte.Name => table,
        JoinedTable { Alias: null } join => Reference(join.Left) ?? Reference(join.Right),
        _ => null,
    };

    private SelectBody First() => Select(
    [
        .. _names.Select(n => Own(n).As(n)),
        .. _table.Cycle is { } cycle ? [Mark(cycle, False).As(cycle.MarkColumn)] : Array.Empty<SelectTarget>(),
        .. _search is { BreadthFirst: true } ? [Cast(Integer(0), TypeName.Standard("bigint")).As(Depth)] : Array.Empty<SelectTarget>(),
        .. _kept.Select(c => new ArrayConstructor([Own(c)]).As(WayOf(c))),
    ]);

    private SelectBody Next() => Select(
    [
        .. _names.Select(n => Own(n).As(n)),
        .. _table.Cycle is { } cycle ? [Mark(cycle, IsOnWay(cycle)).As(cycle.MarkColumn)] : Array.Empty<SelectTarget>(),
        .. _search is { BreadthFirst: true } ? [Add(Own(Depth), Integer(1)).As(Depth)] : Array.Empty<SelectTarget>(),
        .. _kept.Select(c => Call("array_append", Own(WayOf(c)), Own(c)).As(WayOf(c))),
    ]);

    /// <summary>Whether the row is one of those that led to it: for records, NULL is equal to NULL.</summary>
    private SqlExpression IsOnWay(CycleClause cycle)
    {
        if (cycle.Columns is [var only])
        {
            return IsNotNull(Call("array_position", Own(WayOf(only)), Own(only)));
        }

        var rows = Select() with
        {
            From = [new FunctionTable([new TableFunction(Call("unnest", cycle.Columns.Select(c => Own(WayOf(c)))))]) { Alias = new TableAlias(Step, cycle.Columns.Select(WayOf).ToSyntaxList()) }],
            Where = And(cycle.Columns.Select(c => IsNotDistinctFrom(Column(Step, WayOf(c)), Own(c)))),
        };
        return Exists(rows.AsQuery());
    }

    private static SqlExpression Mark(CycleClause cycle, SqlExpression condition) => cycle.MarkValue is { } value ? Case(condition, value, cycle.MarkDefault) : condition;

    /// <summary>The columns that the clauses promise, of those that the recursion has. Their sub-selects read no tables and stay in the expressions.</summary>
    private Project Around(BindingContext context, Operator recursion)
    {
        var columns = recursion.Columns.ToDictionary(static c => c.Name);
        SqlExpression Value(SqlIdentifier name) => columns[name].Reference;
        SqlExpression Way(SyntaxList<SqlIdentifier> names)
            => new SubqueryExpression(SubqueryKind.Array, Records(names.Select(c => Call("unnest", Value(WayOf(c))).As(c))));
        var outputs = _names.Select(n => columns[n]).Select(static c => new ComputedColumn(c.Name, c.Reference, c.Type, c.NotNull)).ToList();
        if (_table.Search is { } search)
        {
            var value = _search is null ? Null
                : !search.BreadthFirst ? Way(search.Columns)
                : Scalar(Records([Value(Depth).As("*DEPTH*"), .. search.Columns.Select(c => Value(c).As(c))]));
            outputs.Add(new ComputedColumn(search.SequenceColumn, value, null, NotNull: false));
        }

        if (_table.Cycle is { } cycle)
        {
            var mark = columns[cycle.MarkColumn];
            outputs.Add(new ComputedColumn(mark.Name, mark.Reference, mark.Type, mark.NotNull));
            outputs.Add(new ComputedColumn(cycle.PathColumn, Way(cycle.Columns), null, NotNull: true));
        }

        return new Project(context.NewName("p"), recursion, outputs.ToSyntaxList());
    }

    /// <summary>Records whose fields have the names of the columns.</summary>
    private static Query Records(IEnumerable<SelectTarget> fields)
        => (Select(Cast(new WholeRowReference(Step), TypeName.Named("record")).As(Step)) with { From = [Derived(Select(fields).AsQuery(), Step)] }).AsQuery();
}
