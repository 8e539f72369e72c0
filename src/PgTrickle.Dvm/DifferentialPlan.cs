using System.Globalization;
using PgTrickle.Dvm.Apply;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Differentiation;
using PgTrickle.Dvm.Explaining;
using PgTrickle.Dvm.Nodes;
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
    private readonly IReadOnlyList<PlanNode> _nodes;
    private readonly PlanNode _top;

    public DifferentialPlan(QueryAnalysis analysis, CompileOptions options, Operator bound, IReadOnlyList<PlanNode> nodes, RootRule rule)
        : base(PlanMode.Differential, null)
    {
        _analysis = analysis;
        _options = options;
        _bound = bound;
        _top = PlanNode.Of(null, rule, options.Naive);
        _nodes = nodes;
        Sources = PlanSources.Of(All.Select(static n => n.Tree));
        Shape = ShapeDdl.ShapeOf(rule.Result, rule.Lookup);
        var clock = All.SelectMany(static n => n.Tree.DescendantsAndSelf()).SelectMany(static o => o.OwnExpressions()).SelectMany(ClockExpressions.Closed).ToList();
        ClockMoved = clock.Count == 0 ? null : SqlPrinter.Print(ClockExpressions.Moved(clock));
        ClockBit = clock.Count == 0 ? 0 : 1L << Sources.Count;
    }

    /// <summary>The rule at the root, with the operators below it: which rules a query uses is what a fuzzer has to know.</summary>
    public RootRule Rule => _top.Rule;

    /// <summary>The nodes, each after those that it reads.</summary>
    public IReadOnlyList<PlanNode> Nodes => _nodes;

    /// <summary>The tree as bound: some operators are rewritten into others before any rule sees them.</summary>
    public Operator Bound => _bound;

    public override IReadOnlyList<PlanSource> Sources { get; }

    public override IReadOnlyList<RelationInfo> UntrackedSources => [];

    public override StreamTableShape Shape { get; }

    public override string? ClockMoved { get; }

    public override long ClockBit { get; }

    /// <summary>All tables of the plan in the order in which they are maintained.</summary>
    private IEnumerable<PlanNode> All => _nodes.Append(_top);

    public override IReadOnlyList<string> Setup(PlanNames names)
        => [.. _nodes.SelectMany(n => NodeDdl.Statements(n, names, NodeIndexes.Of(n, All))), .. ShapeDdl.Statements(Shape, names.Table)];

    public override IReadOnlyList<string> Fill(PlanNames names) =>
    [
        .. _nodes.SelectMany(n => new[]
        {
            SqlPrinter.Print(ChangeStatement.Fill(n.Rule.Result, n.Rows(names), n.Names(names))), SqlPrinter.Print(new AnalyzeStatement(n.Names(names).Table)),
        }),
        SqlPrinter.Print(ChangeStatement.Fill(_top.Rule.Result, _top.Rows(names), names)),
    ];

    public override IReadOnlyList<string> Full(PlanNames names, ApplyStrategy strategy = ApplyStrategy.Merge)
        => [.. All.Select(n => Evaluated(n, n.Number is null ? names : n.Names(names) with { Buffer = null }, strategy))];

    public override IReadOnlyList<string> Delta(PlanNames names, long mask, ApplyStrategy strategy = ApplyStrategy.Merge)
    {
        var changes = Changes(names, mask);
        return
        [
            .. changes.Select(c => SqlPrinter.Print(ChangeStatement.Of(c.Node.Rule.Result, c.Change, c.Node.Names(names), strategy))),
            .. changes.Select(static c => c.Node.Number).OfType<int>().Select(n => SqlPrinter.Print(new DeleteStatement(new TargetTable(names.NodeChanges(n))))),
        ];
    }

    public override string Explain(ExplainStage stage, PlanNames? names = null, long? mask = null)
    {
        var used = names ?? ExplainNames();
        var variant = mask ?? ((1L << Sources.Count) - 1) | ClockBit;
        return stage switch
        {
            ExplainStage.Parsed => _analysis.Text,
            ExplainStage.Bound => TreePrinter.Print(_bound),
            ExplainStage.Plan => string.Concat(All.Select(static n => $"{Title(n)}{n.Describe()}\n{TreePrinter.Print(n.Tree)}")),
            ExplainStage.Delta => string.Concat(Changes(used, variant).Select(static c => Title(c.Node)
                + string.Concat(c.Change.Tables.Select(static t => $"{t.Name}:\n{SqlPrinter.Print(t.Statement, SqlLayout.Indented)}\n"))
                + $"change:\n{SqlPrinter.Print(c.Change.Body, SqlLayout.Indented)}\n")),
            _ => string.Concat(Changes(used, variant).Select(c =>
                Title(c.Node) + SqlPrinter.Print(ChangeStatement.Of(c.Node.Rule.Result, c.Change, c.Node.Names(used), ApplyStrategy.Merge), SqlLayout.Indented) + "\n")),
        };
    }

    private static string Evaluated(PlanNode node, PlanNames names, ApplyStrategy strategy)
        => SqlPrinter.Print(ChangeStatement.Of(node.Rule.Result, FullApply.Of(node.Rule.Result, node.Rows(names), names), names, strategy));

    /// <summary>What a node's part of an explanation begins with; nothing where there are no others.</summary>
    private static string Title(PlanNode node) => node.Number is { } number ? string.Create(CultureInfo.InvariantCulture, $"node_{number + 1}: ") : "";

    /// <summary>The changes of the nodes that the mask touches, and of the stream table, in the order in which they are applied.</summary>
    private List<(PlanNode Node, ChangeSet Change)> Changes(PlanNames names, long mask)
    {
        var known = mask & (((1L << Sources.Count) - 1) | ClockBit);
        var changes = new List<(PlanNode, ChangeSet)>();
        if (known == 0)
        {
            return changes;
        }

        var changed = new HashSet<int>();
        foreach (var node in All)
        {
            if (IsTouched(node, known, changed) && Change(node, names, known, changed) is { } change)
            {
                changes.Add((node, change));
                if (node.Number is { } number)
                {
                    changed.Add(number);
                }
            }
        }

        return changes;
    }

    private bool IsTouched(PlanNode node, long mask, HashSet<int> changed)
        => node.Number is null || ((mask & ClockBit) != 0 && node.ReadsClock)
            || node.Tree.DescendantsAndSelf().OfType<Scan>().Any(s => s.Node is { } number ? changed.Contains(number) : Sources.Any(o => o.Relation.Captured == s.Relation.Captured && (mask & (1L << o.Ordinal)) != 0));

    private ChangeSet? Change(PlanNode node, PlanNames names, long mask, IReadOnlySet<int> changed)
    {
        var context = new DeltaContext(Sources, names, mask, ClockBit, changed, node.Tree, node.IsRaw);
        if (_options.Naive)
        {
            var terms = NaiveDelta.Of(context, node.Tree);
            return ZSetApply.Of(node.Rule.Result, context.Tables, terms, names);
        }

        return node.Rule.Change(context, new Differentiator(context), node.Names(names));
    }

    private PlanNames ExplainNames() => new(
        new QualifiedName("stream_table"),
        Sources.Select(static s => new QualifiedName(string.Create(CultureInfo.InvariantCulture, $"changes_{s.Ordinal + 1}"))).ToSyntaxList());
}
