using System.Diagnostics;
using Npgsql;
using PgTrickle.Fuzzing.Generation;
using PgTrickle.Fuzzing.Shrinking;
using PgTrickle.Workloads.Running;

namespace PgTrickle.Fuzzing.Running;

/// <summary>How long and from where a fuzzer runs.</summary>
/// <param name="Duration">It ends after the batch that runs then.</param>
/// <param name="Seed">Of the first batch; each batch takes the next.</param>
/// <param name="ShrinkFor">How long each failure is made smaller.</param>
/// <param name="MaxFailures">After so many it ends; at least 1.</param>
public sealed record FuzzOptions(TimeSpan Duration, int Seed, TimeSpan ShrinkFor, int MaxFailures = 5)
{
    /// <summary>Queries that share a history, at least 1.</summary>
    public int QueriesPerBatch { get; init; } = 16;

    /// <summary>The seeds of all batches; null for <see cref="Seed"/> and as many after it as there is time for.</summary>
    public IReadOnlyList<int>? Batches { get; init; }

    /// <summary>Intervals of a history, at least 1.</summary>
    public int Intervals { get; init; } = 16;

    /// <summary>Every how many batches one goes through the product's capture and refresh, if there are stream tables to do it with; at least 2.</summary>
    public int EngineEvery { get; init; } = 6;

    /// <summary>A table whose changes are withheld from the stream tables, to see that the differences are found; null for none.</summary>
    public string? Withheld { get; init; }
}

/// <summary>Runs batches of random queries over random histories until time is up, and makes what goes wrong small.</summary>
public sealed class Fuzzer
{
    private readonly FuzzDatabase _database;
    private readonly StreamTables? _streamTables;
    private readonly FuzzOptions _options;
    private readonly Action<string> _progress;
    private readonly FuzzStatistics _statistics = new();
    private readonly List<string> _reports = [];

    /// <param name="superuser">Connections of a superuser to a database with schema pgtrickle; schema fuzz in it is dropped and made again and again.</param>
    /// <param name="version">The server's major version.</param>
    /// <param name="options">How long and from where.</param>
    /// <param name="streamTables">In the same database; null to leave the product's capture and refresh out.</param>
    /// <param name="progress">Is told in words what goes on.</param>
    public Fuzzer(NpgsqlDataSource superuser, int version, FuzzOptions options, StreamTables? streamTables = null, Action<string>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _database = new FuzzDatabase(superuser, version, options.Withheld);
        _options = options;
        _streamTables = streamTables;
        _progress = progress ?? (static _ => { });
    }

    /// <summary>Queries whose stream table went wrong, each as a script that can be run again, with what was seen.</summary>
    public IReadOnlyList<string> Failures => _reports;

    /// <summary>Refreshes compared so far.</summary>
    public long Comparisons => _statistics.Comparisons;

    /// <summary>Runs.</summary>
    public async Task RunAsync()
    {
        var started = Stopwatch.GetTimestamp();
        await _database.LimitStatementsAsync();
        var batches = 0;
        foreach (var seed in _options.Batches ?? Enumerable.Range(_options.Seed, int.MaxValue - _options.Seed))
        {
            if (Stopwatch.GetElapsedTime(started) > _options.Duration || _reports.Count >= _options.MaxFailures)
            {
                break;
            }

            await BatchAsync(seed);
            if (++batches % 20 == 0)
            {
                _progress(FormattableString.Invariant($"{Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s, seed {seed}: {Summary()}; not yet: {string.Join(", ", Missing)}"));
            }
        }
    }

    /// <summary>Runs a script that <see cref="Failures"/> held; what is seen now, or null if all is well or the server is too old for the query.</summary>
    public async Task<string?> ReplayAsync(string script)
    {
        if (FuzzScript.Since(script) > _database.Version)
        {
            return null;
        }

        var failure = FuzzScript.Read(script);
        var statistics = new FuzzStatistics();
        var failures = await new BatchRun(_database, failure.Seed, failure.History, statistics).RunAsync([new FuzzQuery(failure.Query, failure.Manner, new HashSet<string>())]);
        return failures is [var again, ..] ? again.Message : statistics.Unasked.FirstOrDefault().Error is { } error ? $"the plan raises {error}" : statistics.Queries == 0 ? $"the query is refused: {statistics.Refusals.FirstOrDefault().First}" : null;
    }

    private IEnumerable<string> Constructs => QueryFeatures.KnownTo(_database.Version);

    /// <summary>Rules that did not run, and constructs that no differential query had.</summary>
    private IEnumerable<string> Missing => _statistics.Rules.Missing.Concat(Constructs.Where(f => _statistics.Feature(f).Differential == 0));

    /// <summary>The last line of a report.</summary>
    public string Summary() => FormattableString.Invariant(
        $"fuzz: {_statistics.Queries} queries, {_statistics.Comparisons} comparisons, {_reports.Count} differences, rules covered {RuleCoverage.All.Count + Constructs.Count() - Missing.Count()} of {RuleCoverage.All.Count + Constructs.Count()}");

    /// <summary>What was reached and what was not, as lines.</summary>
    public IEnumerable<string> Coverage()
    {
        yield return FormattableString.Invariant($"{_statistics.Differential} of {_statistics.Queries} queries are differential; {_statistics.Refused} were refused by the server or by design");
        yield return FormattableString.Invariant(
            $"{_statistics.Evaluated} deltas failed and the query was evaluated, {_statistics.Failing} refreshes failed as their query does, {_statistics.Slow} were too slow, {_statistics.Ambiguous} results are left open by SQL");
        foreach (var feature in QueryFeatures.All)
        {
            var (queries, differential) = _statistics.Feature(feature);
            yield return FormattableString.Invariant($"{feature,-36}{queries,8} queries{differential,8} differential");
        }

        foreach (var (reason, count, query) in _statistics.Reasons)
        {
            yield return FormattableString.Invariant($"{count,8} not differential: {reason}, such as {query}");
        }

        foreach (var (error, count, query) in _statistics.Unasked)
        {
            yield return FormattableString.Invariant($"{count,8} raised by the plan, not by the query: {error}, such as {query}");
        }

        foreach (var (state, count, message) in _statistics.Refusals)
        {
            yield return FormattableString.Invariant($"{count,8} refused: {state}, such as {message}");
        }

        foreach (var rule in Missing)
        {
            yield return $"not covered: {rule}";
        }
    }

    private async Task BatchAsync(int seed)
    {
        var random = new Random(seed);
        var changes = new FuzzChanges(random);
        var history = new FuzzHistory(changes.Initial(), [.. Enumerable.Range(0, _options.Intervals).Select(_ => changes.Interval())]);
        var queries = new List<FuzzQuery>();
        for (var i = 0; i < _options.QueriesPerBatch; i++)
        {
            var query = QueryGenerator.Make(random.Next(), _database.Version);
            queries.Add(new(query.Sql, Manner.Of(random), query.Features));
        }

        for (var i = 0; i < _options.QueriesPerBatch / 2; i++)
        {
            var style = i % 2 == 0 ? QueryStyle.Open : QueryStyle.Dense;
            var query = QueryGenerator.Make(random.Next(), _database.Version, style);
            queries.Add(new(query.Sql, Manner.Of(random) with { IsOpen = style == QueryStyle.Open }, query.Features));
        }

        var failures = _streamTables is not null && seed % _options.EngineEvery == 0
            ? await new EngineRun(_database, _streamTables, seed, history, _statistics).RunAsync([.. queries.Take(_options.QueriesPerBatch / 2)])
            : await new BatchRun(_database, seed, history, _statistics).RunAsync(queries);
        foreach (var failure in failures)
        {
            await ReportAsync(failure);
        }
    }

    private async Task ReportAsync(FuzzFailure failure)
    {
        var shrinker = new CaseShrinker(_database, _options.ShrinkFor);
        if (failure is { Kind: FailureKind.Difference, Manner.IsOpen: false } && await shrinker.IsLeftOpenAsync(failure))
        {
            _statistics.Ambiguous++;
            _progress($"left open by SQL, seed {failure.Seed}: {failure.Query}");
            return;
        }

        _progress($"{failure.Kind}, seed {failure.Seed}: {failure.Query}");
        var smallest = _options.ShrinkFor > TimeSpan.Zero ? await shrinker.ShrinkAsync(failure) ?? failure : failure;
        _reports.Add($"{FuzzScript.Write(smallest)}\n{smallest.Message}");
    }
}
