using System.Globalization;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Binding;

/// <summary>
/// INTERSECT and EXCEPT as a grouping of the rows of both sides by all of their columns, NULLs being equal, that counts the rows of each side. Without ALL a row is there or it is
/// not; with ALL it is there as often as the counts say.
/// </summary>
internal static class SetOperationBinder
{
    private static readonly SqlIdentifier Side = new("side");
    private static readonly SqlIdentifier Left = new("l");
    private static readonly SqlIdentifier Right = new("r");

    /// <summary>The rows of both sides combined; they have the same number of columns.</summary>
    public static Project Bind(BindingContext context, SetOperationKind kind, bool all, Operator left, Operator right)
    {
        var names = left.Columns.Select(static (_, i) => Name("c", i)).ToList();
        var union = new UnionAll(context.NewName("u"), [.. names, Side], [Marked(context, left, names, 1), Marked(context, right, names, 2)]);
        var alias = context.NewName("a");
        var columns = union.Columns;
        FunctionCall Count(int side) => CountStar() with { Filter = Eq(Column(union.Alias, Side), Integer(side)) };
        var aggregate = new Aggregate(
            alias,
            union,
            columns.Take(names.Count).Select(static (c, i) => new ComputedColumn(Name("k", i), c.Reference, c.Type, c.NotNull)).ToSyntaxList(),
            [new AggregateColumn(Left, Count(1), WellKnownTypes.BigInteger), new AggregateColumn(Right, Count(2), WellKnownTypes.BigInteger)]);
        SqlExpression l = Column(alias, Left);
        SqlExpression r = Column(alias, Right);
        Operator combined = (kind, all) switch
        {
            (SetOperationKind.Intersect, false) => new Filter(aggregate, And(Greater(l, Integer(0)), Greater(r, Integer(0)))),
            (SetOperationKind.Intersect, true) => new Repeat(aggregate, new ConditionalFunction(ConditionalKind.Least, [l, r])),
            (SetOperationKind.Except, false) => new Filter(aggregate, And(Greater(l, Integer(0)), Eq(r, Integer(0)))),
            (SetOperationKind.Except, true) => new Repeat(aggregate, Subtract(l, r)),
            _ => throw context.Internal(kind.ToString(), "a union is not counted"),
        };
        var outputs = left.Columns.Zip(aggregate.Columns, static (c, k) => new ComputedColumn(c.Name, k.Reference, k.Type, k.NotNull));
        return new Project(context.NewName("p"), combined, outputs.ToSyntaxList());
    }

    private static Project Marked(BindingContext context, Operator source, List<SqlIdentifier> names, int side) => new(
        context.NewName("p"),
        source,
        [
            .. source.Columns.Zip(names, static (c, n) => new ComputedColumn(n, c.Reference, c.Type, c.NotNull)),
            new ComputedColumn(Side, Integer(side), WellKnownTypes.Integer, NotNull: true),
        ]);

    private static SqlIdentifier Name(string prefix, int index) => new(string.Create(CultureInfo.InvariantCulture, $"{prefix}{index + 1}"));
}
