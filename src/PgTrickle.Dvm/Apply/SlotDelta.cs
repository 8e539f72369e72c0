using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Differentiation;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Apply;

/// <summary>
/// The arithmetic of a slot: what the delta says of a group, what follows for the new value, and when nothing follows. Partials of slot i stand in
/// columns p_i (and q_i: of extremes the value that left, of growing sums whether one left) of the delta, whose alias is d.
/// </summary>
internal static class SlotDelta
{
    private static readonly SqlIdentifier Delta = new("d");

    /// <summary>Whether rows that came and went within the interval would be mistaken for rows that are or were there.</summary>
    public static bool NeedsConsolidation(Slot slot) => slot.MayRescan;

    /// <summary>The partials of a slot over weighted rows.</summary>
    public static IEnumerable<SelectTarget> Partials(Slot slot, int index, SqlExpression weight, SqlExpression? argument, SqlExpression? filter)
    {
        SqlExpression Filtered(FunctionCall call, params SqlExpression[] conditions)
        {
            SqlExpression[] all = [.. filter is null ? [] : new[] { filter }, .. conditions];
            return all.Length == 0 ? call : call with { Filter = And(all) };
        }

        var partial = slot.Kind switch
        {
            SlotKind.Count when argument is null => Coalesce(Filtered(Sum(weight)), Integer(0)),
            SlotKind.Count => Coalesce(Filtered(Sum(weight), Equality.IsThere(argument!, slot.ArgumentType)), Integer(0)),
            SlotKind.ExactSum or SlotKind.GrowingSum => Filtered(Sum(Weighted(weight, argument!, slot.ArgumentType))),
            _ => Filtered(slot.Call with { Arguments = [new FunctionArgument(argument!)], Filter = null }, Greater(weight, Integer(0))),
        };
        var isBigInteger = slot.Kind is SlotKind.Count or SlotKind.ExactSum && slot.Type.Oid == TypeFacts.Int8;
        yield return (isBigInteger ? Consolidation.AsBigInteger(partial) : partial).As(Plus(index));
        if (slot.Kind == SlotKind.GrowingSum)
        {
            yield return Filtered(Call("bool_or", And(Less(weight, Integer(0)), IsNotNull(argument!)))).As(Minus(index));
        }
        else if (slot.MayRescan)
        {
            yield return Filtered(slot.Call with { Arguments = [new FunctionArgument(argument!)], Filter = null }, Less(weight, Integer(0))).As(Minus(index));
        }
    }

    /// <summary>
    /// A value as often as its row counts. Nearly all weights are 1 or -1, and a product of numerics takes longer than all else that is done for a row; a sign changes no scale.
    /// </summary>
    private static SqlExpression Weighted(SqlExpression weight, SqlExpression value, TypeInfo? type) => type?.BaseOid != TypeFacts.Numeric
        ? Multiply(weight, value)
        : new CaseExpression(weight, [new CaseBranch(Integer(1), value), new CaseBranch(Integer(-1), Negate(value))], Multiply(weight, value));

    /// <summary>The new value, given the stored one; if the group is read again, it doesn't matter what this yields.</summary>
    public static SqlExpression NewValue(Slot slot, int index, SqlExpression stored, Func<int, SqlExpression> newCount) => slot.Kind switch
    {
        SlotKind.Count => NewCount(index, stored),
        SlotKind.Minimum => new ConditionalFunction(ConditionalKind.Least, [stored, Column(Delta, Plus(index))]),
        SlotKind.Maximum => new ConditionalFunction(ConditionalKind.Greatest, [stored, Column(Delta, Plus(index))]),
        _ => Case(
            NotEq(newCount(slot.NonNull!.Value), Integer(0)),
            Scaled(slot, Add(Coalesce(stored, Integer(0)), Coalesce(Summand(slot, index), Integer(0))), newCount)),
    };

    /// <summary>A sum shows the widest scale of the values that are there now.</summary>
    private static SqlExpression Scaled(Slot slot, SqlExpression sum, Func<int, SqlExpression> newCount)
    {
        if (slot.Scales.IsEmpty)
        {
            return sum;
        }

        var narrowest = slot.Scales[^1].Scale;
        var branches = slot.Scales.Where(static s => s.Count is not null)
            .Select(s => new CaseBranch(Greater(newCount(s.Count!.Value), Integer(0)), Integer(s.Scale))).ToSyntaxList();
        SqlExpression scale = branches.IsEmpty ? Integer(narrowest) : new CaseExpression(null, branches, Integer(narrowest));
        return Call("round", Cast(sum, TypeName.Standard("numeric")), scale);
    }

    public static SqlExpression NewCount(int index, SqlExpression stored) => Add(Coalesce(stored, Integer(0)), Column(Delta, Plus(index)));

    /// <summary>
    /// When the stored value and the delta don't tell the new one. An extreme that left matters only if none as good came: all rows that stay are no better than what was stored.
    /// </summary>
    public static SqlExpression? NeedsRescan(Slot slot, int index, SqlExpression stored)
    {
        var plus = Column(Delta, Plus(index));
        var minus = Column(Delta, Minus(index));
        return slot.Kind switch
        {
            SlotKind.GrowingSum => minus,
            SlotKind.Minimum => And(Binary(minus, "<=", stored), Not(Coalesce(Binary(plus, "<=", stored), False))),
            SlotKind.Maximum => And(Binary(minus, ">=", stored), Not(Coalesce(Binary(plus, ">=", stored), False))),
            _ => null,
        };
    }

    /// <summary>
    /// NaN can't be subtracted again. It is rare enough in columns of a fixed scale to raise an error (division by zero, class 22), which the refresh
    /// answers by evaluating the whole query, instead of making every plan carry a rescan.
    /// </summary>
    private static SqlExpression Summand(Slot slot, int index)
    {
        var partial = Column(Delta, Plus(index));
        if (slot.Kind != SlotKind.ExactSum || slot.Type.BaseOid != TypeFacts.Numeric)
        {
            return partial;
        }

        var isNaN = Eq(partial, Cast(String("NaN"), TypeName.Standard("numeric")));
        return Multiply(partial, Binary(Integer(1), "/", Case(isNaN, Integer(0), Integer(1))));
    }

    private static SqlIdentifier Plus(int index) => new("p" + NameSource.ColumnName(index).Value[1..]);

    private static SqlIdentifier Minus(int index) => new("q" + NameSource.ColumnName(index).Value[1..]);
}
