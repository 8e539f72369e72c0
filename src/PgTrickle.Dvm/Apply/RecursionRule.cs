using PgTrickle.Dvm.Differentiation;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Apply;

/// <summary>
/// A node that keeps a linear recursion R = B + f(R). With f the new step and D(f)(R) what the changes of its tables make of the rows that are stored,
/// D(R) = D(B) + D(f)(R) + f(D(R)): a recursion of its own that starts with the first two and goes on with rows that have signs, as long as anything follows.
/// </summary>
/// <param name="Result">What is stored: the columns of the recursion.</param>
/// <param name="Terms">B and f; the scan of R is one of the node's own table.</param>
internal sealed record RecursionRule(StoredResult Result, LinearRecursion Terms) : RootRule(Result)
{
    /// <summary>
    /// What more rows than these are is evaluated. Rows of either sign may go round a cycle that is not there in any state; they would cancel, but only once all are there.
    /// </summary>
    private const int MostRows = 100_000;

    private static readonly SqlIdentifier Each = new("r");

    public override bool Consolidates => false;

    public override IEnumerable<Operator> Reads => [Result.Source, Terms.Step];

    public override string Describe() => "follow the changes of both terms through the recursion";

    public override ChangeSet? Change(DeltaContext context, Differentiator differentiator, PlanNames names)
    {
        List<SelectBody> first = [.. Delta(differentiator, Terms.Start), .. Delta(differentiator, Terms.Step)];
        if (first.Count == 0)
        {
            return null;
        }

        var seed = context.Names.Next("first_");
        var images = Terms.Self.Columns.Select(static (c, i) => new ImageColumn(NameSource.ColumnName(i), c.Type)).ToList();
        context.Add(seed, Consolidation.Select(Derived(UnionAll(first).AsQuery(), Each), Each, images).AsQuery());
        var all = context.Names.Next("follow_");
        context.Add(all, Followed(context, seed));

        // A division by zero, class 22, is answered with the full difference.
        var count = Scalar((Select(CountStar().As("n")) with { From = [Table(all)] }).AsQuery());
        var isBounded = Eq(Binary(Integer(1), "/", Case(Greater(count, Integer(MostRows)), Integer(0), Integer(1))), Integer(1));
        return ZSetApply.Of(Result, context.Tables, [Select(Columns(Each)) with { From = [Table(all, Each)], Where = isBounded }], names);
    }

    private static IEnumerable<SelectBody> Delta(Differentiator differentiator, Operator term)
    {
        var columns = term.Columns.Select(static c => c.Reference).ToList();
        return differentiator.Delta(term, columns.ToHashSet()).Select(f => DeltaContext.SelectWeighted(f, columns));
    }

    /// <summary>The rows that there are at first, and what the step makes of rows, of its own included.</summary>
    private Query Followed(DeltaContext context, SqlIdentifier seed)
    {
        var (step, alias) = (context.Names.Next("step_"), context.Names.Next("d"));
        var self = Fragment.Of(Table(step, alias), Column(alias, Consolidation.Weight)) with
        {
            Columns = DeltaContext.Renaming(Terms.Self.Columns.Select(static c => c.Reference).ToList(), alias),
        };
        var next = context.Present.Given(o => ReferenceEquals(o, Terms.Self) ? self : null).Read(Terms.Step);
        var start = Select(Columns(Each)) with { From = [Derived((Select(Columns(Each)) with { From = [Table(seed, Each)] }).AsQuery() with { Limit = DeltaContext.Unforeseen(long.MaxValue) }, Each)] };
        var recursion = UnionAll(start, DeltaContext.SelectWeighted(next, Terms.Step.Columns.Select(static c => c.Reference)));
        return (Select(Columns(Each)) with { From = [Table(step, Each)] }).AsQuery() with
        {
            With = new WithClause([Cte(step, recursion.AsQuery())], Recursive: true),
            Limit = DeltaContext.Unforeseen(MostRows + 1),
        };
    }

    private IEnumerable<SelectTarget> Columns(SqlIdentifier rows)
        => Terms.Self.Columns.Select((_, i) => NameSource.ColumnName(i)).Append(Consolidation.Weight).Select(n => Column(rows, n).As(n));
}
