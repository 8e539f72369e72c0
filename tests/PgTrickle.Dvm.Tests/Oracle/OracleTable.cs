using System.Data;
using System.Globalization;
using Npgsql;
using PgTrickle.Sql.Syntax;
using PgTrickle.TestInfrastructure;
using Xunit.Sdk;

namespace PgTrickle.Dvm.Tests.Oracle;

/// <summary>
/// A stream table by hand: buffers filled by row triggers, a frontier kept by the test, statements of the compiler. After each refresh it is compared with its query, in
/// the refresh's own transaction, and what the refresh passed on to its buffer with what it changed.
/// </summary>
internal sealed class OracleTable
{
    private readonly NpgsqlConnection _connection;
    private readonly string _name;
    private readonly PlanNames _names;
    private string _snapshot = "";
    private DateTime _clock;

    private OracleTable(NpgsqlConnection connection, string name, CompiledPlan plan, PlanNames names, string text)
    {
        _connection = connection;
        _name = name;
        Plan = plan;
        _names = names;
        Text = text;
    }

    public CompiledPlan Plan { get; }

    /// <summary>The query's canonical text.</summary>
    public string Text { get; }

    /// <summary>What the last refresh did: Merge, Split, Full or nothing.</summary>
    public string LastAction { get; private set; } = "";

    public string Name => _name;

    /// <summary>Rows inserted and deleted by the last refresh, as it noted them.</summary>
    public string LastCounts { get; private set; } = "";

    public static async Task<OracleTable> CreateAsync(NpgsqlConnection connection, string name, string query, CompileOptions? options = null, bool fill = true)
    {
        await connection.ExecuteAsync(RunFunction);
        var (analysis, catalog) = await CatalogReader.ReadAsync(connection, query, $"v_{name}");
        var plan = Compiler.Compile(analysis, catalog, options ?? new CompileOptions { Mode = RequestedMode.Differential });
        await connection.ExecuteAsync($"CREATE TABLE {name} AS SELECT * FROM v_{name} WITH NO DATA");
        await connection.ExecuteAsync($"CREATE TABLE {name}_out AS SELECT 1::smallint AS __pgt_w, * FROM v_{name} WITH NO DATA");
        foreach (var source in plan.Sources)
        {
            await CaptureAsync(connection, $"{name}_b{source.Ordinal}", source);
        }

        var names = new PlanNames(
            Public(name), plan.Sources.Select(s => Public($"{name}_b{s.Ordinal}")).ToSyntaxList(), Public($"{name}_out"))
        {
            XidColumn = "__pgt_xid",
            WeightColumn = "__pgt_w",
        };
        foreach (var statement in plan.Setup(names))
        {
            await connection.ExecuteAsync(statement);
        }

        var table = new OracleTable(connection, name, plan, names, analysis.Text);
        if (fill)
        {
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead);
            await table.RunAsync(plan.Fill(names));
            await table.CompareAsync();
            await table.AdvanceAsync();
            await transaction.CommitAsync();
        }

        return table;
    }

    /// <summary>Fills the table, and those of its nodes, with what the same query yields at another time, and puts the frontier's clock there.</summary>
    public async Task FillAsAtAsync(DateTime clock, Func<string, string> asAt)
    {
        await using var transaction = await _connection.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        var tables = await _connection.QueryAsync("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relname ~ ('^' || $1 || '(_n[0-9]+)?$')", _name);
        await _connection.ExecuteAsync($"TRUNCATE {string.Join(", ", tables.Column<string>())}");
        await RunAsync([.. Plan.Fill(_names).Select(asAt)]);
        await AdvanceAsync();
        await transaction.CommitAsync();
        _clock = clock;
    }

    /// <summary>Refreshes as the product does: the variant of what changed; SPLIT after 23505, the full difference after an error of the delta's.</summary>
    public async Task RefreshAsync(bool forceFull = false, ApplyStrategy strategy = ApplyStrategy.Merge)
    {
        try
        {
            await RefreshOnceAsync(forceFull, strategy);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation && strategy == ApplyStrategy.Merge)
        {
            await RefreshAsync(forceFull, ApplyStrategy.Split);
        }
        catch (PostgresException e) when (IsOfData(e) && !forceFull)
        {
            await RefreshAsync(forceFull: true, strategy);
        }
    }

    public async Task CompareAsync()
    {
        var columns = string.Join(", ", await VisibleColumnsAsync());
        if (await MultisetAssert.DifferenceAsync(_connection, $"SELECT {columns} FROM {_name}", $"SELECT {columns} FROM v_{_name}") is { } difference)
        {
            throw new XunitException($"{difference}\naction: {LastAction}\n{Plan.Explain(ExplainStage.Plan)}");
        }
    }

    private async Task RefreshOnceAsync(bool forceFull, ApplyStrategy strategy)
    {
        await using var transaction = await _connection.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        var mask = await MaskAsync();
        var full = forceFull || Plan.Mode == PlanMode.Full;
        var statements = full ? Plan.Full(_names, strategy) : Plan.Delta(_names, mask, strategy);
        LastAction = full ? "Full" : statements.Count == 0 ? "nothing" : strategy.ToString();
        var columns = string.Join(", ", await VisibleColumnsAsync());
        await _connection.ExecuteAsync($"CREATE TEMP TABLE before ON COMMIT DROP AS SELECT {columns} FROM {_name}");
        await _connection.ExecuteAsync($"DELETE FROM {_name}_out");
        try
        {
            await RunAsync(statements);
        }
        catch (PostgresException e) when (!IsOfData(e) && e.SqlState != PostgresErrorCodes.UniqueViolation)
        {
            throw new XunitException($"{e.SqlState} {e.MessageText}\n{string.Join('\n', statements)}\n{Plan.Explain(ExplainStage.Plan)}", e);
        }

        await CompareAsync();
        await ComparePassedOnAsync(columns);
        await AdvanceAsync();
        await transaction.CommitAsync();
    }

    /// <summary>Whether an error may come of rows that the delta brings together and no state held: a division by zero, a second row.</summary>
    private static bool IsOfData(PostgresException e) => e.SqlState.StartsWith("22", StringComparison.Ordinal) || e.SqlState == PostgresErrorCodes.CardinalityViolation;

    /// <summary>Old rows and what came, against new rows and what went.</summary>
    private async Task ComparePassedOnAsync(string columns)
    {
        if (await MultisetAssert.DifferenceAsync(
            _connection,
            $"SELECT {columns} FROM before UNION ALL SELECT {columns} FROM {_name}_out WHERE __pgt_w = 1",
            $"SELECT {columns} FROM {_name} UNION ALL SELECT {columns} FROM {_name}_out WHERE __pgt_w = -1") is { } difference)
        {
            throw new XunitException($"The buffer does not tell what changed.\n{difference}");
        }

        var noted = LastCounts.Length == 0 ? [0, 0] : LastCounts.Split(',').Select(static n => long.Parse(n, CultureInfo.InvariantCulture)).ToArray();
        var passed = await _connection.QueryAsync($"SELECT count(*) FILTER (WHERE __pgt_w = 1), count(*) FILTER (WHERE __pgt_w = -1) FROM {_name}_out");
        Assert.True((long)passed.Rows[0][0]! <= noted[0] && (long)passed.Rows[0][1]! <= noted[1], $"noted {LastCounts}, passed on {passed.Rows[0][0]},{passed.Rows[0][1]}");
    }

    private async Task<string[]> VisibleColumnsAsync() => (await _connection.QueryAsync(
        "SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum", $"v_{_name}")).Column<string>().ToArray();

    private async Task<long> MaskAsync()
    {
        long mask = 0;
        foreach (var source in Plan.Sources)
        {
            var changed = await _connection.ScalarAsync<bool>(
                $"SELECT EXISTS (SELECT FROM {_name}_b{source.Ordinal} WHERE __pgt_xid >= pg_snapshot_xmin($1::text::pg_snapshot) AND NOT pg_visible_in_snapshot(__pgt_xid, $1::text::pg_snapshot))",
                _snapshot);
            mask |= changed ? 1L << source.Ordinal : 0;
        }

        if (Plan.ClockMoved is { } moved && await _connection.ScalarAsync<bool>("SELECT " + moved.Replace("$3", "$1", StringComparison.Ordinal), _clock))
        {
            mask |= Plan.ClockBit;
        }

        return mask;
    }

    private async Task RunAsync(IReadOnlyList<string> statements)
    {
        await _connection.ExecuteAsync("SELECT set_config('pgtrickle.delta', '9,9', true)");
        foreach (var statement in statements)
        {
            await _connection.ExecuteAsync("SELECT run_plan($1, $2::text::pg_snapshot, $3)", statement, _snapshot.Length == 0 ? "1:1:" : _snapshot, _clock == default ? DateTime.UnixEpoch : _clock);
        }

        LastCounts = statements.Count == 0 ? "0,0" : (await _connection.ScalarAsync<string>("SELECT current_setting('pgtrickle.delta')"))!;
    }

    private async Task AdvanceAsync()
    {
        _snapshot = (await _connection.ScalarAsync<string>("SELECT pg_current_snapshot()::text"))!;
        _clock = await _connection.ScalarAsync<DateTime>("SELECT now()");
    }

    private static QualifiedName Public(string name) => new(new SqlIdentifier("public"), new SqlIdentifier(name));

    /// <summary>Row triggers: slow, simple, and no code of the product.</summary>
    private static async Task CaptureAsync(NpgsqlConnection connection, string buffer, PlanSource source)
    {
        var columns = string.Concat(source.Columns.Select(static c => $", {c.Name}"));
        var definition = string.Concat(source.Columns.Select(static c => $", {c.Name}"));
        await connection.ExecuteAsync($"CREATE TABLE {buffer} AS SELECT pg_current_xact_id() AS __pgt_xid, 1::smallint AS __pgt_w{definition} FROM {source.Relation.Name} WITH NO DATA");
        await connection.ExecuteAsync($"ALTER TABLE {buffer} ALTER COLUMN __pgt_xid SET DEFAULT pg_current_xact_id()");
        string Values(string row) => string.Concat(source.Columns.Select(c => $", {row}.{c.Name}"));
        await connection.ExecuteAsync($"""
            CREATE FUNCTION {buffer}_f() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
                IF TG_OP <> 'INSERT' THEN INSERT INTO {buffer}(__pgt_w{columns}) VALUES (-1{Values("OLD")}); END IF;
                IF TG_OP <> 'DELETE' THEN INSERT INTO {buffer}(__pgt_w{columns}) VALUES (1{Values("NEW")}); END IF;
                RETURN NULL;
            END $f$
            """);
        await connection.ExecuteAsync(
            $"CREATE TRIGGER {buffer} AFTER INSERT OR UPDATE OR DELETE ON {source.Relation.Name} FOR EACH ROW EXECUTE FUNCTION {buffer}_f()");
    }

    private const string RunFunction = """
        CREATE OR REPLACE FUNCTION run_plan(statement text, snap pg_snapshot, clock timestamptz) RETURNS void LANGUAGE plpgsql
        SET jit = off AS $f$ BEGIN EXECUTE statement USING snap, '{}'::xid8[], clock; END $f$
        """;
}
