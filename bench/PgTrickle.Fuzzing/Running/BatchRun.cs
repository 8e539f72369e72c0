using System.Data;
using Npgsql;
using PgTrickle.Dvm;
using PgTrickle.Dvm.Apply;
using PgTrickle.Fuzzing.Generation;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Fuzzing.Running;

/// <summary>
/// Some queries over one history of changes. After each interval all of them are refreshed in one transaction, as an atomic group is, and compared in its snapshot.
/// </summary>
internal sealed class BatchRun(FuzzDatabase database, int seed, FuzzHistory history, FuzzStatistics statistics)
{
    /// <summary>A query that is evaluated anyway is looked at that often: there is little to go wrong.</summary>
    private const int EvaluatedIntervals = 3;

    private readonly List<DirectTable> _tables = [];
    private readonly List<FuzzFailure> _failures = [];
    private int _made;
    private int _interval = -1;

    /// <summary>Runs it; returns what went wrong.</summary>
    public async Task<IReadOnlyList<FuzzFailure>> RunAsync(IReadOnlyList<FuzzQuery> queries, CancellationToken cancellation = default)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellation);
        await database.ResetAsync(connection);
        foreach (var change in history.Initial)
        {
            await FuzzDatabase.ApplyAsync(connection, change);
        }

        await connection.ExecuteAsync("SET jit = off");
        foreach (var query in queries)
        {
            await CreateAsync(connection, query);
        }

        for (_interval = 0; _interval < history.Intervals.Count && _tables.Count > 0 && !cancellation.IsCancellationRequested; _interval++)
        {
            var late = await FuzzDatabase.ApplyAsync(database.Source, connection, history.Intervals[_interval]);
            await RefreshAllAsync(connection);
            await FuzzDatabase.CommitAsync(late);
        }

        return _failures;
    }

    private async Task CreateAsync(NpgsqlConnection connection, FuzzQuery query)
    {
        var name = FormattableString.Invariant($"q{++_made}");
        try
        {
            var table = await DirectTable.CreateAsync(connection, name, query.Sql, query.Manner);
            statistics.Count(table.Plan, query.Sql, query.Features);
            if (query.Manner.IsOpen && table.Plan is not DifferentialPlan { Rule: ZSetRule })
            {
                // At the top nothing is settled, nor where the query is evaluated anyway.
                return;
            }

            if (table.Plan.Fallback is { Kind: CompileErrorKind.Internal } error)
            {
                Fail(FailureKind.Compiler, query, error.Detail);
                return;
            }

            _tables.Add(table);
        }
        catch (PostgresException exception)
        {
            // The server or the product refuses the query; what the plan's own statements raise is a failure, unless the query raises it, too.
            statistics.Refuse(exception);
            if (exception.Where?.Contains("run_plan", StringComparison.Ordinal) == true && await FuzzDatabase.FailsAsync(connection, query.Sql) is null)
            {
                Raise(exception, query);
            }
        }
        catch (Exception exception) when (IsOfTheCompiler(exception))
        {
            Fail(FailureKind.Compiler, query, exception.ToString());
        }
    }

    private async Task RefreshAllAsync(NpgsqlConnection connection)
    {
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        var changed = new Dictionary<string, (IReadOnlySet<string> Tables, IReadOnlySet<string> Truncated)>();
        foreach (var table in _tables.ToList())
        {
            if (!changed.TryGetValue(table.Frontier, out var seen))
            {
                changed[table.Frontier] = seen = (await ChangedAsync(connection, table.Frontier), await ChangedAsync(connection, table.Frontier, isTruncated: true));
            }

            var mask = table.MaskOf(seen.Tables) | (await table.ClockMovedAsync() ? table.Plan.ClockBit : 0);
            if (table.Manner.IsOvercareful)
            {
                mask |= (1L << table.Plan.Sources.Count) - 1;
            }

            await RefreshAsync(connection, table, mask, table.MaskOf(seen.Truncated) != 0);
            if (table.Plan.Mode == PlanMode.Full && _interval >= EvaluatedIntervals)
            {
                _tables.Remove(table);
            }
        }

        await transaction.CommitAsync();
    }

    /// <summary>The buffers that hold something that a frontier has not seen.</summary>
    private static async Task<IReadOnlySet<string>> ChangedAsync(NpgsqlConnection connection, string frontier, bool isTruncated = false)
    {
        var kind = isTruncated ? "__pgt_w = 0" : "true";
        var parts = FuzzSchema.Sources.Select(s =>
            $"SELECT '{s.Buffer}' WHERE EXISTS (SELECT FROM fuzz.{s.Buffer} WHERE {kind} AND __pgt_xid >= pg_snapshot_xmin($1::text::pg_snapshot) AND NOT pg_visible_in_snapshot(__pgt_xid, $1::text::pg_snapshot))");
        return (await connection.QueryAsync(string.Join(" UNION ALL ", parts), frontier)).Column<string>().ToHashSet();
    }

    /// <summary>As the product does it: the variant of what changed; SPLIT after 23505; the query itself where the delta fails, and after TRUNCATE, which no buffer tells row by row.</summary>
    private async Task RefreshAsync(NpgsqlConnection connection, DirectTable table, long mask, bool isTruncated)
    {
        var strategy = table.Manner.Strategy;
        var full = isTruncated || (table.Manner.EvaluateEvery > 0 && _interval % table.Manner.EvaluateEvery == 1);
        for (var attempt = 0; ; attempt++)
        {
            await connection.ExecuteAsync("SAVEPOINT attempt");
            try
            {
                await table.NoteAsync();
                await table.RefreshAsync(mask, full, strategy);
                statistics.Rules.Add(table.Plan, mask, full, strategy);
                if (isTruncated)
                {
                    statistics.Rules.AddTruncated();
                }

                await CompareAsync(table, mask, full);
                await connection.ExecuteAsync("RELEASE attempt");
                return;
            }
            catch (Exception exception) when (IsOfTheCompiler(exception))
            {
                Fail(FailureKind.Compiler, table, FormattableString.Invariant($"variant {mask}\n{exception}\n{table.Describe()}"));
                return;
            }
            catch (PostgresException exception)
            {
                await connection.ExecuteAsync("ROLLBACK TO attempt; RELEASE attempt");
                if (exception.SqlState == PostgresErrorCodes.UniqueViolation && strategy == ApplyStrategy.Merge)
                {
                    strategy = ApplyStrategy.Split;
                }
                else if (IsOfTheQuery(exception) && !full && table.Plan.Mode == PlanMode.Differential && attempt < 3)
                {
                    statistics.Evaluated++;
                    full = true;
                }
                else
                {
                    await JudgeAsync(connection, table, mask, exception);
                    return;
                }
            }
        }
    }

    private async Task CompareAsync(DirectTable table, long mask, bool full)
    {
        var how = full || table.Plan.Mode == PlanMode.Full ? "evaluated" : FormattableString.Invariant($"variant {mask}");
        if (await table.DifferenceAsync() is { } difference)
        {
            Fail(FailureKind.Difference, table, $"{how}\n{difference}\n{table.Describe()}\n{table.Describe(mask)}");
            return;
        }

        statistics.Comparisons++;
        if (await table.PassedOnDifferenceAsync() is { } passedOn)
        {
            Fail(FailureKind.PassedOn, table, $"{how}\n{passedOn}\n{table.Describe()}\n{table.Describe(mask)}");
            return;
        }

        await table.AdvanceAsync();
    }

    /// <summary>A refresh that fails where the query fails is as it should be, and does not move the frontier; what does not end is given up; any other is a failure.</summary>
    private async Task JudgeAsync(NpgsqlConnection connection, DirectTable table, long mask, PostgresException exception)
    {
        switch (exception.SqlState == PostgresErrorCodes.QueryCanceled ? exception.SqlState : await FuzzDatabase.FailsAsync(connection, table.Query))
        {
            case null:
                _tables.Remove(table);
                Raise(exception, new FuzzQuery(table.Query, table.Manner, new HashSet<string>()), $"\n{table.Describe()}\n{table.Describe(mask)}");
                break;
            case PostgresErrorCodes.QueryCanceled:
                statistics.Slow++;
                _tables.Remove(table);
                break;
            default:
                statistics.Failing++;
                break;
        }
    }

    /// <summary>An expression that the query does not evaluate and the plan does ends the plan; the product evaluates the query from then on, which batches through the product look at.</summary>
    private void Raise(PostgresException exception, FuzzQuery query, string plan = "")
    {
        if (IsOfTheQuery(exception))
        {
            statistics.RaiseUnasked(exception, query.Sql);
        }
        else
        {
            Fail(FailureKind.Statement, query, $"{exception.SqlState} {exception.MessageText}{plan}");
        }
    }

    private static bool IsOfTheCompiler(Exception exception) => exception is InvalidOperationException or ArgumentException or NullReferenceException or InvalidCastException
        or KeyNotFoundException or IndexOutOfRangeException or CompileException or Sql.Parsing.SqlParseException;

    /// <summary>PostgreSQL forgets the collation of a LIKE in what JSON_TABLE is about, and raises that for each row; where there is none, the query succeeds.</summary>
    private static bool IsOfTheQuery(PostgresException exception) => exception.SqlState.StartsWith("22", StringComparison.Ordinal)
        || exception.SqlState is PostgresErrorCodes.CardinalityViolation or PostgresErrorCodes.IndeterminateCollation;

    private void Fail(FailureKind kind, DirectTable table, string message)
    {
        _tables.Remove(table);
        Fail(kind, new FuzzQuery(table.Query, table.Manner, new HashSet<string>()), message);
    }

    private void Fail(FailureKind kind, FuzzQuery query, string message)
        => _failures.Add(new(kind, query.Sql, query.Manner, database.Version, seed, history with { Intervals = [.. history.Intervals.Take(_interval + 1)] }, message));
}
