using System.Globalization;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Passes;

/// <summary>
/// Groups below the root by values that may be equal without being identical, such as 1.0 and 1.00: the value whose image is least stands for the group. PostgreSQL takes any.
/// </summary>
internal static class SettledKeys
{
    /// <summary>The same groups, each represented by values that depend on nothing but its rows.</summary>
    public static Operator Of(Aggregate aggregate)
        => aggregate.Keys.Where(SettledState.IsOpen).All(static k => k.Type is { IsArray: false }) ? ByAggregate(aggregate) : ByWindow(aggregate);

    private static Project ByAggregate(Aggregate aggregate)
    {
        var inner = new SqlIdentifier(aggregate.Alias.Value + "_");
        var order = new ImageOrder(aggregate.Input);
        var calls = aggregate.Aggregates.ToList();
        var outputs = aggregate.Keys.Select((key, i) =>
        {
            if (!SettledState.IsOpen(key))
            {
                return key with { Expression = Column(inner, key.Name) };
            }

            var images = Call("array_agg", key.Expression) with { OrderBy = order.Settle([], [key.Expression]) };
            calls.Add(new AggregateColumn($"{key.Name.Value}_image", images, null));
            return key with { Expression = new SubscriptExpression(Column(inner, calls[^1].Name), [new Subscript(false, null, Integer(1))]) };
        }).ToList();
        var values = aggregate.Aggregates.Select(a => new ComputedColumn(a.Name, Column(inner, a.Name), a.Type, a.NotNull));
        return new Project(aggregate.Alias, aggregate with { Alias = inner, Aggregates = calls.ToSyntaxList() }, [.. outputs, .. values]);
    }

    /// <summary>
    /// Where a key's type is unknown, or an array, of which array_agg() makes something else, each row first gets its group's value from a window.
    /// </summary>
    private static Aggregate ByWindow(Aggregate aggregate)
    {
        var alias = new SqlIdentifier(aggregate.Alias.Value + "_keys");
        var order = new ImageOrder(aggregate.Input);
        SqlIdentifier Name(string prefix, int i) => new(string.Create(CultureInfo.InvariantCulture, $"{prefix}{i + 1}"));
        var partition = aggregate.Keys.Where(static k => k.Expression is not Literal).ToSyntaxList();
        var frame = new WindowFrame(FrameUnit.Rows, new FrameBound(FrameBoundKind.UnboundedPreceding), null);
        var calls = aggregate.Keys.Select((key, i) => new WindowColumn(Name("f", i), Call("first_value", key.Expression) with
        {
            Over = new WindowSpecification
            {
                PartitionBy = partition.Select(static k => k.Expression).ToSyntaxList(),
                OrderBy = order.Settle([], [key.Expression]),
                Frame = frame,
            },
        }, key.Type)).ToList();
        var used = aggregate.Aggregates.SelectMany(static a => a.Call.References()).ToHashSet();
        var kept = aggregate.Input.Columns.Where(c => used.Contains(c.Reference)).Select((c, i) => new ComputedColumn(Name("c", i), c.Reference, c.Type, c.NotNull)).ToList();
        var values = kept.ToDictionary(static k => (ColumnReference)k.Expression, k => (SqlExpression)Column(alias, k.Name));
        var window = new Window(alias, aggregate.Input, kept.ToSyntaxList(), partition, calls.ToSyntaxList());
        return aggregate with
        {
            Input = window,
            Keys = aggregate.Keys.Select((k, i) => k.Expression is Literal ? k : k with { Expression = Column(alias, calls[i].Name) }).ToSyntaxList(),
            Aggregates = aggregate.Aggregates.Select(a => a with { Call = a.Call.Substitute(values) }).ToSyntaxList(),
        };
    }
}
