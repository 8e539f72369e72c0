using System.Data;
using System.Globalization;
using Npgsql;
using PgTrickle.Dvm;
using PgTrickle.Fuzzing.Generation;
using PgTrickle.Postgres.Compilation;
using PgTrickle.Sql.Syntax;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Fuzzing.Running;

/// <summary>A stream table maintained by hand: the compiler's statements over buffers that triggers filled, and a frontier kept here.</summary>
internal sealed class DirectTable
{
    private readonly NpgsqlConnection _connection;
    private readonly PlanNames _names;
    private readonly string _compared;
    private readonly string _columns;

    private DirectTable(NpgsqlConnection connection, string query, Manner manner, CompiledPlan plan, PlanNames names, string columns, string compared)
    {
        _connection = connection;
        Query = query;
        Manner = manner;
        Plan = plan;
        _names = names;
        _columns = columns;
        _compared = compared;
    }

    public string Query { get; }

    public Manner Manner { get; }

    public CompiledPlan Plan { get; }

    /// <summary>The snapshot it shows.</summary>
    public string Frontier { get; private set; } = "";

    private DateTime Clock { get; set; }

    private string Table => _names.Table.ToString();

    /// <summary>Compiles with the product's own analysis, creates and fills. In no transaction.</summary>
    public static async Task<DirectTable> CreateAsync(NpgsqlConnection connection, string name, string query, Manner manner)
    {
        var plan = await QueryExplainer.CompileAsync(
            connection, query, RequestedMode.Auto, static (analysis, catalog, options) => Compiler.Compile(analysis, catalog, options), CancellationToken.None);
        await connection.ExecuteAsync($"CREATE TABLE fuzz.{name} AS {query} WITH NO DATA");
        await connection.ExecuteAsync($"CREATE TABLE fuzz.{name}_out AS SELECT 1::smallint AS __pgt_w, q.* FROM fuzz.{name} q");
        var columns = (await connection.QueryAsync(
            """
            SELECT quote_ident(attname), atttypid IN ('json'::regtype, 'xml'::regtype, 'point'::regtype) FROM pg_attribute
            WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum
            """,
            "fuzz." + name)).Rows;
        var list = string.Join(", ", columns.Select(static r => r[0]));
        var compared = string.Join(", ", columns.Select(static r => (bool)r[1]! ? $"{r[0]}::text" : (string)r[0]!));
        var names = new PlanNames(
            Named(name), plan.Sources.Select(static s => Named(BufferOf(s))).ToSyntaxList(), manner.IsRead ? Named(name + "_out") : null);
        foreach (var statement in plan.Setup(names))
        {
            await connection.ExecuteAsync(statement);
        }

        var table = new DirectTable(connection, query, manner, plan, names, list, compared);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        await table.ExecuteAsync(plan.Fill(names));
        await table.AdvanceAsync();
        await transaction.CommitAsync();
        return table;
    }

    /// <summary>Applies what changed. In a REPEATABLE READ transaction.</summary>
    /// <param name="mask">The sources that changed; more do no harm.</param>
    /// <param name="full">Whether to evaluate the query instead.</param>
    /// <param name="strategy">How to apply.</param>
    public Task RefreshAsync(long mask, bool full, ApplyStrategy strategy)
        => ExecuteAsync(full || Plan.Mode == PlanMode.Full ? Plan.Full(_names, strategy) : Plan.Delta(_names, mask, strategy));

    /// <summary>Whether an expression of the clock has another value than at the frontier.</summary>
    public async Task<bool> ClockMovedAsync()
        => Plan.ClockMoved is { } moved && await _connection.ScalarAsync<bool>("SELECT " + moved.Replace("$3", "$1", StringComparison.Ordinal), Clock);

    /// <summary>Notes the rows as they are before a refresh, to see what it passes on.</summary>
    public async Task NoteAsync()
    {
        if (_names.Buffer is not null)
        {
            await _connection.ExecuteAsync($"DROP TABLE IF EXISTS before; CREATE TEMP TABLE before ON COMMIT DROP AS SELECT {_columns} FROM {Table}; DELETE FROM {_names.Buffer}");
        }
    }

    /// <summary>How it differs from its query, or null.</summary>
    public Task<string?> DifferenceAsync() => Manner.IsOpen ? FromEvaluatedAsync() : FromQueryAsync();

    /// <summary>What evaluating would change over the nodes as they are: nothing, if what SQL leaves open is settled by the rows alone. At the top of a node it is not.</summary>
    private async Task<string?> FromEvaluatedAsync()
    {
        await _connection.ExecuteAsync($"SAVEPOINT compared; CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT {_columns} FROM {Table}");
        await ExecuteAsync([Plan.Full(_names)[^1]]);
        var differing = await _connection.ScalarAsync<string>("SELECT current_setting('pgtrickle.delta', true)") != "0,0";
        if (differing)
        {
            await _connection.ReloadTypesAsync();
        }

        var difference = differing ? await MultisetAssert.DifferenceAsync(_connection, "SELECT k::text FROM kept k", $"SELECT q::text FROM (SELECT {_columns} FROM {Table}) AS q") ?? "hidden columns differ" : null;
        await _connection.ExecuteAsync("ROLLBACK TO compared; RELEASE compared");
        return difference;
    }

    private async Task<string?> FromQueryAsync()
    {
        var differing = await _connection.ScalarAsync<bool>(
            $"""
            WITH actual AS MATERIALIZED (SELECT {_compared} FROM {Table}), expected AS MATERIALIZED (SELECT {_compared} FROM ({Query}) AS q)
            SELECT EXISTS (SELECT * FROM expected EXCEPT ALL SELECT * FROM actual) OR EXISTS (SELECT * FROM actual EXCEPT ALL SELECT * FROM expected)
            """);
        if (!differing)
        {
            return null;
        }

        await _connection.ReloadTypesAsync();
        return await MultisetAssert.DifferenceAsync(_connection, $"SELECT {_columns} FROM {Table}", Query) ?? "they differed once";
    }

    /// <summary>Old rows and what came, against new rows and what went; null where that is the same.</summary>
    public async Task<string?> PassedOnDifferenceAsync()
    {
        if (_names.Buffer is null)
        {
            return null;
        }

        var was = $"SELECT {_compared} FROM before UNION ALL SELECT {_compared} FROM {_names.Buffer} WHERE __pgt_w = 1";
        var became = $"SELECT {_compared} FROM {Table} UNION ALL SELECT {_compared} FROM {_names.Buffer} WHERE __pgt_w = -1";
        var differing = await _connection.ScalarAsync<bool>(
            $"WITH a AS ({was}), b AS ({became}) SELECT EXISTS (SELECT * FROM a EXCEPT ALL SELECT * FROM b) OR EXISTS (SELECT * FROM b EXCEPT ALL SELECT * FROM a)");
        return differing ? $"what the buffer of {Table} tells is not what changed" : null;
    }

    /// <summary>Moves the frontier to this transaction's snapshot.</summary>
    public async Task AdvanceAsync()
    {
        var row = (await _connection.QueryAsync("SELECT pg_current_snapshot()::text, now()")).Rows[0];
        Frontier = (string)row[0]!;
        Clock = (DateTime)row[1]!;
    }

    /// <summary>The bits of the sources with one of these buffers.</summary>
    public long MaskOf(IReadOnlySet<string> changed) => Plan.Sources.Where(s => changed.Contains(BufferOf(s))).Aggregate(0L, static (m, s) => m | (1L << s.Ordinal));

    /// <summary>The plan as text.</summary>
    public string Describe() => Plan.Explain(ExplainStage.Plan);

    /// <summary>The statements of a variant as text.</summary>
    public string Describe(long mask) => Plan.Mode == PlanMode.Full ? "" : Plan.Explain(ExplainStage.Sql, _names, mask);

    private async Task ExecuteAsync(IReadOnlyList<string> statements)
    {
        foreach (var statement in statements)
        {
            await _connection.ExecuteAsync(
                "SELECT fuzz.run_plan($1, $2::text::pg_snapshot, $3)", statement, Frontier.Length == 0 ? "1:1:" : Frontier, Clock == default ? DateTime.UnixEpoch : Clock);
        }
    }

    private static string BufferOf(PlanSource source) => FuzzSource.BufferOf(source.Relation.Name.Name.Value, source.Relation.IsAlone);

    private static QualifiedName Named(string name) => new(new SqlIdentifier("fuzz"), new SqlIdentifier(name));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Table}: {Query}");
}
