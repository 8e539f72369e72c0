using PgTrickle.Dvm.Differentiation;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Apply;

/// <summary>
/// A root aggregate maintained by its state: partial counts and sums of the delta are added to what is stored. Groups whose state can't tell the new value
/// (an extreme left, a numeric of unknown scale left) are read again, and no others.
/// </summary>
/// <param name="Result">What is stored.</param>
/// <param name="Aggregate">The aggregate.</param>
/// <param name="Keys">The place at which each key is stored.</param>
/// <param name="State">The state.</param>
internal sealed record AggregateRule(StoredResult Result, Aggregate Aggregate, SyntaxList<int> Keys, AggregateState State) : RootRule(Result)
{
    private static readonly SqlIdentifier Touched = new("touched");
    private static readonly SqlIdentifier Group = new("g");
    private static readonly SqlIdentifier Rescanned = new("rescanned");
    private static readonly SqlIdentifier NeedsRescan = new("again");
    private static readonly SqlIdentifier Delta = new("d");

    public override bool Consolidates => true;

    private bool MayRescan => State.Slots.Any(static s => s.MayRescan);

    public override string Describe()
        => $"maintain groups by state ({string.Join(", ", State.Slots.Select(s => $"{s.Kind} in {Result.Columns[s.Place].Name}"))})";

    public override ChangeSet? Change(DeltaContext context, Differentiator differentiator, PlanNames names)
    {
        var partials = new DeltaPartials(Aggregate, State.Slots);
        if (partials.Groups(context, differentiator, numbered: MayRescan && !Keys.IsEmpty) is not { } groups)
        {
            return null;
        }

        var tables = new List<CommonTableExpression>(context.Tables) { Cte(Delta, groups.AsQuery()) };
        FromItem current;
        if (MayRescan)
        {
            tables.Add(Cte(Touched, Current(names).AsQuery(), materialized: true));
            tables.Add(Cte(Rescanned, Rescan(context).AsQuery()));
            current = Derived(Settled(names).AsQuery(), GroupChange.Alias);
        }
        else
        {
            current = Derived(Current(names).AsQuery(), GroupChange.Alias);
        }

        return new ChangeSet(tables, Changed(current, names), Keys.ToHashSet());
    }

    /// <summary>Each touched group with its stored row, and its new state as far as the delta tells.</summary>
    private SelectBody Current(PlanNames names)
    {
        var targets = new List<SelectTarget> { Target.Ctid.As(Target.Tid) };
        if (MayRescan)
        {
            targets.Add((Keys.IsEmpty ? Integer(1) : Column(Delta, Group)).As(Group));
            targets.Add(Coalesce(Or(State.Slots.Select((s, i) => SlotDelta.NeedsRescan(s, i, Stored(s))).OfType<SqlExpression>()), False).As(NeedsRescan));
        }

        targets.AddRange(Keys.Select((place, i) => KeyValue(place, i).As(KeyName(i))));
        targets.AddRange(State.Slots.Select((s, i) => SlotDelta.NewValue(s, i, Stored(s), NonNullDelta).As(SlotName(i))));
        targets.AddRange(Result.Columns.Select(static (c, i) => Target.Stored(c).As(GroupChange.StoredName(i))));
        var match = Target.IsRow(Result, place => Column(Delta, KeyName(Keys.ToList().IndexOf(place))));
        return Select(targets) with { From = [Join(Table(Delta), Table(names.Table, Target.Alias), match, JoinKind.Left)] };
    }

    private SqlExpression Stored(Slot slot) => Target.Stored(Result.Columns[slot.Place]);

    /// <summary>The new count of the values that a sum is over.</summary>
    private SqlExpression NonNullDelta(int slot) => SlotDelta.NewCount(slot, Stored(State.Slots[slot]));

    /// <summary>A group keeps the image of its key: 1.0 does not become 1.00 because a row says so.</summary>
    private SqlExpression KeyValue(int place, int key)
    {
        var value = Column(Delta, KeyName(key));
        return Result.Columns[place].Type.IsImageEqual ? value : Case(IsNotNull(Target.Ctid), Target.Stored(Result.Columns[place]), value);
    }

    /// <summary>The slots of the groups that have to be read again.</summary>
    private SelectBody Rescan(DeltaContext context)
    {
        var input = context.Present.Read(Aggregate.Input);
        var calls = State.Slots.Select(static (s, i) => (Call: (SqlExpression)s.Call, Name: SlotName(i))).ToList();
        if (Keys.IsEmpty)
        {
            var again = Scalar((Select(Column(NeedsRescan).As(NeedsRescan)) with { From = [Table(Touched)] }).AsQuery());
            return input.Restricted(again).Select([Integer(1).As(Group), .. calls.Select(c => input.Resolve(c.Call).As(c.Name))]);
        }

        return GroupRescan.Of(Aggregate, input, Touched, Group, KeyName, calls, Column(Touched, NeedsRescan));
    }

    /// <summary>State from the rescan where it was needed.</summary>
    private SelectBody Settled(PlanNames names)
    {
        SqlExpression Of(SqlIdentifier name) => Column(Touched, name);
        var slots = State.Slots.Select((s, i) =>
        {
            SqlExpression fresh = Column(Rescanned, SlotName(i));
            return Case(Of(NeedsRescan), s.Kind == SlotKind.Count ? Coalesce(fresh, Integer(0)) : fresh, Of(SlotName(i))).As(SlotName(i));
        });
        var kept = Keys.Select((_, i) => KeyName(i)).Concat(Result.Columns.Select(static (_, i) => GroupChange.StoredName(i))).Prepend(Target.Tid);
        return Select([.. kept.Select(n => Of(n).As(n)), .. slots]) with
        {
            From = [Join(Table(Touched), Table(Rescanned), Eq(Column(Rescanned, Group), Of(Group)), JoinKind.Left)],
        };
    }

    /// <summary>New column values; groups that are as they were drop out.</summary>
    private SelectBody Changed(FromItem current, PlanNames names)
    {
        SqlExpression Of(SqlIdentifier name) => Column(GroupChange.Alias, name);
        var values = State.Values.ToDictionary(static v => v.Key, v => v.Value.Rewrite(n => n is ColumnReference { Relation.Value: "slot" } c ? Of(c.Name) : n));
        foreach (var (key, i) in Aggregate.Keys.Select(static (k, i) => (k, i)))
        {
            values.Add(Column(Aggregate.Alias, key.Name), Of(KeyName(i)));
        }

        var slots = State.Slots.ToList();
        var outputs = Result.Source.Outputs.Select((o, i) => !Result.Columns[i].Visible && slots.FindIndex(s => s.Place == i) is var slot and >= 0
            ? Of(SlotName(slot))
            : o.Expression.Substitute(values)).ToList();
        var keep = State.RowCount is { } count && !Keys.IsEmpty ? Greater(Of(SlotName(count)), Integer(0)) : (SqlExpression)True;
        return GroupChange.Of(Result, current, outputs, keep, Keys, names);
    }

    internal static SqlIdentifier KeyName(int index) => new("k" + NameSource.ColumnName(index).Value[1..]);

    internal static SqlIdentifier SlotName(int index) => new("s" + NameSource.ColumnName(index).Value[1..]);

}
