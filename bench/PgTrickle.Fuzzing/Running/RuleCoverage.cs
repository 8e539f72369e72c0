using PgTrickle.Dvm;
using PgTrickle.Dvm.Apply;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Differentiation;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Postgres.Ports;

namespace PgTrickle.Fuzzing.Running;

/// <summary>
/// Which rules of the compiler have run. What there is comes from the compiler itself: every kind of operator, of join and of rule for the root, each of them with changes
/// below it; an operator that is added without the generator reaching it shows as not covered.
/// </summary>
internal sealed class RuleCoverage
{
    /// <summary>What a refresh through the product does; its first fill is not counted here.</summary>
    private static readonly RefreshAction[] Refreshes = [RefreshAction.NoData, RefreshAction.Differential, RefreshAction.Full, RefreshAction.Reinitialize];

    /// <summary>The rules by which nodes are maintained.</summary>
    private static readonly Type[] NodeRules = [typeof(AggregateRule), typeof(RescanRule), typeof(PartitionRule), typeof(FirstRowsRule), typeof(EvaluateRule), typeof(RecursionRule), typeof(SetRecursionRule), typeof(ZSetRule)];

    private const string Truncated = "evaluated after TRUNCATE";

    private static readonly string[] Ways = ["by key", "row by row"];

    /// <summary>Aggregates of distinct values, and semi joins of rows that are looked up before their partners.</summary>
    private const string Distinct = "distinct values as groups";
    private const string LookedUp = "match by key, rows first";

    private readonly HashSet<string> _seen = [];

    public static IReadOnlyList<string> All { get; } =
    [
        .. Concrete<Operator>().Where(static t => t != typeof(Join) && t != typeof(Match) && t != typeof(Dependent)).Select(static t => $"operator {t.Name}"),
        .. Enum.GetNames<JoinType>().SelectMany(static t => new[] { $"join {t}, left changed", $"join {t}, right changed", $"join {t}, both changed" }),
        .. Enum.GetNames<MatchKind>().SelectMany(static t => new[] { $"match {t}, outer changed", $"match {t}, inner changed", $"match {t}, both changed" }),
        .. Ways.Select(static w => $"outer join {w}"),
        .. Ways.Append("without a condition").Select(static w => $"match {w}"),
        "dependent, grouped",
        "dependent, row by row",
        "dependent, over old tables",
        "dependent, outer changed",
        .. Concrete<RootRule>().Where(static t => t != typeof(RecursionRule) && t != typeof(SetRecursionRule)).Select(static t => $"root {t.Name}"),
        .. NodeRules.Select(static t => $"node {t.Name}"),
        Distinct,
        LookedUp,
        "node read twice",
        "source with a key",
        "source without a key",
        "source with partitions",
        "source with heirs",
        "source without its heirs",
        "source several times",
        "clock moved",
        "applied by MERGE",
        "applied by SPLIT",
        "evaluated",
        Truncated,
        .. Refreshes.Select(Name),
    ];

    public IEnumerable<string> Missing => All.Where(r => !_seen.Contains(r));

    /// <summary>Notes a refresh through the product.</summary>
    public void Add(RefreshAction action) => _seen.Add(Name(action));

    /// <summary>Notes a refresh of something whose source was truncated.</summary>
    public void AddTruncated() => _seen.Add(Truncated);

    /// <summary>Notes a refresh.</summary>
    public void Add(CompiledPlan plan, long mask, bool full, ApplyStrategy strategy)
    {
        if (full || plan is not DifferentialPlan differential)
        {
            _seen.Add("evaluated");
            return;
        }

        if (mask == 0)
        {
            return;
        }

        _seen.Add(strategy == ApplyStrategy.Merge ? "applied by MERGE" : "applied by SPLIT");
        _seen.Add($"root {differential.Rule.GetType().Name}");
        if ((mask & plan.ClockBit) != 0)
        {
            _seen.Add("clock moved");
        }

        var changed = new Changed(plan.Sources.Where(s => (mask & (1L << s.Ordinal)) != 0).Select(static s => s.Relation.Captured).ToHashSet(), []);
        foreach (var table in differential.Nodes.Where(n => HasChanged(n.Tree, changed)))
        {
            changed.Nodes.Add(table.Number!.Value);
            _seen.Add($"node {table.Rule.GetType().Name}");
        }

        var trees = differential.Nodes.Select(static n => n.Tree).Append(differential.Rule.Result.Source).ToList();
        if (trees.SelectMany(static t => t.DescendantsAndSelf()).OfType<Scan>().Where(static s => s.Node is not null).GroupBy(static s => s.Node).Any(static g => g.Count() > 1))
        {
            _seen.Add("node read twice");
        }

        foreach (var node in trees.Append(differential.Bound).SelectMany(static t => t.DescendantsAndSelf()).Where(n => n is Constant or Generated || HasChanged(n, changed)))
        {
            AddWays(node, changed);
            _seen.Add(node switch
            {
                Join join => JoinRule(join, changed),
                Match match => MatchRule(match, changed),
                Dependent dependent => DependentRule(dependent, changed),
                _ => $"operator {node.GetType().Name}",
            });
        }
    }

    /// <summary>How partners are found, and what is read.</summary>
    private void AddWays(Operator node, Changed changed)
    {
        switch (node)
        {
            case Join { Type: not JoinType.Inner } join when HasChanged(join.Right, changed):
                var partners = MatchPredicate.Of(join.Predicate.Conjuncts(), join.Left.ColumnSet(), join.Right.ColumnSet());
                _seen.Add(partners.Rest.IsEmpty ? "outer join by key" : "outer join row by row");
                break;
            case Match match when HasChanged(match.Inner, changed):
                var predicate = MatchPredicate.Of(match.Predicate.Conjuncts(), match.Outer.ColumnSet(), match.Inner.ColumnSet());
                _seen.Add(!predicate.Rest.IsEmpty ? "match row by row" : predicate.Pairs.IsEmpty ? "match without a condition" : MatchDelta.LeavesOutRows(match.Outer, predicate) ? LookedUp : "match by key");
                break;
            case Aggregate aggregate when DistinctCalls.IsUpper(aggregate):
                _seen.Add(Distinct);
                break;
            case Scan { Node: null } scan:
                _seen.Add(scan.Relation.UniqueKeys.IsEmpty ? "source without a key" : "source with a key");
                if (scan.Relation.Kind == RelationKind.Partitioned)
                {
                    _seen.Add("source with partitions");
                }
                else if (scan.Relation.Alone is not null || scan.Relation.IsAlone)
                {
                    _seen.Add(scan.Relation.IsAlone ? "source without its heirs" : "source with heirs");
                }

                break;
        }

        if (node.DescendantsAndSelf().OfType<Scan>().Where(static s => s.Node is null).GroupBy(static s => s.Relation.Captured).Any(static g => g.Count() > 1))
        {
            _seen.Add("source several times");
        }
    }

    private static string Name(RefreshAction action) => $"refresh {action}";

    private static string JoinRule(Join join, Changed changed) => (HasChanged(join.Left, changed), HasChanged(join.Right, changed)) switch
    {
        (true, true) => $"join {join.Type}, both changed",
        (true, false) => $"join {join.Type}, left changed",
        _ => $"join {join.Type}, right changed",
    };

    private static string MatchRule(Match match, Changed changed) => (HasChanged(match.Outer, changed), HasChanged(match.Inner, changed)) switch
    {
        (true, true) => $"match {match.Kind}, both changed",
        (true, false) => $"match {match.Kind}, outer changed",
        _ => $"match {match.Kind}, inner changed",
    };

    private static string DependentRule(Dependent dependent, Changed changed) => !HasChanged(dependent.Inner, changed) ? "dependent, outer changed"
        : DependentShape.Of(dependent.Inner) is not { } shape ? "dependent, over old tables"
        : shape.Grouping is null ? "dependent, row by row"
        : "dependent, grouped";

    private static bool HasChanged(Operator node, Changed changed)
        => node.DescendantsAndSelf().OfType<Scan>().Any(s => s.Node is { } number ? changed.Nodes.Contains(number) : changed.Tables.Contains(s.Relation.Captured));

    private static IEnumerable<Type> Concrete<T>() => typeof(T).Assembly.GetTypes().Where(static t => t is { IsAbstract: false } && t.IsSubclassOf(typeof(T))).OrderBy(static t => t.Name);

    /// <summary>The tables that changed, as they are captured, and the nodes, by number.</summary>
    private sealed record Changed(HashSet<(uint Oid, bool IsAlone)> Tables, HashSet<int> Nodes);
}
