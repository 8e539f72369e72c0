using System.Collections.Frozen;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Passes;

/// <summary>
/// Window functions below the root. Ranks and frames of peers see no order among ties; what counts rows does, and is given one, by the images of the rows, after the query's own.
/// </summary>
internal static class SettledWindows
{
    private static readonly FrozenSet<string> OfPeers = FrozenSet.Create(StringComparer.Ordinal, "rank", "dense_rank", "percent_rank", "cume_dist");

    private static readonly FrozenSet<string> OfPlaces = FrozenSet.Create(StringComparer.Ordinal, "row_number", "ntile", "lag", "lead");

    private static readonly FrozenSet<string> OfFrames = FrozenSet.Create(StringComparer.Ordinal, "first_value", "last_value", "nth_value");

    private static readonly FrameBound First = new(FrameBoundKind.UnboundedPreceding);

    private static readonly FrameBound Last = new(FrameBoundKind.UnboundedFollowing);

    /// <summary>The same window, with values that depend on nothing but the multiset of its input.</summary>
    /// <exception cref="CompileException">A call can't be settled.</exception>
    public static Window Of(Window window)
    {
        var order = new ImageOrder(window.Input);
        var keys = window.PartitionKeys.Select(static k => k.Expression).Where(order.IsImageEqual).ToHashSet();
        var images = window.OwnExpressions().SelectMany(static e => e.References()).Distinct().Where(c => !keys.Contains(c)).ToList();
        var calls = window.Calls.Select(c => Of(c, window, order, images)).ToSyntaxList();
        return calls.Zip(window.Calls).All(static p => ReferenceEquals(p.First, p.Second)) ? window : window with { Calls = calls };
    }

    private static WindowColumn Of(WindowColumn column, Window window, ImageOrder order, List<ColumnReference> images)
    {
        var specification = column.Window;
        var name = column.Call.Name.Schema is null ? column.Call.Name.Name.Value : "";
        if (OfPeers.Contains(name) || order.IsTotal(window.PartitionKeys.Select(static k => k.Expression).Concat(specification.OrderBy.Select(static o => o.Expression))))
        {
            return column;
        }

        WindowColumn Settled(WindowFrame? frame) => column with
        {
            Call = column.Call with { Over = specification with { OrderBy = order.Settle(specification.OrderBy, images), Frame = frame } },
        };
        if (OfPlaces.Contains(name))
        {
            // Frames mean nothing to these, and some would not allow a longer order.
            return Settled(null);
        }

        var frame = specification.Frame ?? new WindowFrame(FrameUnit.Range, First, null);
        var isWhole = frame.Start == First && (frame.End == Last || (specification.OrderBy.IsEmpty && frame.Unit != FrameUnit.Rows && frame.End is null or { Kind: FrameBoundKind.CurrentRow }));
        var isOrderless = !OfFrames.Contains(name) && SettledState.IsOrderless(column.Call, order);
        if (isOrderless && (frame.Unit != FrameUnit.Rows || isWhole))
        {
            return column;
        }

        if (frame.Exclusion is FrameExclusion.NoOthers or FrameExclusion.CurrentRow)
        {
            if (frame.Unit == FrameUnit.Rows)
            {
                return Settled(frame);
            }

            if (isWhole)
            {
                return Settled(new WindowFrame(FrameUnit.Rows, First, Last, frame.Exclusion));
            }

            if (name == "first_value" && frame.Start == First && frame.Exclusion == FrameExclusion.NoOthers)
            {
                return Settled(new WindowFrame(FrameUnit.Rows, First, null));
            }

            if (name == "last_value" && frame.End is null or { Kind: FrameBoundKind.CurrentRow } && frame.Exclusion == FrameExclusion.NoOthers)
            {
                return OfLastPeer(column, order, images);
            }
        }

        throw SettledState.NotYet(
            $"window function {column.Call.Name} below the top of the query", "its frame begins or ends among rows that the window's order leaves open, and the former order is not remembered");
    }

    /// <summary>A frame that ends with the peers of the row ends with the last of them: peers are a partition of their own.</summary>
    private static WindowColumn OfLastPeer(WindowColumn column, ImageOrder order, List<ColumnReference> images) => column with
    {
        Call = column.Call with
        {
            Over = column.Window with
            {
                PartitionBy = column.Window.PartitionBy.AddRange(column.Window.OrderBy.Select(static o => o.Expression).Where(static e => e is not Literal)),
                OrderBy = order.Settle([], images),
                Frame = new WindowFrame(FrameUnit.Rows, First, Last),
            },
        },
    };
}
