using System.Globalization;
using PgTrickle.Dvm.Apply;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Differentiation;
using PgTrickle.Dvm.Explaining;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Printing;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm;

/// <summary>A plan that maintains its stream table by deltas.</summary>
internal sealed class DifferentialPlan : CompiledPlan
{
    private readonly QueryAnalysis _analysis;
    private readonly CompileOptions _options;
    private readonly Operator _bound;
    private readonly Operator _root;
    private readonly RootRule _rule;
    private readonly bool _raw;

    public DifferentialPlan(QueryAnalysis analysis, CompileOptions options, Operator bound, Operator root, RootRule rule)
        : base(PlanMode.Differential, null)
    {
        _analysis = analysis;
        _options = options;
        _bound = bound;
        _root = root;
        _rule = rule;
        _raw = !options.Naive && rule.Consolidates && ExpressionSafety.AllowsRawChanges(RawScope(rule));
        Sources = PlanSources.Of(rule.Result.Source);
        Shape = ShapeDdl.ShapeOf(rule.Result, rule.Lookup);
        var clock = root.DescendantsAndSelf().SelectMany(static o => o.OwnExpressions()).SelectMany(ClockExpressions.Closed).ToList();
        ClockMoved = clock.Count == 0 ? null : SqlPrinter.Print(ClockExpressions.Moved(clock));
        ClockBit = clock.Count == 0 ? 0 : 1L << Sources.Count;
    }

    /// <summary>The rule at the root, with the operators below it: which rules a query uses is what a fuzzer has to know.</summary>
    public RootRule Rule => _rule;

    /// <summary>The tree as bound: some operators are rewritten into others before any rule sees them.</summary>
    public Operator Bound => _bound;

    public override IReadOnlyList<PlanSource> Sources { get; }

    public override IReadOnlyList<RelationInfo> UntrackedSources => [];

    public override StreamTableShape Shape { get; }

    public override string? ClockMoved { get; }

    public override long ClockBit { get; }

    public override IReadOnlyList<string> Setup(PlanNames names) => ShapeDdl.Statements(Shape, names.Table);

    public override IReadOnlyList<string> Fill(PlanNames names)
        => [SqlPrinter.Print(ChangeStatement.Fill(_rule.Result, Rows(), names))];

    public override IReadOnlyList<string> Full(PlanNames names, ApplyStrategy strategy = ApplyStrategy.Merge)
        => [SqlPrinter.Print(ChangeStatement.Of(_rule.Result, FullApply.Of(_rule.Result, Rows(), names), names, strategy))];

    public override IReadOnlyList<string> Delta(PlanNames names, long mask, ApplyStrategy strategy = ApplyStrategy.Merge)
        => Change(names, mask) is { } change ? [SqlPrinter.Print(ChangeStatement.Of(_rule.Result, change, names, strategy))] : [];

    public override string Explain(ExplainStage stage, PlanNames? names = null, long? mask = null)
    {
        var used = names ?? ExplainNames();
        var variant = mask ?? ((1L << Sources.Count) - 1) | ClockBit;
        return stage switch
        {
            ExplainStage.Parsed => _analysis.Text,
            ExplainStage.Bound => TreePrinter.Print(_bound),
            ExplainStage.Plan => $"{_rule.Describe()}; rows by {DescribeIdentity()}\n{TreePrinter.Print(_rule.Result.Source)}",
            ExplainStage.Delta => Change(used, variant) is { } change
                ? string.Concat(change.Tables.Select(static t => $"{t.Name}:\n{SqlPrinter.Print(t.Statement, SqlLayout.Indented)}\n"))
                    + $"change:\n{SqlPrinter.Print(change.Body, SqlLayout.Indented)}\n"
                : "",
            _ => Change(used, variant) is { } applied
                ? SqlPrinter.Print(ChangeStatement.Of(_rule.Result, applied, used, ApplyStrategy.Merge), SqlLayout.Indented) + "\n"
                : "",
        };
    }

    private QueryBody Rows() => _rule.Rows(StateReader.Present(new NameSource()));

    private ChangeSet? Change(PlanNames names, long mask)
    {
        var known = mask & (((1L << Sources.Count) - 1) | ClockBit);
        if (known == 0)
        {
            return null;
        }

        var context = new DeltaContext(Sources, names, known, ClockBit, _raw);
        if (_options.Naive)
        {
            var terms = NaiveDelta.Of(context, _rule.Result.Source);
            return ZSetApply.Of(_rule.Result, context.Tables, terms, names);
        }

        return _rule.Change(context, new Differentiator(context), names);
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

    private string DescribeIdentity()
    {
        var columns = string.Join(", ", _rule.Result.Identity.Columns.Select(i => _rule.Result.Columns[i].Name));
        return $"{_rule.Result.Identity.Kind}({columns})";
    }

    private PlanNames ExplainNames() => new(
        new QualifiedName("stream_table"),
        Sources.Select(static s => new QualifiedName(string.Create(CultureInfo.InvariantCulture, $"changes_{s.Ordinal + 1}"))).ToSyntaxList());
}
