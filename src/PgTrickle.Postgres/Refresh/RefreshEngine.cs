using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgTrickle.Dvm;
using PgTrickle.Postgres.Capture;
using PgTrickle.Postgres.Compilation;
using PgTrickle.Postgres.Ports;
using Polly;

namespace PgTrickle.Postgres.Refresh;

/// <summary>
/// Prepares, fills and refreshes the stream tables of one database. What is right is decided in the database (migration 6); this class decides what to do
/// next when a refresh says that something else has to come first.
/// </summary>
public sealed class RefreshEngine : IRefreshEngine
{
    /// <summary>Steps that may precede a refresh (compile, prepare, fill, another strategy); more of them are a loop.</summary>
    private const int MaxSteps = 12;

    private readonly NpgsqlDataSource _control;
    private readonly RefreshEngineOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<RefreshEngine> _logger;
    private readonly PlanStore _plans;
    private readonly RefreshTransaction _transaction;
    private readonly CaptureSetup _setup;
    private readonly CaptureCleaner _cleaner;

    /// <summary>
    /// Names of owners' functions: a stream table keeps its function all its life, and ids are not used twice. Those that are here have plans that are not of an
    /// older compiler than this node's.
    /// </summary>
    private readonly ConcurrentDictionary<long, string> _runNames = new();

    /// <summary>An engine of one node for one database.</summary>
    /// <param name="connections">The node's connections.</param>
    /// <param name="node">The registered node, whose token refreshes show.</param>
    /// <param name="time">For pauses and durations.</param>
    /// <param name="logger">Where steps that users may wonder about are logged.</param>
    /// <param name="options">Limits.</param>
    public RefreshEngine(
        NodeConnections connections, NodeIdentity node, TimeProvider time, ILogger<RefreshEngine> logger, RefreshEngineOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(connections);
        ArgumentNullException.ThrowIfNull(node);
        _control = connections.Control;
        _options = options ?? RefreshEngineOptions.Default;
        _time = time;
        _logger = logger;
        _plans = new PlanStore(_control);
        _transaction = new RefreshTransaction(connections.Worker, node, _options, time);
        _setup = new CaptureSetup(_control, _transaction, RefreshRetries.Create(_options.SetupRetries, _options, time));
        _cleaner = new CaptureCleaner(_control, _options);
    }

    /// <inheritdoc/>
    public async Task<RefreshOutcome> InitializeAsync(long pgtId, bool fill, CancellationToken cancellation)
    {
        var started = _time.GetTimestamp();
        try
        {
            if (await IsPopulatedAsync(pgtId, cancellation))
            {
                return new([new(pgtId, RefreshAction.NoData, 0, 0, 0)], _time.GetElapsedTime(started));
            }

            await RequireUpstreamAsync(pgtId, cancellation);
            await PrepareAsync(pgtId, null, cancellation);
            var members = fill
                ? await RunStepsAsync([pgtId], RefreshStrategy.Fill, RefreshInitiator.Initial, cancellation)
                : [new(pgtId, RefreshAction.NoData, 0, 0, 0)];
            return new(members, _time.GetElapsedTime(started));
        }
        catch (NpgsqlException exception)
        {
            throw Failure(pgtId, exception, cancellation);
        }
    }

    /// <inheritdoc/>
    public async Task<RefreshOutcome> RefreshAsync(RefreshRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        var started = _time.GetTimestamp();
        try
        {
            var members = await RunStepsAsync(request.Members, RefreshStrategy.Auto, request.Initiator, cancellation);
            return new(members, _time.GetElapsedTime(started));
        }
        catch (NpgsqlException exception)
        {
            throw Failure(request.Members[0], exception, cancellation);
        }
    }

    /// <inheritdoc/>
    public Task<long> CleanUpAsync(CancellationToken cancellation) => _cleaner.RunAsync(cancellation);

    /// <summary>Reads the definition again, since what it was made from has changed, and prepares what follows from it.</summary>
    private async Task PrepareAgainAsync(long pgtId, CancellationToken cancellation)
    {
        await _plans.FollowRenamesAsync(pgtId, cancellation);
        await RunPreparationAsync(pgtId, RefreshStrategy.Analyse, cancellation);
        await PrepareAsync(pgtId, null, cancellation);
    }

    /// <summary>
    /// Makes a plan for a member that evaluates the query as it is, if that does not raise what evaluating it by the present plan has raised: an expression that PostgreSQL does not evaluate, since
    /// nothing asks for it, but that a node keeps. False, if the present plan evaluates the query already; what the query raises is thrown.
    /// </summary>
    /// <param name="members">The stream table, after those of its group that the query may read.</param>
    /// <param name="strategy">Of the refresh that failed.</param>
    /// <param name="raised">What the plan raised. Of it only the SQLSTATE is kept: the reason of a downgrade is public, and a message can quote data.</param>
    /// <param name="retries">Of the refresh.</param>
    /// <param name="cancellation">Ends it.</param>
    private async Task<bool> EvaluateAsItIsAsync(
        IReadOnlyList<(long PgtId, string)> members, RefreshStrategy strategy, PostgresException raised, ResiliencePipeline retries, CancellationToken cancellation)
    {
        var pgtId = members[^1].PgtId;
        if (!await _plans.IsDifferentialAsync(pgtId, cancellation))
        {
            return false;
        }

        var judging = (strategy & RefreshStrategy.Split) | RefreshStrategy.Judge;
        await retries.ExecuteAsync(async token => await _transaction.RunAsync(members, judging, RefreshInitiator.Scheduler, token), cancellation);
        _logger.LogWarning("The plan of stream table {PgtId} raises {SqlState}, its query does not; it is evaluated as a whole from now on.", pgtId, raised.SqlState);
        await PrepareAsync(pgtId, $"an expression of the query raises {raised.SqlState}", cancellation);
        return true;
    }

    private async Task RunPreparationAsync(long pgtId, RefreshStrategy strategy, CancellationToken cancellation)
    {
        var run = await RunNameAsync(pgtId, cancellation);
        var retries = RefreshRetries.Create(_options.SetupRetries, _options, _time);
        await retries.ExecuteAsync(async token => await _transaction.RunAsync([(pgtId, run)], strategy, RefreshInitiator.Scheduler, token), cancellation);
    }

    /// <summary>Compiles, captures and stores: everything that comes before the first statement on the stream table itself. Repeatable from any point.</summary>
    private async Task PrepareAsync(long pgtId, string? raisedByPlan, CancellationToken cancellation)
    {
        var compilation = await _plans.CompileAsync(pgtId, raisedByPlan, cancellation);
        var captures = await _plans.RegisterCapturesAsync(compilation, cancellation);
        await _setup.RunAsync(pgtId, compilation.Input.RunName.Name.Value, cancellation);
        await _plans.StoreAsync(compilation, captures, cancellation);
    }

    /// <summary>Tries a refresh, and what it asks for before it can succeed, until it commits or fails for good.</summary>
    private async Task<ImmutableArray<MemberOutcome>> RunStepsAsync(
        ImmutableArray<long> ids, RefreshStrategy strategy, RefreshInitiator initiator, CancellationToken cancellation)
    {
        var members = new List<(long PgtId, string)>();
        foreach (var id in ids)
        {
            members.Add((id, await CurrentRunNameAsync(id, cancellation)));
        }

        var retries = RefreshRetries.Create(_options.Retries, _options, _time, async () => await EndFrozenHoldersAsync(ids, cancellation));
        var hasPrepared = false;
        var outdated = new HashSet<long>();
        for (var step = 0; ; step++)
        {
            try
            {
                var closed = await retries.ExecuteAsync(async token => await _transaction.RunAsync(members, strategy, initiator, token), cancellation);
                return [.. closed.Select(ToOutcome)];
            }
            catch (PostgresException failure) when (step < MaxSteps)
            {
                var member = FailureClassifier.MemberOf(failure, ids[0]);
                switch (failure.SqlState)
                {
                    case FailureClassifier.VariantMissing when MissingVariant.Of(failure.Detail) is { } missing && missing.PgtId == member:
                        strategy = await AddVariantAsync(missing, strategy, cancellation);
                        break;
                    case FailureClassifier.PlanOutOfDate:
                        if (!outdated.Add(member))
                        {
                            await RefreshBeforeAsync(ids, member, initiator, cancellation);
                        }

                        await PrepareAgainAsync(member, cancellation);
                        break;
                    case FailureClassifier.NotPopulated:
                        var filled = await InitializeAsync(member, fill: true, cancellation);
                        if (ids.Length == 1)
                        {
                            return filled.Members;
                        }

                        break;
                    case var state when FailureClassifier.IsUndefined(state) && !hasPrepared:
                        // What the plan names is gone. The definition may still compile against what there is now, or say what it lacks.
                        hasPrepared = true;
                        await PrepareAgainAsync(member, cancellation);
                        break;
                    case PostgresErrorCodes.UniqueViolation when !strategy.HasFlag(RefreshStrategy.Split) && !strategy.HasFlag(RefreshStrategy.Fill):
                        strategy |= RefreshStrategy.Split;
                        break;
                    case var state when FailureClassifier.Classify(state) == FailureKind.Query
                        && (strategy & (RefreshStrategy.Full | RefreshStrategy.Fill)) == 0:
                        // A delta can meet pairs of rows that no state ever held. Only what the query itself raises is the user's error.
                        _logger.LogInformation("The delta of stream table {PgtId} failed with {SqlState}; evaluating its query instead.", member, state);
                        strategy |= RefreshStrategy.Full;
                        break;
                    case var state when FailureClassifier.IsOfExpression(state) && ids.IndexOf(member) is >= 0 and var place
                        && await EvaluateAsItIsAsync(members[..(place + 1)], strategy, failure, retries, cancellation):
                        break;
                    default:
                        throw;
                }
            }
        }
    }

    /// <summary>
    /// Refreshes the members before one, each for itself. After DDL on a source such a member may get other keys and hidden columns, and what reads it can be compiled for them only once they are
    /// committed. Until the group's own refresh, which comes next, readers may see one path of the group ahead of the other.
    /// </summary>
    private async Task RefreshBeforeAsync(ImmutableArray<long> ids, long member, RefreshInitiator initiator, CancellationToken cancellation)
    {
        foreach (var before in ids.TakeWhile(id => id != member))
        {
            await RunStepsAsync([before], RefreshStrategy.Auto, initiator, cancellation);
        }
    }

    /// <summary>Adds a variant that the plan lacks, or makes the plan anew; returns the strategy to go on with.</summary>
    private async Task<RefreshStrategy> AddVariantAsync(MissingVariant missing, RefreshStrategy strategy, CancellationToken cancellation)
    {
        switch (await _plans.AddVariantAsync(missing, cancellation))
        {
            case VariantOutcome.OfNewerCompiler when (strategy & (RefreshStrategy.Full | RefreshStrategy.Fill)) == 0:
                // Nodes are being replaced by newer ones: their plan stays, and what it lacks is theirs to add.
                return strategy | RefreshStrategy.Full;
            case VariantOutcome.Added:
                return strategy;
            default:
                await PrepareAgainAsync(missing.PgtId, cancellation);
                return strategy;
        }
    }

    private static MemberOutcome ToOutcome(ClosedMember closed) => new(
        closed.PgtId,
        closed.Action switch
        {
            "DIFFERENTIAL" => RefreshAction.Differential,
            "FULL" => RefreshAction.Full,
            "REINITIALIZE" => RefreshAction.Reinitialize,
            _ => RefreshAction.NoData,
        },
        closed.RowsInserted, closed.RowsDeleted, closed.DeltaRows);

    /// <summary>A node that died without its connection's end being noticed, or hangs, may hold the rows: it is no member any more, so its backend is ended.</summary>
    private async Task EndFrozenHoldersAsync(ImmutableArray<long> ids, CancellationToken cancellation)
    {
        await using var command = _control.CreateCommand("SELECT pgtrickle._end_frozen_holders($1, $2)");
        command.Parameters.Add(new() { Value = ids.ToArray() });
        command.Parameters.Add(new() { Value = _options.HeartbeatFreshness });
        if (await command.ExecuteScalarAsync(cancellation) is > 0)
        {
            _logger.LogWarning("Ended the session of a node that is no member of the cluster any more and held stream tables {Ids}.", ids);
        }
    }

    private async Task<string> RunNameAsync(long pgtId, CancellationToken cancellation) =>
        _runNames.TryGetValue(pgtId, out var known) ? known : (await ReadRunNameAsync(pgtId, cancellation)).Name;

    /// <summary>The name of the owner's function. What an older compiler has made of the definition is made anew when this node first meets it.</summary>
    private async Task<string> CurrentRunNameAsync(long pgtId, CancellationToken cancellation)
    {
        if (_runNames.TryGetValue(pgtId, out var known))
        {
            return known;
        }

        var (name, isOfOlderCompiler) = await ReadRunNameAsync(pgtId, cancellation);
        if (isOfOlderCompiler)
        {
            await PrepareAsync(pgtId, null, cancellation);
        }

        return _runNames.GetOrAdd(pgtId, name);
    }

    private async Task<(string Name, bool IsOfOlderCompiler)> ReadRunNameAsync(long pgtId, CancellationToken cancellation)
    {
        await using var command = _control.CreateCommand(
            """
            SELECT d.run_name, coalesce(p.compiler_version < $2, false)
            FROM pgtrickle.stream_tables d
            JOIN pgtrickle.stream_table_state s USING (pgt_id)
            LEFT JOIN pgtrickle.plans p ON p.pgt_id = d.pgt_id AND p.plan_version = s.plan_version
            WHERE d.pgt_id = $1
            """);
        command.Parameters.Add(new() { Value = pgtId });
        command.Parameters.Add(new() { Value = Compiler.Version });
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation) ? (row.GetString(0), row.GetBoolean(1)) : throw Missing(pgtId);
    }

    private async Task<bool> IsPopulatedAsync(long pgtId, CancellationToken cancellation)
    {
        await using var command = _control.CreateCommand("SELECT is_populated FROM pgtrickle.stream_table_state WHERE pgt_id = $1");
        command.Parameters.Add(new() { Value = pgtId });
        return await command.ExecuteScalarAsync(cancellation) as bool? ?? throw Missing(pgtId);
    }

    /// <summary>Before its upstream has contents it has no final columns and keys either, so nothing could be compiled.</summary>
    private async Task RequireUpstreamAsync(long pgtId, CancellationToken cancellation)
    {
        await using var command = _control.CreateCommand("SELECT pgtrickle._check_upstream($1)");
        command.Parameters.Add(new() { Value = pgtId });
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static RefreshFailedException Missing(long pgtId) =>
        new(pgtId, FailureKind.Permanent, PostgresErrorCodes.UndefinedTable, $"stream table {pgtId} does not exist");

    private static Exception Failure(long pgtId, Exception exception, CancellationToken cancellation) =>
        cancellation.IsCancellationRequested
            ? new OperationCanceledException("The refresh was cancelled and rolled back.", exception, cancellation)
            : FailureClassifier.ToFailure(pgtId, exception);
}
