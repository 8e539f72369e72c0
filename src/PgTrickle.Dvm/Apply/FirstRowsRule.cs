using System.Globalization;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Differentiation;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Apply;

/// <summary>
/// The first n rows at the root. What is not stored came after the last stored row; so if of the stored rows and the changes together n come no later than that one did,
/// the first n of these are the answer. Only otherwise, when rows have left and the next ones are not known, is the query evaluated. Fewer than n stored rows are all there are.
/// </summary>
/// <param name="Result">What is stored: the select list over the rows, with the sort keys.</param>
/// <param name="Root">The operator.</param>
/// <param name="Order">ORDER BY over the places of stored columns.</param>
internal sealed record FirstRowsRule(StoredResult Result, TopK Root, SyntaxList<(int Place, OrderItem Item)> Order) : RootRule(Result)
{
    private static readonly SqlIdentifier Candidates = new("candidates");
    private static readonly SqlIdentifier Ranked = new("ranked");
    private static readonly SqlIdentifier IsFormer = new("is_former");
    private static readonly SqlIdentifier Rank = new("place");
    private static readonly SqlIdentifier Known = new("known");
    private static readonly SqlIdentifier Suffices = new("suffices");
    private static readonly SqlIdentifier Row = new("r");

    public override bool Consolidates => true;

    /// <summary>The rule, or null if it does not apply: rows are skipped or come along for being equal, or a sort key can't be stored so that it sorts in the same way.</summary>
    public static FirstRowsRule? Of(Project project, SyntaxList<StoredColumn> visible)
    {
        if (project.Input is not TopK { Limit: not null, Offset: null, WithTies: false } top
            || top.Order.Any(static o => o.Using is not null) || project.OwnExpressions().Any(ClockExpressions.ReadsClock))
        {
            return null;
        }

        var outputs = project.Outputs.ToList();
        var columns = visible.ToList();
        var order = new List<(int, OrderItem)>();
        var input = top.Input.Columns.ToDictionary(static c => c.Reference);
        foreach (var item in top.Order)
        {
            var place = outputs.FindIndex(o => o.Expression == item.Expression);
            if (place < 0)
            {
                var type = Binding.ExpressionType.Of(item.Expression, input.GetValueOrDefault);
                if (type.Type is not { } known || !TypeFacts.IsScalar(known.BaseOid))
                {
                    return null;
                }

                place = outputs.Count;
                var name = new SqlIdentifier(string.Create(CultureInfo.InvariantCulture, $"__pgt_sort_{columns.Count - visible.Count + 1}"));
                outputs.Add(new ComputedColumn(name, item.Expression, known, type.NotNull));
                columns.Add(new StoredColumn(name, known, type.NotNull, Visible: false));
            }

            order.Add((place, item));
        }

        var root = (TopK)top.WithInputs([SettledState.Of(top.Input)]);
        var source = project with { Input = root, Outputs = outputs.ToSyntaxList() };
        var stored = columns.ToSyntaxList();
        return new FirstRowsRule(new StoredResult(source, stored, IdentityChoice.Infer(source, stored)), root, order.ToSyntaxList());
    }

    public override string Describe() => "find the first rows among those stored and those changed, and among all only if these do not suffice";

    public override ChangeSet Change(DeltaContext context, Differentiator differentiator, PlanNames names)
    {
        var all = Result.Source with { Input = Root.Input };
        var columns = all.Columns.Select(static c => c.Reference).ToList();
        var delta = differentiator.Delta(all, columns.ToHashSet()).Select(f => DeltaContext.SelectWeighted(f, columns)).ToList();
        context.Add(Candidates, CandidateRows(delta, names).AsQuery());
        context.Add(Ranked, RankedRows(names).AsQuery());
        context.Add(Known, WhetherKnown(names).AsQuery());

        var suffices = Scalar((Select(Column(Known, Suffices).As(Suffices)) with { From = [Table(Known)] }).AsQuery());
        var present = context.Present.Read(Root.Input).Restricted(Not(suffices));
        var evaluated = context.Present.Replacing(new StateReader.Replacement(Root, Evaluation.Of(Root, present, NameSource.ColumnName))).Read(Result.Source);
        return ZSetApply.Of(
            Result,
            context.Tables,
            [FirstCandidates(suffices), DeltaContext.SelectWeighted(evaluated, columns), Stored(names, -1)],
            names);
    }

    private IEnumerable<OrderItem> Sorted(SqlIdentifier rows) => Order.Select(o => o.Item with { Expression = Column(rows, Target.New(o.Place)) });

    private SelectBody Stored(PlanNames names, int weight) => Select([
        .. Result.Columns.Select(static (c, i) => Target.Stored(c).As(Target.New(i))),
        Consolidation.AsBigInteger(Integer(weight)).As(Consolidation.Weight)]) with
    {
        From = [Table(names.Table, Target.Alias)],
    };

    /// <summary>Stored rows and changes; what left without having been stored was not among the first rows.</summary>
    private SelectBody CandidateRows(IEnumerable<SelectBody> delta, PlanNames names)
    {
        var images = Result.Columns.Select(static (c, i) => new ImageColumn(Target.New(i), c.Type)).ToList();
        var sum = Consolidation.Select(Derived(UnionAll([.. delta, Stored(names, 1)]).AsQuery(), Row), Row, images);
        return Select([.. images.Select(static c => Column(Row, c.Name).As(c.Name)), Column(Row, Consolidation.Weight).As(Consolidation.Weight)]) with
        {
            From = [Derived(sum.AsQuery(), Row)],
            Where = Greater(Column(Row, Consolidation.Weight), Integer(0)),
        };
    }

    /// <summary>Where each candidate, and each row of the former answer, stands in the order; equal ones at the same place.</summary>
    private SelectBody RankedRows(PlanNames names)
    {
        var keys = Order.Select(static o => o.Place).Distinct().ToList();
        var candidates = Select([
            False.As(IsFormer), Column(Candidates, Consolidation.Weight).As(Consolidation.Weight), .. keys.Select(static k => Column(Candidates, Target.New(k)).As(Target.New(k)))]) with
        {
            From = [Table(Candidates)],
        };
        var former = Select([
            True.As(IsFormer), Consolidation.AsBigInteger(Integer(1)).As(Consolidation.Weight), .. keys.Select(k => Target.Stored(Result.Columns[k]).As(Target.New(k)))]) with
        {
            From = [Table(names.Table, Target.Alias)],
        };
        var rank = Call("rank") with { Over = new WindowSpecification { OrderBy = Sorted(Row).ToSyntaxList() } };
        return Select([
            Column(Row, IsFormer).As(IsFormer), Column(Row, Consolidation.Weight).As(Consolidation.Weight), rank.As(Rank)]) with
        {
            From = [Derived(UnionAll(candidates, former).AsQuery(), Row)],
        };
    }

    /// <summary>Whether the candidates tell the answer.</summary>
    private SelectBody WhetherKnown(PlanNames names)
    {
        SqlExpression Of(SqlIdentifier name) => Column(Ranked, name);
        SqlExpression Count(FromItem rows, SqlExpression value, SqlExpression condition) => Scalar((Select(value.As("n")) with { From = [rows], Where = condition }).AsQuery());
        var last = Count(Table(Ranked), Call("max", Of(Rank)), Of(IsFormer));
        var former = Count(Table(names.Table, Target.Alias), CountStar(), True);
        var noLater = Count(Table(Ranked), Coalesce(Sum(Of(Consolidation.Weight)), Integer(0)), And(Not(Of(IsFormer)), Binary(Of(Rank), "<=", last)));
        return Select(Or(Less(former, Root.Limit!), Binary(noLater, ">=", Root.Limit!)).As(Suffices));
    }

    private SelectBody FirstCandidates(SqlExpression suffices)
    {
        var copies = Function(Call("generate_series", Consolidation.AsBigInteger(Integer(1)), Column(Candidates, Consolidation.Weight)), "copy") with { Lateral = true };
        var first = (Select(Result.Columns.Select(static (_, i) => Column(Candidates, Target.New(i)).As(Target.New(i)))) with
        {
            From = [CrossJoin(Table(Candidates), copies)],
            Where = suffices,
        }).AsQuery() with
        {
            OrderBy = Sorted(Candidates).ToSyntaxList(),
            Limit = Root.Limit,
        };
        return Select([
            .. Result.Columns.Select(static (_, i) => Column(Row, Target.New(i)).As(Target.New(i))), Consolidation.AsBigInteger(Integer(1)).As(Consolidation.Weight)]) with
        {
            From = [Derived(first, Row)],
        };
    }
}
