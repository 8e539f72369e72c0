using Npgsql;
using PgTrickle.Dvm;

namespace PgTrickle.Fuzzing.Running;

/// <summary>What a run has done so far.</summary>
internal sealed class FuzzStatistics
{
    private readonly Dictionary<string, (int Queries, int Differential)> _features = [];
    private readonly Dictionary<string, (int Count, string First)> _reasons = [];
    private readonly Dictionary<string, (int Count, string First)> _refusals = [];
    private readonly Dictionary<string, (int Count, string First)> _unasked = [];

    public RuleCoverage Rules { get; } = new();

    /// <summary>Queries that the server takes.</summary>
    public int Queries { get; private set; }

    public int Differential { get; private set; }

    /// <summary>Queries that the server or the product refuses: not counted as queries.</summary>
    public int Refused => _refusals.Values.Sum(static r => r.Count);

    /// <summary>Why, by SQLSTATE, with the first message of each.</summary>
    public IEnumerable<(string State, int Count, string First)> Refusals => Sorted(_refusals);

    public long Comparisons { get; set; }

    /// <summary>Refreshes whose delta failed so that the query was evaluated.</summary>
    public long Evaluated { get; set; }

    /// <summary>Errors of expressions that plans evaluate and their queries do not, with the first query of each: the product evaluates such a query as it is from then on.</summary>
    public IEnumerable<(string Error, int Count, string First)> Unasked => Sorted(_unasked);

    /// <summary>Refreshes that failed because the query does.</summary>
    public long Failing { get; set; }

    /// <summary>Refreshes that were too slow, or compared with a query that was.</summary>
    public long Slow { get; set; }

    /// <summary>Differences of queries whose result SQL leaves open.</summary>
    public int Ambiguous { get; set; }

    /// <summary>Why queries are not differential, most frequent first, with the first query of each.</summary>
    public IEnumerable<(string Reason, int Count, string First)> Reasons => Sorted(_reasons);

    /// <summary>Queries with a feature, and how many of them are differential.</summary>
    public (int Queries, int Differential) Feature(string name) => _features.GetValueOrDefault(name);

    public void Refuse(PostgresException exception) => Add(_refusals, exception.SqlState, exception.MessageText);

    public void RaiseUnasked(PostgresException exception, string query) => Add(_unasked, $"{exception.SqlState} {exception.MessageText}", query);

    public void Count(CompiledPlan plan, string query, IEnumerable<string> features)
    {
        CountMaintained(plan.Mode == PlanMode.Differential, features);
        if (plan.Fallback is { } reason)
        {
            Add(_reasons, $"{reason.Construct}: {reason.Reason}", query);
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

    private static void Add(Dictionary<string, (int Count, string First)> to, string key, string example)
        => to[key] = to.TryGetValue(key, out var known) ? (known.Count + 1, known.First) : (1, example);

    private static IEnumerable<(string, int, string)> Sorted(Dictionary<string, (int Count, string First)> counts)
        => counts.OrderByDescending(static r => r.Value.Count).Select(static r => (r.Key, r.Value.Count, r.Value.First));
}
