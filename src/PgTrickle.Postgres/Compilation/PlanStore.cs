using System.Data;
using System.Text.Json;
using System.Text.RegularExpressions;
using Npgsql;
using NpgsqlTypes;
using PgTrickle.Dvm;
using PgTrickle.Postgres.Ports;
using PgTrickle.Sql;
using PgTrickle.Sql.Printing;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Postgres.Compilation;

/// <summary>Compiles stream tables and stores their plans, over the control connection.</summary>
internal sealed partial class PlanStore(NpgsqlDataSource control)
{
    /// <summary>The mask under which the full difference by strategy SPLIT is stored.</summary>
    public const long FullMask = -1;

    /// <summary>Plans of up to this many sources have the variant of each single source stored from the start; others come when they are asked for.</summary>
    private const int EagerSources = 8;

    /// <summary>A compiled definition, and the state of the catalog that it was made from.</summary>
    internal sealed record Compilation(CompilationInput Input, CompiledPlan Plan, string Fingerprint)
    {
        public long[] SourceRelids => [.. Plan.Sources.Select(source => (long)source.Relation.Oid), .. Plan.UntrackedSources.Select(source => (long)source.Oid)];
    }

    /// <summary>Compiles on one snapshot of the catalog.</summary>
    /// <param name="pgtId">The stream table.</param>
    /// <param name="raisedByPlan">What the plan raised and the query does not, so that the plan is to evaluate the query as it is; null if nothing.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="RefreshFailedException">Kind Permanent: the definition does not compile, or what it uses is gone.</exception>
    public async Task<Compilation> CompileAsync(long pgtId, string? raisedByPlan, CancellationToken cancellation)
    {
        await using var connection = await control.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellation);
        var input = await CatalogLoader.LoadAsync(connection, pgtId, isKept: true, cancellation);
        input = input with { Options = input.Options with { RaisedByPlan = raisedByPlan } };
        var plan = Compile(input);
        var compilation = new Compilation(input, plan, "");
        await using var command = new NpgsqlCommand("SELECT pgtrickle._fingerprint($1, $2::oid[])", connection)
        {
            Parameters = { new() { Value = pgtId }, new() { Value = compilation.SourceRelids } },
        };
        return compilation with { Fingerprint = (string)(await command.ExecuteScalarAsync(cancellation))! };
    }

    /// <summary>
    /// Writes the present names of relations that were renamed or moved into the definition, as PostgreSQL does in views: they go by OID. A relation that is gone
    /// keeps its name there, and another one of that name takes its place.
    /// </summary>
    public async Task FollowRenamesAsync(long pgtId, CancellationToken cancellation)
    {
        await using var command = control.CreateCommand(CatalogQueries.Renamed);
        command.Parameters.Add(new() { Value = pgtId });
        string? query = null;
        var renamed = new Dictionary<QualifiedName, QualifiedName>();
        await using (var rows = await command.ExecuteReaderAsync(cancellation))
        {
            while (await rows.ReadAsync(cancellation))
            {
                query = rows.GetString(0);
                renamed[Name(rows, 1)] = Name(rows, 3);
            }
        }

        if (query is null)
        {
            return;
        }

        var followed = CanonicalSql.ParseQuery(query).Rewrite(node => node is TableReference table && renamed.TryGetValue(table.Name, out var name)
            ? table with { Name = name, Alias = table.Alias ?? new TableAlias(table.Name.Name) }
            : node);
        await using var update = control.CreateCommand("UPDATE pgtrickle.stream_tables SET defining_query = $3 WHERE pgt_id = $1 AND defining_query = $2");
        update.Parameters.Add(new() { Value = pgtId });
        update.Parameters.Add(new() { Value = query });
        update.Parameters.Add(new() { Value = SqlPrinter.Print(followed) });
        await update.ExecuteNonQueryAsync(cancellation);
    }

    private static QualifiedName Name(NpgsqlDataReader row, int column) =>
        new(new SqlIdentifier(row.GetString(column)), new SqlIdentifier(row.GetString(column + 1)));

    /// <summary>Registers the stream table with a capture for each source, all in one transaction; returns the captures by ordinal.</summary>
    public async Task<int[]> RegisterCapturesAsync(Compilation compilation, CancellationToken cancellation)
    {
        var sources = compilation.Plan.Sources;
        var captures = new int[sources.Count];
        if (captures is [])
        {
            return captures;
        }

        await using var connection = await control.OpenConnectionAsync(cancellation);
        await using var batch = new NpgsqlBatch(connection);
        foreach (var source in sources)
        {
            string[] columns = [.. source.Columns.Select(column => column.Name.Value)];
            batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT pgtrickle._capture_register($1, $2::oid, $3, $4)")
            {
                Parameters =
                {
                    new() { Value = compilation.Input.PgtId }, new() { Value = (long)source.Relation.Oid }, new() { Value = columns }, new() { Value = source.Relation.IsAlone },
                },
            });
        }

        await using var rows = await batch.ExecuteReaderAsync(cancellation);
        foreach (var source in sources)
        {
            await rows.ReadAsync(cancellation);
            captures[source.Ordinal] = rows.GetInt32(0);
            await rows.NextResultAsync(cancellation);
        }

        return captures;
    }

    /// <summary>Stores the plan, and the variants that will be wanted first, all in one transaction.</summary>
    public async Task StoreAsync(Compilation compilation, int[] captures, CancellationToken cancellation)
    {
        var (input, plan, fingerprint) = compilation;
        var names = Names(compilation, captures);
        await using var connection = await control.OpenConnectionAsync(cancellation);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            "SELECT pgtrickle._store_plan($1, $2, $3, $4, $5, $6::oid[], $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)")
        {
            Parameters =
            {
                new() { Value = input.PgtId },
                new() { Value = input.DefinitionVersion },
                new() { Value = Compiler.Version },
                new() { Value = plan.Mode == PlanMode.Full ? "FULL" : "DIFFERENTIAL" },
                new() { Value = (object?)(plan.Fallback is { } fallback ? $"{fallback.Message}: {fallback.Detail}" : null) ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                new() { Value = compilation.SourceRelids },
                new() { Value = captures },
                new() { Value = plan.UntrackedSources.Count > 0 },
                new() { Value = (object?)TrustedClock(plan.ClockMoved) ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                new() { Value = plan.ClockBit },
                new() { Value = plan.Setup(names).ToArray() },
                new() { Value = plan.Fill(names).ToArray() },
                new() { Value = plan.Full(names).ToArray() },
                new() { Value = fingerprint },
                new() { Value = Explain(plan, names), NpgsqlDbType = NpgsqlDbType.Jsonb },
                new() { Value = (object?)input.Options.RaisedByPlan ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
            },
        });
        foreach (var mask in EagerMasks(plan))
        {
            batch.BatchCommands.Add(EagerVariant(input.PgtId, mask, plan.Delta(names, mask)));
        }

        await batch.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>A variant of the version that was stored a moment ago: its stream table is still locked.</summary>
    private static NpgsqlBatchCommand EagerVariant(long pgtId, long mask, IReadOnlyList<string> statements) => new(
        """
        INSERT INTO pgtrickle.plan_variants (pgt_id, plan_version, mask, strategy, statements)
        SELECT s.pgt_id, s.plan_version, $2, 'MERGE', $3 FROM pgtrickle.stream_table_state s WHERE s.pgt_id = $1
        ON CONFLICT DO NOTHING
        """)
    {
        Parameters = { new() { Value = pgtId }, new() { Value = mask }, new() { Value = statements.ToArray() } },
    };

    /// <summary>Compiles and stores a variant that a refresh found missing. A plan holds variants of one compiler only: they share tables and hidden columns.</summary>
    public async Task<VariantOutcome> AddVariantAsync(MissingVariant missing, CancellationToken cancellation)
    {
        await using var connection = await control.OpenConnectionAsync(cancellation);
        var compilation = await CompileAsync(missing.PgtId, await RaisedByPlanAsync(connection, missing, cancellation), cancellation);
        int[] captures;
        await using (var command = new NpgsqlCommand(
            "SELECT capture_ids, compiler_version FROM pgtrickle.plans WHERE pgt_id = $1 AND plan_version = $2 AND fingerprint = $3", connection)
        {
            Parameters = { new() { Value = missing.PgtId }, new() { Value = missing.PlanVersion }, new() { Value = compilation.Fingerprint } },
        })
        {
            await using var row = await command.ExecuteReaderAsync(cancellation);
            if (!await row.ReadAsync(cancellation) || row.GetInt32(1) < Compiler.Version)
            {
                return VariantOutcome.OutOfDate;
            }

            if (row.GetInt32(1) > Compiler.Version)
            {
                return VariantOutcome.OfNewerCompiler;
            }

            captures = row.GetFieldValue<int[]>(0);
        }

        if (captures.Length != compilation.Plan.Sources.Count)
        {
            return VariantOutcome.OutOfDate;
        }

        var names = Names(compilation, captures);
        var statements = missing.Mask == FullMask
            ? compilation.Plan.Full(names, missing.Strategy)
            : compilation.Plan.Delta(names, missing.Mask, missing.Strategy);
        await using var insert = new NpgsqlCommand(
            """
            INSERT INTO pgtrickle.plan_variants (pgt_id, plan_version, mask, strategy, statements)
            SELECT $1, $2, $3, $4, $5 WHERE EXISTS (SELECT FROM pgtrickle.plans p WHERE p.pgt_id = $1 AND p.plan_version = $2)
            ON CONFLICT DO NOTHING
            """,
            connection)
        {
            Parameters =
            {
                new() { Value = missing.PgtId }, new() { Value = missing.PlanVersion }, new() { Value = missing.Mask },
                new() { Value = missing.Strategy == ApplyStrategy.Split ? "SPLIT" : "MERGE" }, new() { Value = statements.ToArray() },
            },
        };
        await insert.ExecuteNonQueryAsync(cancellation);
        return VariantOutcome.Added;
    }

    /// <summary>Whether the present plan is differential.</summary>
    public async Task<bool> IsDifferentialAsync(long pgtId, CancellationToken cancellation)
    {
        await using var command = control.CreateCommand(
            "SELECT p.mode = 'DIFFERENTIAL' FROM pgtrickle.plans p JOIN pgtrickle.stream_table_state s USING (pgt_id, plan_version) WHERE p.pgt_id = $1");
        command.Parameters.Add(new() { Value = pgtId });
        return await command.ExecuteScalarAsync(cancellation) is true;
    }

    /// <summary>Why a plan evaluates the query, if it is what the plan before it raised: the variants of a plan are of one kind.</summary>
    private static async Task<string?> RaisedByPlanAsync(NpgsqlConnection connection, MissingVariant missing, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("SELECT raised_by_plan FROM pgtrickle.plans WHERE pgt_id = $1 AND plan_version = $2", connection)
        {
            Parameters = { new() { Value = missing.PgtId }, new() { Value = missing.PlanVersion } },
        };
        return await command.ExecuteScalarAsync(cancellation) as string;
    }

    private CompiledPlan Compile(CompilationInput input)
    {
        try
        {
            return Compiler.Compile(input.Analysis, input.Catalog, input.Options);
        }
        catch (CompileException exception)
        {
            throw new RefreshFailedException(
                input.PgtId, FailureKind.Permanent, exception.Error.SqlState, exception.Error.Message, exception.Error.Detail, exception.Error.Hint, exception);
        }
    }

    private static PlanNames Names(Compilation compilation, int[] captures) => new(
        compilation.Input.Table,
        captures.Select(capture => new QualifiedName(new SqlIdentifier("pgtrickle_changes"), new SqlIdentifier($"v_{capture}"))).ToSyntaxList())
    {
        NodePrefix = compilation.Input.RunName,
    };

    private static IEnumerable<long> EagerMasks(CompiledPlan plan)
    {
        if (plan.Mode == PlanMode.Full)
        {
            return [];
        }

        var single = plan.Sources.Count <= EagerSources ? plan.Sources.Select(source => 1L << source.Ordinal) : [];
        return plan.ClockBit != 0 ? single.Append(plan.ClockBit) : single;
    }

    /// <summary>
    /// The expression is evaluated by the probe, as role pgtrickle, which must not run users' code: only names of pg_catalog may occur in it. Anything
    /// else counts as having moved.
    /// </summary>
    private static string? TrustedClock(string? expression) =>
        expression is null || ForeignName().Matches(expression).All(match => match.Groups[1].Value is "pg_catalog") ? expression : "true";

    [GeneratedRegex("""("(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)\s*\.""")]
    private static partial Regex ForeignName();

    private static string Explain(CompiledPlan plan, PlanNames names)
    {
        var stages = new Dictionary<string, string>();
        foreach (var stage in Enum.GetValues<ExplainStage>().Where(stage => stage != ExplainStage.Sql))
        {
            stages[stage.ToString().ToLowerInvariant()] = plan.Explain(stage, names);
        }

        return JsonSerializer.Serialize(stages);
    }
}

/// <summary>What came of a variant that was missing.</summary>
internal enum VariantOutcome
{
    /// <summary>It is stored.</summary>
    Added,

    /// <summary>The plan is of another version meanwhile, of an older compiler, or does not compile to the same sources any more.</summary>
    OutOfDate,

    /// <summary>The plan was made by a newer compiler than this node has.</summary>
    OfNewerCompiler,
}

/// <summary>A variant that refresh_plan asked for (PT001).</summary>
internal sealed record MissingVariant(long PgtId, long PlanVersion, long Mask, ApplyStrategy Strategy)
{
    /// <summary>Reads the DETAIL of the error: id, version, mask and strategy. Null if it is not ours: users' functions may raise anything.</summary>
    public static MissingVariant? Of(string? detail) =>
        detail?.Split(' ') is [var id, var version, var mask, ("SPLIT" or "MERGE") and var strategy]
            && long.TryParse(id, out var pgtId) && long.TryParse(version, out var planVersion) && long.TryParse(mask, out var sources)
            ? new(pgtId, planVersion, sources, strategy == "SPLIT" ? ApplyStrategy.Split : ApplyStrategy.Merge)
            : null;
}
