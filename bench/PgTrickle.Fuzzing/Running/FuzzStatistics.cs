using PgTrickle.Dvm;

namespace PgTrickle.Fuzzing.Running;

/// <summary>What a run has done so far.</summary>
internal sealed class FuzzStatistics
{
    private readonly Dictionary<string, (int Queries, int Differential)> _features = [];
    private readonly Dictionary<string, int> _reasons = [];

    public RuleCoverage Rules { get; } = new();

    /// <summary>Queries that the server takes.</summary>
    public int Queries { get; private set; }

    public int Differential { get; private set; }

    /// <summary>Queries that the server or the product refuses: not counted as queries.</summary>
    public int Refused { get; set; }

    public long Comparisons { get; set; }

    /// <summary>Refreshes whose delta failed so that the query was evaluated.</summary>
    public long Evaluated { get; set; }

    /// <summary>Refreshes that failed because the query does.</summary>
    public long Failing { get; set; }

    /// <summary>Refreshes that were too slow, or compared with a query that was.</summary>
    public long Slow { get; set; }

    /// <summary>Differences of queries whose result SQL leaves open.</summary>
    public int Ambiguous { get; set; }

    /// <summary>Why queries are not differential, most frequent first.</summary>
    public IEnumerable<(string Reason, int Count)> Reasons => _reasons.OrderByDescending(static r => r.Value).Select(static r => (r.Key, r.Value));

    /// <summary>Queries with a feature, and how many of them are differential.</summary>
    public (int Queries, int Differential) Feature(string name) => _features.GetValueOrDefault(name);

    public void Count(CompiledPlan plan, IEnumerable<string> features)
    {
        CountMaintained(plan.Mode == PlanMode.Differential, features);
        if (plan.Fallback is { } reason)
        {
            var text = $"{reason.Construct}: {reason.Reason}";
            _reasons[text] = _reasons.GetValueOrDefault(text) + 1;
        }
    }

    public void CountMaintained(bool isDifferential, IEnumerable<string> features)
    {
        Queries++;
        var differential = isDifferential ? 1 : 0;
        Differential += differential;
        foreach (var feature in features)
        {
            var (queries, ours) = Feature(feature);
            _features[feature] = (queries + 1, ours + differential);
        }
    }
}
