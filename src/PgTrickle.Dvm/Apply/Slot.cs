using PgTrickle.Dvm.Catalog;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Apply;

/// <summary>What a piece of stored state is.</summary>
internal enum SlotKind
{
    /// <summary>The number of rows, or of values that are not NULL.</summary>
    Count,

    /// <summary>A sum that plus and minus keep exactly.</summary>
    ExactSum,

    /// <summary>A sum of numerics of any scale: it keeps the widest scale seen, so a value that leaves makes the group be read again.</summary>
    GrowingSum,

    /// <summary>The least value: one that leaves makes the group be read again.</summary>
    Minimum,

    /// <summary>The greatest value, likewise.</summary>
    Maximum,
}

/// <summary>A piece of state that a group stores: an output column that holds it anyway, or a hidden one.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Call">The aggregate call that yields it.</param>
/// <param name="Place">Its place among the stored columns.</param>
/// <param name="Type">Its type.</param>
/// <param name="Scales">Of a sum of numerics of several scales: these from the widest, each with the slot that counts its values; the narrowest has none.</param>
/// <param name="NonNull">Of a sum: the count of the values summed, which tells 0 from NULL; an index into the slots.</param>
internal sealed record Slot(SlotKind Kind, FunctionCall Call, int Place, TypeInfo Type, int? NonNull = null, SyntaxList<SlotScale> Scales = default)
{
    /// <summary>The type of the value aggregated, if it is known.</summary>
    public TypeInfo? ArgumentType { get; init; }

    /// <summary>The value aggregated; null for <c>count(*)</c>.</summary>
    public SqlExpression? Argument => Call.Arguments.IsEmpty ? null : Call.Arguments[0].Value;

    /// <summary>FILTER.</summary>
    public SqlExpression? Filter => Call.Filter;

    /// <summary>Whether there are changes after which only the group's rows tell the new value.</summary>
    public bool MayRescan => Kind is SlotKind.GrowingSum or SlotKind.Minimum or SlotKind.Maximum;
}

/// <summary>A scale that values of a sum may have, and the slot that counts them; null for the narrowest.</summary>
internal sealed record SlotScale(int Scale, int? Count);
