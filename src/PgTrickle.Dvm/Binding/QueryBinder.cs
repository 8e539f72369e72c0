using System.Globalization;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Binding;

/// <summary>
/// Turns a canonical query into operators: resolves names, inlines WITH queries and views. What it can't represent is an error that names the construct.
/// </summary>
internal sealed class QueryBinder
{
    private readonly BindingContext _context;
    private readonly FunctionCatalog _functions;
    private readonly ExpressionBinder _expressions;
    private readonly SelectBinder _selects;

    public QueryBinder(BindingContext context, FunctionCatalog functions)
    {
        _context = context;
        _functions = functions;
        _expressions = new ExpressionBinder(context, this, functions);
        _selects = new SelectBinder(context, functions, _expressions, new FromBinder(context, this, _expressions));
    }

    /// <summary>The query's operator; its columns bear the query's output names.</summary>
    public Operator Bind(Query query, CteScope ctes)
    {
        if (!query.Locking.IsEmpty)
        {
            throw _context.Unsupported("FOR UPDATE", "a stream table's query must not lock rows");
        }

        if (Slice.Of(query) is not { } slice)
        {
            return BindBody(query.Body, query.OrderBy, Extend(query, ctes));
        }

        if (query.OrderBy.IsEmpty)
        {
            throw _context.Unsupported(slice.Limit is null ? "OFFSET without ORDER BY" : "LIMIT without ORDER BY", "any rows would do; an ORDER BY says which");
        }

        var inner = Extend(query, ctes);
        var values = slice.Values.Distinct().ToList();
        return values.Exists(static v => v.DescendantsAndSelf().Any(static n => n is Query || Passes.ClockExpressions.IsClock(n)))
            ? BindComputed(query, slice, values, inner)
            : BindSliced(query, slice.Map(v => _expressions.Bind(v, Scope.Empty with { Outer = ctes.Around })), inner);
    }

    /// <summary>LIMIT (SELECT ...): what is computed is a row of its own, on whose columns the slice depends.</summary>
    private Project BindComputed(Query query, Slice slice, List<SqlExpression> values, CteScope ctes)
    {
        var names = values.Select(static (_, i) => new SqlIdentifier(string.Create(CultureInfo.InvariantCulture, $"slice_{i + 1}"))).ToList();
        var row = Bind(Select(values.Zip(names, static (v, n) => v.As(n))).AsQuery(), ctes);
        var computed = values.Zip(row.Columns).ToDictionary(static p => p.First, static p => (SqlExpression)p.Second.Reference);
        var source = BindSliced(query, slice.Map(v => computed[v]), ctes);
        var dependent = new Dependent(JoinType.Inner, row, source, True);
        return new Project(_context.NewName("p"), dependent, source.Columns.Select(static c => new ComputedColumn(c.Name, c.Reference, c.Type, c.NotNull)).ToSyntaxList());
    }

    private Operator BindSliced(Query query, Slice slice, CteScope ctes)
        => query.Body is SelectBody select ? _selects.Bind(select, query.OrderBy, slice, ctes) : BindSliced(BindBody(query.Body, [], ctes), query.OrderBy, slice);

    /// <summary>A slice of a set operation or of VALUES, which are sorted by the names or places of their columns alone.</summary>
    private Project BindSliced(Operator source, SyntaxList<OrderItem> order, Slice slice)
    {
        var columns = source.Columns;
        var project = new Project(_context.NewName("p"), source, columns.Select(static c => new ComputedColumn(c.Name, c.Reference, c.Type, c.NotNull)).ToSyntaxList());
        SqlExpression Key(SqlExpression expression) => SelectBinder.Ordinal(expression) is { } place ? project.Columns[place - 1].Reference
            : expression is ColumnReference { Relation: null } name && project.Columns.FirstOrDefault(c => c.Name == name.Name) is { } column ? column.Reference
            : throw _context.NotImplemented("ORDER BY of a set operation", "it is not by a column");
        var top = new TopK(project, order.Select(o => o with { Expression = Key(o.Expression) }).ToSyntaxList(), slice.Limit, slice.Offset, slice.WithTies);
        var outputs = project.Columns.Select(static c => new ComputedColumn(c.Name, c.Reference, c.Type, c.NotNull));
        return new Project(_context.NewName("p"), top, outputs.ToSyntaxList());
    }

    private CteScope Extend(Query around, CteScope ctes)
    {
        if (around.With is not { } with)
        {
            return ctes;
        }

        foreach (var table in with.Recursive ? Sorted(with.Tables) : [.. with.Tables])
        {
            var query = table.Statement as Query ?? throw _context.Unsupported("data-modifying WITH", "a stream table's query must not write");
            var recursive = with.Recursive && RecursionBinder.IsRecursive(table);
            ctes = ctes.With(new CteBinding(table.Name, table.Columns, query, ctes) { Recursive = recursive ? table : null, IsSearchRead = recursive && table.Search is not null && WayColumns.IsSearchRead(around, table) });
        }

        return ctes;
    }

    /// <summary>With RECURSIVE a WITH query may refer to later ones: those it needs go first.</summary>
    private List<CommonTableExpression> Sorted(SyntaxList<CommonTableExpression> tables)
    {
        var pending = tables.ToList();
        var sorted = new List<CommonTableExpression>();
        while (pending.Count > 0)
        {
            var next = pending.Find(t => !RecursionBinder.References(t.Statement).Any(n => n != t.Name && pending.Exists(p => p.Name == n)))
                ?? throw _context.NotImplemented("WITH RECURSIVE", "its queries refer to each other");
            pending.Remove(next);
            sorted.Add(next);
        }

        return sorted;
    }

    /// <summary>A WITH query where it is referred to.</summary>
    public Operator Bind(CteBinding cte)
    {
        if (cte.Recursive is null)
        {
            return cte.Self ?? Bind(cte.Query, cte.Outer);
        }

        if (cte.Query.Body is SetOperation { Kind: SetOperationKind.Union, All: false, Right: SelectBody { Distinct.On.IsEmpty: true } step } set)
        {
            // What UNION does in any case.
            var same = cte.Query with { Body = set with { Right = step with { Distinct = null } } };
            return Bind(cte with { Query = same, Recursive = cte.Recursive with { Statement = same } });
        }

        if (cte.Query is not { Body: SetOperation { Kind: SetOperationKind.Union } union, OrderBy.IsEmpty: true, Limit: null, Offset: null, With: null })
        {
            throw _context.NotImplemented("WITH RECURSIVE", "the recursive query is more than a union");
        }

        var start = BindBody(union.Left, [], cte.Outer);
        if (cte.Recursive is { Search: not null } or { Cycle: not null } && WayColumns.SpellOut(_context, cte, start) is var (plain, promised))
        {
            return promised(Bind(plain));
        }

        var recursion = new RecursionBinder(_context, _functions).Bind(cte, start);
        return LinearTerms.TakenApart(_context, cte, recursion, start, c => BindBody(union.Right, [], cte.Outer.With(c)));
    }

    private Operator BindBody(QueryBody body, SyntaxList<OrderItem> order, CteScope ctes) => body switch
    {
        SelectBody select => _selects.Bind(select, order, null, ctes),
        ValuesBody values when values.DescendantsAndSelf().Any(static n => n is Query or ColumnReference) => BindBody(AsSelects(values), [], ctes),
        ValuesBody values => BindValues(values),
        NestedQuery nested => Bind(nested.Query, ctes),
        SetOperation operation => BindSetOperation(operation, ctes),
        _ => throw _context.NotImplemented(body.GetType().Name, "it is evaluated as a whole"),
    };

    private Constant BindValues(ValuesBody values)
        => new(_context.NewName("values"), values, values.Rows[0].Values.Select(static (_, i) => ValuesName(i)).ToSyntaxList()) { Types = CommonType.Of(values) };

    /// <summary>VALUES that are not constant: each row is a SELECT.</summary>
    private static QueryBody AsSelects(ValuesBody values)
        => Sql.SqlFactory.UnionAll(values.Rows.Select(static r => Sql.SqlFactory.Select(r.Values.Select(static (v, i) => new SelectTarget(v, ValuesName(i))))));

    private static SqlIdentifier ValuesName(int place) => new(string.Create(CultureInfo.InvariantCulture, $"column{place + 1}"));

    private Operator BindSetOperation(SetOperation operation, CteScope ctes)
    {
        if (operation.Kind != SetOperationKind.Union)
        {
            var name = operation.Kind.ToString().ToUpperInvariant();
            return SetOperationBinder.Bind(
                _context,
                operation.Kind,
                operation.All,
                _context.Within($"the left side of {name}", () => BindBody(operation.Left, [], ctes)),
                _context.Within($"the right side of {name}", () => BindBody(operation.Right, [], ctes)));
        }

        // A chain of UNION ALL leans to the left and may be long: it is walked, not recursed into.
        var members = new List<QueryBody>();
        QueryBody left = operation;
        while (left is SetOperation { Kind: SetOperationKind.Union } union && union.All == operation.All)
        {
            members.Insert(0, union.Right);
            left = union.Left;
        }

        members.Insert(0, left);
        var inputs = members.Select((m, i) => _context.Within(
            string.Create(CultureInfo.InvariantCulture, $"branch {i + 1} of UNION"),
            () => BindBody(m, [], ctes))).ToSyntaxList();
        var all = new UnionAll(_context.NewName("u"), inputs[0].Columns.Select(static c => c.Name).ToSyntaxList(), inputs);
        return operation.All ? all : new Distinct(all);
    }
}
