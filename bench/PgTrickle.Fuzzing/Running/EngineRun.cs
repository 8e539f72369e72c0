using Npgsql;
using PgTrickle.Fuzzing.Generation;
using PgTrickle.Postgres.Ports;
using PgTrickle.Workloads.Running;

namespace PgTrickle.Fuzzing.Running;

/// <summary>Some queries over one history as the product maintains them: its capture triggers, its refresh transaction, its steps after a failure.</summary>
internal sealed class EngineRun(FuzzDatabase database, StreamTables streamTables, int seed, FuzzHistory history, FuzzStatistics statistics)
{
    private readonly List<(MaintainedQuery Table, FuzzQuery Query)> _tables = [];
    private readonly List<FuzzFailure> _failures = [];
    private int _interval = -1;

    /// <summary>Runs it; returns what went wrong. Leaves no stream table behind.</summary>
    public async Task<IReadOnlyList<FuzzFailure>> RunAsync(IReadOnlyList<FuzzQuery> queries)
    {
        await using var connection = await database.Source.OpenConnectionAsync();
        await database.ResetAsync(connection, isCaptured: false);
        foreach (var change in history.Initial)
        {
            await FuzzDatabase.ApplyAsync(connection, change);
        }

        var created = new List<WorkloadQuery>();
        foreach (var query in queries)
        {
            await CreateAsync(connection, query, created);
        }

        for (_interval = 0; _interval < history.Intervals.Count; _interval++)
        {
            var late = await FuzzDatabase.ApplyAsync(database.Source, connection, history.Intervals[_interval]);
            foreach (var table in _tables.ToList())
            {
                await RefreshAsync(connection, table.Table, table.Query);
            }

            await FuzzDatabase.CommitAsync(late);
        }

        foreach (var query in created)
        {
            await streamTables.DropAsync(query);
        }

        await streamTables.Engine.CleanUpAsync(CancellationToken.None);
        return _failures;
    }

    private async Task CreateAsync(NpgsqlConnection connection, FuzzQuery query, List<WorkloadQuery> created)
    {
        var definition = new WorkloadQuery(FormattableString.Invariant($"f{created.Count + 1}_{statistics.Queries}"), query.Sql);
        try
        {
            await streamTables.DefineAsync(definition, query.Manner.EvaluateEvery > 0 ? "FULL" : "AUTO");
        }
        catch (PostgresException exception)
        {
            statistics.Refuse(exception);
            return;
        }

        created.Add(definition);
        try
        {
            var table = await streamTables.FillAsync(definition);
            statistics.CountMaintained(table.IsDifferential, query.Features);
            _tables.Add((table, query));
        }
        catch (RefreshFailedException exception)
        {
            if (await FuzzDatabase.FailsAsync(connection, query.Sql) is null)
            {
                Fail(Running.FailureKind.Statement, query, $"first fill: {exception.SqlState} {exception.Message}");
            }
        }
    }

    /// <summary>How a stream table differs from its query, which is evaluated a moment after the refresh: where the clock may have moved on in between, a difference counts if it stays.</summary>
    private async Task<string?> DifferenceAsync(MaintainedQuery table, FuzzQuery query)
    {
        var difference = await streamTables.DifferenceAsync(table);
        for (var again = 0; difference is not null && again < 5 && QueryFeatures.Of(query.Sql).Contains("clock"); again++)
        {
            await streamTables.RefreshAsync(table);
            difference = await streamTables.DifferenceAsync(table);
        }

        return difference;
    }

    private async Task RefreshAsync(NpgsqlConnection connection, MaintainedQuery table, FuzzQuery query)
    {
        try
        {
            var (_, outcome) = await streamTables.RefreshAsync(table);
            statistics.Rules.Add(outcome.Action);
            if (await DifferenceAsync(table, query) is { } difference)
            {
                Fail(Running.FailureKind.Difference, query, $"{outcome.Action}\n{difference}");
                _tables.RemoveAll(t => t.Table == table);
                return;
            }

            statistics.Comparisons++;
        }
        catch (Exception exception) when (exception is RefreshFailedException or PostgresException)
        {
            switch (await FuzzDatabase.FailsAsync(connection, query.Sql))
            {
                case null:
                    Fail(Running.FailureKind.Statement, query, exception.ToString());
                    break;
                case PostgresErrorCodes.QueryCanceled:
                    statistics.Slow++;
                    break;
                default:
                    // As an operator does who mended the data: errors count towards suspension.
                    statistics.Failing++;
                    return;
            }

            _tables.RemoveAll(t => t.Table == table);
        }
    }

    private void Fail(Running.FailureKind kind, FuzzQuery query, string message) => _failures.Add(new(
        kind, query.Sql, query.Manner, database.Version, seed, history with { Intervals = [.. history.Intervals.Take(_interval + 1)] }, "through capture and refresh: " + message));
}
