using System.Diagnostics;
using Npgsql;
using PgTrickle.Fuzzing.Generation;
using PgTrickle.Fuzzing.Running;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Fuzzing.Shrinking;

/// <summary>Finds a smaller query and a shorter history that still go wrong in the same way, and whose result SQL does not leave open.</summary>
internal sealed class CaseShrinker(FuzzDatabase database, TimeSpan budget)
{
    private readonly long _started = Stopwatch.GetTimestamp();

    private bool IsOver => Stopwatch.GetElapsedTime(_started) > budget;

    /// <summary>The smallest case found; null if the failure does not come back, or is none because the result is left open.</summary>
    public async Task<FuzzFailure?> ShrinkAsync(FuzzFailure failure)
    {
        if (await AgainAsync(failure) is not { } smallest)
        {
            return null;
        }

        smallest = await ShortenAsync(smallest);
        smallest = await ReduceAsync(smallest);
        return await ShortenAsync(smallest);
    }

    /// <summary>Runs a case; the failure if it is of the same kind.</summary>
    /// <param name="failure">The case.</param>
    /// <param name="mayBeLeftOpen">Whether the query is new, so that its result may be left open by SQL: that is no failure.</param>
    public async Task<FuzzFailure?> AgainAsync(FuzzFailure failure, bool mayBeLeftOpen = false)
    {
        var run = new BatchRun(database, failure.Seed, failure.History, new FuzzStatistics());
        var failures = await run.RunAsync([new FuzzQuery(failure.Query, failure.Manner, new HashSet<string>())]);
        var again = failures.FirstOrDefault(f => f.Kind == failure.Kind && HasCause(f, failure.Message.Split(' ')[0]));
        return again is null || (mayBeLeftOpen && failure is { Kind: FailureKind.Difference, Manner.IsOpen: false } && await IsLeftOpenAsync(failure)) ? null : again;
    }

    /// <summary>Whether a statement failed with the SQLSTATE that the first failure's message began with; one seen through the product begins otherwise.</summary>
    private static bool HasCause(FuzzFailure failure, string first)
        => failure.Kind != FailureKind.Statement || first.Length != 5 || failure.Message.StartsWith(first, StringComparison.Ordinal);

    /// <summary>Whether the query yields something else when rows lie in another order and plans are others.</summary>
    public async Task<bool> IsLeftOpenAsync(FuzzFailure failure)
    {
        await using var connection = await database.Source.OpenConnectionAsync();
        await database.ResetAsync(connection);
        foreach (var change in failure.History.Initial.Concat(failure.History.Intervals.SelectMany(static i => i)))
        {
            await FuzzDatabase.ApplyAsync(connection, change);
        }

        await using var transaction = await connection.BeginTransactionAsync();
        try
        {
            await connection.ExecuteAsync($"CREATE TEMP TABLE plain AS {failure.Query}");
            foreach (var order in (string[])["md5(r::text)", "md5(r::text || 'x') DESC"])
            {
                foreach (var table in FuzzSchema.Sources.SelectMany(static s => s.Heirs.Prepend(s.Table)).Distinct())
                {
                    var rows = table == "p" ? "fuzz.p" : $"ONLY fuzz.{table}";
                    await connection.ExecuteAsync($"CREATE TEMP TABLE shuffled AS SELECT * FROM {rows} AS r ORDER BY {order}; DELETE FROM {rows}; INSERT INTO fuzz.{table} SELECT * FROM shuffled; DROP TABLE shuffled");
                }

                await connection.ExecuteAsync("SET LOCAL enable_hashagg = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_nestloop = off");
                await connection.ReloadTypesAsync();
                if (await MultisetAssert.DifferenceAsync(connection, "SELECT * FROM plain", failure.Query) is not null)
                {
                    return true;
                }

                await connection.ExecuteAsync("SET LOCAL enable_nestloop = on; SET LOCAL enable_mergejoin = off");
            }
        }
        catch (PostgresException)
        {
            // A query that fails has no result to leave open.
        }

        return false;
    }

    /// <summary>Leaves out intervals, transactions and statements, halves first (delta debugging, Zeller 1999).</summary>
    private async Task<FuzzFailure> ShortenAsync(FuzzFailure failure)
    {
        failure = await MinimiseAsync(failure, failure.History.Initial, static (f, kept) => f with { History = f.History with { Initial = kept } });
        failure = await MinimiseAsync(failure, failure.History.Intervals, static (f, kept) => f with { History = f.History with { Intervals = kept } });
        for (var i = 0; i < failure.History.Intervals.Count; i++)
        {
            var place = i;
            var interval = failure.History.Intervals[place];
            failure = await MinimiseAsync(failure, interval, (f, kept) => f with { History = Replaced(f.History, place, kept) });
            if (place >= failure.History.Intervals.Count)
            {
                break;
            }

            for (var t = 0; t < failure.History.Intervals[place].Count; t++)
            {
                var number = t;
                var transaction = failure.History.Intervals[place][number];
                failure = await MinimiseAsync(failure, transaction.Statements, (f, kept) => f with
                {
                    History = Replaced(f.History, place, [.. f.History.Intervals[place].Select((x, j) => j == number ? x with { Statements = kept } : x)]),
                });
            }
        }

        return failure;
    }

    private static FuzzHistory Replaced(FuzzHistory history, int place, IReadOnlyList<FuzzTransaction> interval)
        => history with { Intervals = [.. history.Intervals.Select((x, i) => i == place ? interval : x)] };

    private async Task<FuzzFailure> MinimiseAsync<T>(FuzzFailure failure, IReadOnlyList<T> items, Func<FuzzFailure, IReadOnlyList<T>, FuzzFailure> with)
    {
        var kept = items;
        for (var size = Math.Max(kept.Count / 2, 1); size >= 1 && kept.Count > 0; size /= 2)
        {
            for (var from = 0; from < kept.Count && !IsOver;)
            {
                IReadOnlyList<T> fewer = [.. kept.Take(from), .. kept.Skip(from + size)];
                var candidate = with(failure, fewer);
                if (await AgainAsync(candidate) is { } again)
                {
                    // The history as it was given: the run may have cut it off where it failed.
                    failure = again with { History = candidate.History };
                    kept = fewer;
                }
                else
                {
                    from += size;
                }
            }
        }

        return failure;
    }

    private async Task<FuzzFailure> ReduceAsync(FuzzFailure failure)
    {
        var isSmaller = true;
        while (isSmaller && !IsOver)
        {
            isSmaller = false;
            foreach (var text in await CandidatesAsync(failure.Query))
            {
                if (IsOver)
                {
                    break;
                }

                if (await IsValidAsync(text) && await AgainAsync(failure with { Query = text }, mayBeLeftOpen: true) is { } again)
                {
                    failure = again with { History = failure.History };
                    isSmaller = true;
                    break;
                }
            }
        }

        return failure;
    }

    private async Task<IReadOnlyList<string>> CandidatesAsync(string query)
    {
        await using var connection = await database.Source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync($"CREATE VIEW fuzz.canonical AS {query}");
        await connection.ExecuteAsync("SET LOCAL search_path = ''");
        var text = await connection.ScalarAsync<string>("SELECT pg_catalog.pg_get_viewdef('fuzz.canonical'::pg_catalog.regclass, false)");
        return [.. QueryReducer.Candidates(text!)];
    }

    /// <summary>Most candidates are not even SQL; that is found out without making anything anew.</summary>
    private async Task<bool> IsValidAsync(string query)
    {
        await using var connection = await database.Source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        try
        {
            await connection.ExecuteAsync($"CREATE VIEW fuzz.candidate AS {query}");
            return true;
        }
        catch (PostgresException)
        {
            return false;
        }
    }
}
