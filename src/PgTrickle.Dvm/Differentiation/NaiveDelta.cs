using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>
/// The reference: D(Q) = Q over the present tables minus Q over their old states, each old state being the table minus its changes, by image. Right for any query
/// whatever, as slow as two evaluations; what the optimised rules are compared with.
/// </summary>
internal static class NaiveDelta
{
    private static readonly SqlIdentifier Rows = new("r");

    /// <summary>The two terms, with the columns as c1, c2 ... and the weight.</summary>
    public static IReadOnlyList<SelectBody> Of(DeltaContext context, Operator root)
    {
        var columns = root.Columns.Select(static c => c.Reference).ToList();
        return
        [
            DeltaContext.SelectWeighted(context.Present.Read(root), columns),
            DeltaContext.SelectWeighted(Old(context).Read(root).Negated(), columns),
        ];
    }

    /// <summary>Reads O: tables that changed are rebuilt as they were.</summary>
    public static StateReader Old(DeltaContext context) => new(
        context.Names, s => context.IsChanged(s) ? OldState(context, s) : context.TableOf(s, s.Alias), context.ClockMoved ? ClockExpressions.AtFrontier : static e => e);

    private static TableReference OldState(DeltaContext context, Scan scan)
    {
        var name = new SqlIdentifier($"__pgt_old_{context.LabelOf(scan)}");
        if (context.Tables.All(t => t.Name != name))
        {
            context.Add(name, Rebuilt(context, scan).AsQuery());
        }

        return Table(name, scan.Alias);
    }

    private static SelectBody Rebuilt(DeltaContext context, Scan scan)
    {
        var columns = context.ColumnsOf(scan);
        var names = columns.Select(static (_, i) => NameSource.ColumnName(i)).ToList();
        var changes = context.ChangesOf(scan);
        SelectBody Side(TableReference table, SqlExpression weight)
            => Select(columns.Zip(names, static (c, n) => Column(Rows, c.Name).As(n)).Append(weight.As(Consolidation.Weight))) with { From = [table] };
        var union = UnionAll(
            Side(context.TableOf(scan, Rows), Consolidation.AsBigInteger(Integer(1))),
            Side(Table(changes, Rows), Negate(Column(Rows, DeltaContext.WeightName(columns)))));
        var images = columns.Zip(names, static (c, n) => new ImageColumn(n, c.Type)).ToList();
        var consolidated = Consolidation.Select(Derived(union.AsQuery(), Rows), Rows, images);
        var copies = Function(Call("generate_series", Consolidation.AsBigInteger(Integer(1)), Column(Rows, Consolidation.Weight)), "copy") with { Lateral = true };

        // Columns that were not captured are not used, but may be passed on.
        var captured = columns.Zip(names).ToDictionary(static p => p.First.Name, static p => (SqlExpression)Column(Rows, p.Second));
        return Select(scan.Relation.Columns.Select(c => captured.GetValueOrDefault(c.Name, Null).As(c.Name))) with
        {
            From = [CrossJoin(Derived(consolidated.AsQuery(), Rows), copies)],
        };
    }
}
