using PgTrickle.Dvm.Differentiation;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Apply;

/// <summary>
/// A root whose groups are read again when the delta touches them: aggregates that no state maintains, HAVING, DISTINCT ON. Groups that come out as they were are not
/// written.
/// </summary>
/// <param name="Result">What is stored.</param>
/// <param name="Root">An <see cref="Aggregate"/> or a <see cref="DistinctOn"/>.</param>
/// <param name="Having">HAVING, over the aggregate's columns.</param>
/// <param name="Keys">The place at which each key is stored.</param>
internal sealed record RescanRule(StoredResult Result, Operator Root, SqlExpression? Having, SyntaxList<int> Keys) : RootRule(Result)
{
    private static readonly SqlIdentifier Touched = new("touched");
    private static readonly SqlIdentifier Rescanned = new("rescanned");
    private static readonly SqlIdentifier Group = new("g");
    private static readonly SqlIdentifier Delta = new("d");

    public override bool Consolidates => true;

    private Operator Input => Root.Inputs[0];

    private HashSet<ColumnReference> Used => Root is Aggregate ? [.. Root.OwnExpressions().SelectMany(static e => e.References())] : Input.ColumnSet();

    private IReadOnlyList<ComputedColumn> KeyColumns => Root switch
    {
        Aggregate aggregate => [.. aggregate.Keys],
        DistinctOn distinct => distinct.Keys.Select(k =>
        {
            var column = Input.Columns.First(c => c.Reference == k);
            return new ComputedColumn(column.Name, k, column.Type, column.NotNull);
        }).ToList(),
        _ => throw new InvalidOperationException(Root.GetType().Name),
    };

    public override string Describe() => Root is Aggregate ? "read touched groups again" : "find the first row of touched keys again";

    public override ChangeSet? Change(DeltaContext context, Differentiator differentiator, PlanNames names)
    {
        var keys = KeyColumns;

        var delta = differentiator.OfInput(Input, Used);
        if (delta.Count == 0)
        {
            return null;
        }

        var tables = new List<CommonTableExpression>(context.Tables)
        {
            Cte(Touched, TouchedGroups(delta, keys, names).AsQuery(), materialized: true),
            Cte(Rescanned, Rescan(context, keys)),
        };
        var columns = Root.Columns.Select((c, i) => (c.Reference, Value: (SqlExpression)Column(GroupChange.Alias, NameSource.ColumnName(i))));
        var values = columns.ToDictionary(static c => c.Reference, static c => c.Value);
        var outputs = Result.Source.Outputs.Select(o => o.Expression.Substitute(values)).ToList();
        var found = IsNotNull(Column(GroupChange.Alias, Group));
        var keep = Having is null ? found : And(found, Coalesce(Having.Substitute(values), False));
        return new ChangeSet(tables, GroupChange.Of(Result, Current(keys), outputs, keep, Keys, names), Keys.ToHashSet());
    }

    /// <summary>The keys in the delta, numbered, with their stored row.</summary>
    private SelectBody TouchedGroups(IReadOnlyList<Fragment> delta, IReadOnlyList<ComputedColumn> keys, PlanNames names)
    {
        var number = Call("row_number") with { Over = new WindowSpecification() };
        SelectBody groups;
        if (keys.Count == 0)
        {
            groups = Select(Consolidation.AsBigInteger(Integer(1)).As(Group));
        }
        else
        {
            var rows = UnionAll(delta.Select(f => f.Select(keys.Select((k, i) => f.Resolve(k.Expression).As(AggregateRule.KeyName(i))))));
            var columns = keys.Select((_, i) => (SqlExpression)Column("r", AggregateRule.KeyName(i))).ToList();
            groups = Select([number.As(Group), .. columns.Select(static (c, i) => c.As(AggregateRule.KeyName(i)))]) with
            {
                From = [Derived(rows.AsQuery(), "r")],
                GroupBy = GroupBy(columns),
            };
        }

        var kept = keys.Select((_, i) => AggregateRule.KeyName(i)).Prepend(Group).Select(static n => Column(Delta, n).As(n));
        var match = Target.IsRow(Result, place => Column(Delta, AggregateRule.KeyName(Keys.ToList().IndexOf(place))));
        return Select([.. kept, .. GroupChange.StoredRow(Result)]) with
        {
            From = [Join(Derived(groups.AsQuery(), Delta), Table(names.Table, Target.Alias), match, JoinKind.Left)],
        };
    }

    /// <summary>The number of each group that exists, and the columns of the root by place.</summary>
    private Query Rescan(DeltaContext context, IReadOnlyList<ComputedColumn> keys)
    {
        var input = context.Present.Read(Input);
        if (Root is Aggregate aggregate)
        {
            var calls = aggregate.Aggregates.Select((a, i) => ((SqlExpression)a.Call, NameSource.ColumnName(keys.Count + i))).ToList();
            return keys.Count == 0
                ? input.Select([Consolidation.AsBigInteger(Integer(1)).As(Group), .. calls.Select(c => input.Resolve(c.Item1).As(c.Item2))]).AsQuery()
                : GroupRescan.Of(aggregate, input, Touched, Group, AggregateRule.KeyName, calls, null).AsQuery();
        }

        var distinct = (DistinctOn)Root;
        var match = keys.Select((k, i) => new KeyColumn(AggregateRule.KeyName(i), input.Resolve(k.Expression), k.Type, k.NotNull)).ToList();
        var all = UnionAll(KeyMatch.Restrict(input, Touched, Touched, match).Select(b => b.Select(
            Input.Columns.Select((c, i) => b.Resolve((SqlExpression)c.Reference).As(NameSource.ColumnName(i))).Prepend(Column(Touched, Group).As(Group)))));
        var rows = Fragment.Of(null) with { Columns = DeltaContext.Renaming(Input.Columns.Select(static c => c.Reference).ToList(), "r") };
        var group = Column("r", Group);
        var first = Select([group.As(Group), .. Input.Columns.Select(static (_, i) => Column("r", NameSource.ColumnName(i)).As(NameSource.ColumnName(i)))]) with
        {
            From = [Derived(all.AsQuery(), "r")],
            Distinct = new DistinctClause([group]),
        };
        return first.AsQuery() with { OrderBy = [OrderBy(group), .. distinct.Order.Select(rows.Resolve)] };
    }

    /// <summary>Each touched group with what was found; keys of an aggregate come from the delta, or stay as they are stored.</summary>
    private DerivedTable Current(IReadOnlyList<ComputedColumn> keys)
    {
        var fromKeys = Root is Aggregate ? keys.Count : 0;
        SqlExpression KeyValue(int key)
        {
            var value = Column(Touched, AggregateRule.KeyName(key));
            var place = Keys[key];
            return Result.Columns[place].Type.IsImageEqual
                ? value
                : Case(IsNotNull(Column(Touched, Target.Tid)), Column(Touched, GroupChange.StoredName(place)), value);
        }

        var values = Root.Columns.Select((_, i) => (i < fromKeys ? KeyValue(i) : Column(Rescanned, NameSource.ColumnName(i))).As(NameSource.ColumnName(i)));
        var stored = Result.Columns.Select(static (_, i) => GroupChange.StoredName(i)).Prepend(Target.Tid).Select(static n => Column(Touched, n).As(n));
        var body = Select([Column(Rescanned, Group).As(Group), .. stored, .. values]) with
        {
            From = [Join(Table(Touched), Table(Rescanned), Eq(Column(Rescanned, Group), Column(Touched, Group)), JoinKind.Left)],
        };
        return Derived(body.AsQuery(), GroupChange.Alias);
    }
}
