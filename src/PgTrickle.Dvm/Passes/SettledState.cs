using System.Collections.Frozen;
using PgTrickle.Dvm.Binding;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Passes;

/// <summary>
/// Operators with state below the root are computed for touched partitions, before and after. That is right only if the same input always gives the very same rows, whatever
/// its order. Where ties, rounding or the choice among equal values could matter, they are settled by the images of the rows.
/// </summary>
internal static class SettledState
{
    private static readonly FrozenSet<string> OfAnyType = FrozenSet.Create(StringComparer.Ordinal, "count", "bool_and", "bool_or", "every", "bit_and", "bit_or", "bit_xor");

    private static readonly FrozenSet<string> OfExactType = FrozenSet.Create(StringComparer.Ordinal, "sum", "avg");

    private static readonly FrozenSet<string> Hypothetical = FrozenSet.Create(StringComparer.Ordinal, "rank", "dense_rank", "percent_rank", "cume_dist");

    /// <summary>The tree with all of its operators settled.</summary>
    /// <exception cref="CompileException">There is one that can't be.</exception>
    public static Operator Of(Operator tree) => tree.Rewrite(OfOne);

    /// <summary>Whether an operator, whatever is below it, can be settled.</summary>
    public static bool IsPossible(Operator source)
    {
        try
        {
            OfOne(source);
            return true;
        }
        catch (CompileException)
        {
            return false;
        }
    }

    private static Operator OfOne(Operator source) => source switch
    {
        Aggregate aggregate => OfAggregate(aggregate),
        Window window => SettledWindows.Of(window),
        DistinctOn distinct => OfDistinctOn(distinct),
        TopK top => OfTop(top),
        Recursion { Open: { } reason } => throw NotYet("WITH RECURSIVE below the top of the query", reason),
        _ => source,
    };

    /// <summary>Whether a call's value is the same in whatever order, and for whichever of equal values, it sees its rows.</summary>
    public static bool IsOrderless(FunctionCall call, ImageOrder order)
    {
        var name = call.Name.Schema is null ? call.Name.Name.Value : "";
        var argument = call.Arguments.Count == 1 ? call.Arguments[0].Value : null;
        return OfAnyType.Contains(name)
            || (OfExactType.Contains(name) && argument is not null && AggregateTypes.Sum(order.TypeOf(argument).Type) is not null && (!call.Distinct || order.IsImageEqual(argument)))
            || (name is "min" or "max" && argument is not null && order.IsImageEqual(argument));
    }

    public static CompileException NotYet(string construct, string reason)
        => new(new CompileError(CompileErrorKind.NotImplemented, construct, "", reason));

    private static DistinctOn OfDistinctOn(DistinctOn distinct)
    {
        var order = new ImageOrder(distinct.Input);
        return order.IsTotal(distinct.Keys.Concat(distinct.Order.Select(static o => o.Expression)))
            ? distinct
            : distinct with { Order = order.Settle(Leading(distinct), distinct.Input.Columns.Select(static c => c.Reference)) };
    }

    /// <summary>The order that was asked for, or as much of it as the keys are; all of the keys have to stand before anything else.</summary>
    private static SyntaxList<OrderItem> Leading(DistinctOn distinct)
        => distinct.Order.AddRange(distinct.Keys.Except(distinct.Order.Select(static o => o.Expression)).Select(static k => new OrderItem(k)));

    private static TopK OfTop(TopK top)
    {
        var order = new ImageOrder(top.Input);
        if (order.IsTotal(top.Order.Select(static o => o.Expression)) || (top.WithTies && top.Offset is null))
        {
            return top;
        }

        return top.WithTies
            ? throw NotYet("WITH TIES after OFFSET below the top of the query", "which of equal rows were left out before is not remembered")
            : top with { Order = order.Settle(top.Order, top.Input.Columns.Select(static c => c.Reference)) };
    }

    private static Operator OfAggregate(Aggregate aggregate)
    {
        var order = new ImageOrder(aggregate.Input);
        var calls = aggregate.Aggregates.Select(a => OfCall(a.Call, order) is var c && ReferenceEquals(c, a.Call) ? a : a with { Call = c }).ToSyntaxList();
        var settled = calls.Zip(aggregate.Aggregates).All(static p => ReferenceEquals(p.First, p.Second)) ? aggregate : aggregate with { Aggregates = calls };
        return settled.Keys.Any(IsOpen) ? SettledKeys.Of(settled) : settled;
    }

    /// <summary>Whether values of a key may be equal without being identical.</summary>
    public static bool IsOpen(ComputedColumn key) => key.Expression is not Literal && key.Type is not { IsImageEqual: true };

    private static FunctionCall OfCall(FunctionCall call, ImageOrder order)
    {
        if (IsOrderless(call, order))
        {
            return call;
        }

        if (!call.WithinGroup.IsEmpty)
        {
            return (call.Name.Schema is null && Hypothetical.Contains(call.Name.Name.Value)) || call.WithinGroup.All(o => order.IsImageEqual(o.Expression))
                ? call
                : throw NotYet($"{call.Name}() below the top of the query", "it may yield any of several equal values, and the former one is not remembered");
        }

        var arguments = call.Arguments.Select(static a => a.Value).ToList();
        if (call.Distinct)
        {
            return arguments.TrueForAll(a => a is Literal || order.IsImageEqual(a))
                ? call
                : throw NotYet($"{call.Name}(DISTINCT) below the top of the query", "which of several equal values it saw is not remembered");
        }

        return call with { OrderBy = order.Settle(call.OrderBy, arguments) };
    }
}
