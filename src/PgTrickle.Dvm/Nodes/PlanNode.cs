using PgTrickle.Dvm.Apply;
using PgTrickle.Dvm.Differentiation;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Nodes;

/// <summary>
/// A table that a plan maintains: the stream table, or one below it that keeps the result of a part of the query. All of them are maintained by the same rules, those below first.
/// </summary>
/// <param name="Number">The node's number, counted from 0; null for the stream table.</param>
/// <param name="Rule">How its changes are found.</param>
/// <param name="IsRaw">Whether changes of sources may be read as they were captured.</param>
internal sealed record PlanNode(int? Number, RootRule Rule, bool IsRaw)
{
    public static PlanNode Of(int? number, RootRule rule, bool naive = false)
        => new(number, rule, !naive && rule.Consolidates && ExpressionSafety.AllowsRawChanges(RawScope(rule)));

    public Operator Tree => Rule.Result.Source;

    /// <summary>Whether anything in it reads the clock.</summary>
    public bool ReadsClock => Tree.DescendantsAndSelf().SelectMany(static o => o.OwnExpressions()).Any(ClockExpressions.ReadsClock);

    /// <summary>The names that its own statements are printed with.</summary>
    public PlanNames Names(PlanNames names) => Number is { } number ? names.OfNode(number) : names;

    /// <summary>Its rows as they are now: the stored columns as c1, c2 ...</summary>
    public QueryBody Rows(PlanNames names) => Rule.Rows(StateReader.Present(new NameSource(), names));

    /// <summary>The rule and how rows are found again, for explanations.</summary>
    public string Describe()
    {
        var columns = string.Join(", ", Rule.Result.Identity.Columns.Select(i => Rule.Result.Columns[i].Name));
        return $"{Rule.Describe()}; rows by {Rule.Result.Identity.Kind}({columns})";
    }

    /// <summary>The part of the tree that sees the changes of sources: an aggregate's calls are evaluated over sums and present rows.</summary>
    private static Operator RawScope(RootRule rule) => rule switch
    {
        AggregateRule aggregate => new Project("raw", aggregate.Aggregate.Input, aggregate.Aggregate.Keys
            .Concat(aggregate.State.Slots.SelectMany(static s => new[] { s.Argument, s.Filter }).OfType<SqlExpression>()
                .Select(static e => new ComputedColumn("x", e, null, false))).ToSyntaxList()),
        RescanRule { Root: Aggregate aggregate } => new Project("raw", aggregate.Input, aggregate.Keys),
        RescanRule rescan => rescan.Root.Inputs[0],
        PartitionRule partition => new Project("raw", partition.Root.Input, partition.Root.PartitionKeys),
        _ => rule.Result.Source,
    };
}
