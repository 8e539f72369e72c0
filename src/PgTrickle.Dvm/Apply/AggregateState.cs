using System.Globalization;
using PgTrickle.Dvm.Binding;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Apply;

/// <summary>
/// The state by which the groups of a root aggregate are maintained: which counts, sums and extremes, and where each is stored. What the query yields anyway is
/// not stored twice. Null when an aggregate can't be maintained by state, so that touched groups are read again.
/// </summary>
internal sealed class AggregateState
{
    private readonly Dictionary<ColumnReference, BoundColumn> _input;
    private readonly Aggregate _aggregate;
    private readonly SyntaxList<ComputedColumn> _outputs;
    private readonly List<Slot> _slots = [];
    private readonly List<HiddenState> _hidden = [];
    private readonly Dictionary<ColumnReference, SqlExpression> _values = [];

    private AggregateState(Aggregate aggregate, SyntaxList<ComputedColumn> outputs)
    {
        _aggregate = aggregate;
        _outputs = outputs;
        _input = aggregate.Input.Columns.ToDictionary(static c => c.Reference);
    }

    public IReadOnlyList<Slot> Slots => _slots;

    /// <summary>Columns to add to the visible ones, in order.</summary>
    public IReadOnlyList<HiddenState> Hidden => _hidden;

    /// <summary>The slot that counts the group's rows; null if there is one row, and nothing needs to know how many it stands for.</summary>
    public int? RowCount { get; private set; }

    /// <summary>Each aggregate's value, over references to slots made by <see cref="SlotReference"/>.</summary>
    public IReadOnlyDictionary<ColumnReference, SqlExpression> Values => _values;

    /// <summary>The state of an aggregate whose results are these visible columns, or null.</summary>
    public static AggregateState? Of(Aggregate aggregate, SyntaxList<ComputedColumn> outputs)
    {
        var state = new AggregateState(aggregate, outputs);
        if (!aggregate.Keys.IsEmpty)
        {
            state.RowCount = state.CountRows();
        }

        return aggregate.Aggregates.All(state.Add) ? state : null;
    }

    /// <summary>Whether an operator is a grouping whose stored groups and changes tell the new ones. Of keys that may be equal without being identical they don't.</summary>
    public static bool IsAddedUp(Operator source) => source is Aggregate aggregate && !aggregate.Keys.Any(SettledState.IsOpen) && Of(aggregate, []) is not null;

    /// <summary>Stands for a slot's new value until the statement is built.</summary>
    public static ColumnReference SlotReference(int index) => Column("slot", new SqlIdentifier(string.Create(CultureInfo.InvariantCulture, $"s{index + 1}")));

    private bool Add(AggregateColumn column)
    {
        var call = column.Call;
        if (call.Name.Schema is not null || call.Distinct || !call.OrderBy.IsEmpty || !call.WithinGroup.IsEmpty || call.Arguments.Any(static a => a.Variadic))
        {
            return false;
        }

        var type = call.Arguments.Count == 1 ? TypeOf(call.Arguments[0].Value) : ExpressionType.Unknown;
        SqlExpression? value = call.Name.Name.Value switch
        {
            "count" => SlotReference(Counting(call)),
            "sum" => AddSum(call, type) is { } sum ? SlotReference(sum) : null,
            "avg" => AddAverage(call, type),
            "min" => AddExtreme(SlotKind.Minimum, call, type.Type),
            "max" => AddExtreme(SlotKind.Maximum, call, type.Type),
            _ => null,
        };
        if (value is null)
        {
            return false;
        }

        _values.Add(Column(_aggregate.Alias, column.Name), value);
        return true;
    }

    private ExpressionType TypeOf(SqlExpression expression) => ExpressionType.Of(expression, _input.GetValueOrDefault);

    private int CountRows() => RowCount ??= Find(SlotKind.Count, CountStar(), WellKnownTypes.BigInteger, "__pgt_count");

    /// <summary>count(x) of an x that is never NULL counts rows.</summary>
    private int Counting(FunctionCall call)
    {
        var rows = call.Filter is null && (call.Star || TypeOf(call.Arguments[0].Value).NotNull);
        return rows ? CountRows() : Find(SlotKind.Count, call with { Name = "count" }, WellKnownTypes.BigInteger, "__pgt_count_");
    }

    private int? AddSum(FunctionCall call, ExpressionType argument)
    {
        if (AggregateTypes.Sum(argument.Type) is not { } type)
        {
            return null;
        }

        var nonNull = Counting(call with { Name = "count" });
        var sum = call with { Name = "sum" };
        if (type != WellKnownTypes.Numeric)
        {
            return Find(SlotKind.ExactSum, sum, type, "__pgt_sum_", nonNull);
        }

        var value = call.Arguments[0].Value;
        if (NumericScales.Of(value, _input.GetValueOrDefault) is not { } scales)
        {
            return Find(SlotKind.GrowingSum, sum, type, "__pgt_sum_", nonNull);
        }

        var counted = scales.Select((scale, i) => new SlotScale(scale, i == scales.Count - 1 ? null : CountOfScale(call, value, scale))).ToSyntaxList();
        return Find(SlotKind.ExactSum, sum, type, "__pgt_sum_", nonNull, counted);
    }

    private int CountOfScale(FunctionCall call, SqlExpression value, int scale)
    {
        var isOf = Eq(Call("scale", value), Integer(scale));
        return Find(SlotKind.Count, CountStar() with { Filter = call.Filter is { } filter ? And(filter, isOf) : isOf }, WellKnownTypes.BigInteger, "__pgt_count_");
    }

    /// <summary>avg() of integers and numerics divides their sum as numeric by their count.</summary>
    private CaseExpression? AddAverage(FunctionCall call, ExpressionType argument)
    {
        if (AddSum(call, argument) is not { } sum)
        {
            return null;
        }

        var count = SlotReference(_slots[sum].NonNull!.Value);
        return Case(NotEq(count, Integer(0)), Binary(Cast(SlotReference(sum), TypeName.Standard("numeric")), "/", Cast(count, TypeName.Standard("numeric"))));
    }

    private ColumnReference? AddExtreme(SlotKind kind, FunctionCall call, TypeInfo? type)
        => type is { IsOrdered: true } ? SlotReference(Find(kind, call, type, kind == SlotKind.Minimum ? "__pgt_min_" : "__pgt_max_")) : null;

    private int Find(SlotKind kind, FunctionCall call, TypeInfo type, string hiddenName, int? nonNull = null, SyntaxList<SlotScale> scales = default)
    {
        var known = _slots.FindIndex(s => s.Kind == kind && s.Call == call);
        if (known >= 0)
        {
            return known;
        }

        var place = VisiblePlace(call);
        if (place < 0)
        {
            place = _outputs.Count + _hidden.Count;
            var number = hiddenName.EndsWith('_') ? string.Create(CultureInfo.InvariantCulture, $"{hiddenName}{_hidden.Count + 1}") : hiddenName;
            _hidden.Add(new HiddenState(number, call, type));
        }

        _slots.Add(new Slot(kind, call, place, type, nonNull, scales) { ArgumentType = call.Arguments.IsEmpty ? null : TypeOf(call.Arguments[0].Value).Type });
        return _slots.Count - 1;
    }

    /// <summary>The visible column that is just this call; of <c>count(*)</c> also the count of something that is never NULL.</summary>
    private int VisiblePlace(FunctionCall call)
    {
        bool Yields(FunctionCall other) => other == call
            || (call.Star && call.Filter is null && other is { Name: { Schema: null, Name.Value: "count" }, Distinct: false, Filter: null, Arguments.Count: 1 }
                && TypeOf(other.Arguments[0].Value).NotNull);
        var columns = _aggregate.Aggregates.Where(a => Yields(a.Call)).Select(a => (SqlExpression)Column(_aggregate.Alias, a.Name)).ToHashSet();
        for (var i = 0; i < _outputs.Count; i++)
        {
            if (columns.Contains(_outputs[i].Expression))
            {
                return i;
            }
        }

        return -1;
    }
}

/// <summary>A hidden column of state.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Call">The call that fills it.</param>
/// <param name="Type">Its type.</param>
internal sealed record HiddenState(SqlIdentifier Name, FunctionCall Call, TypeInfo Type);
