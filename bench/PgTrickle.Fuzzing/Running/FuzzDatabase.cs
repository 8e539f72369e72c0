using System.Text;
using System.Text.RegularExpressions;
using Npgsql;
using PgTrickle.Fuzzing.Generation;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Fuzzing.Running;

/// <summary>
/// The tables, each with a change buffer that row triggers fill: slow, simple, and no code of the product. Statements of plans run in a function, as they do in the product.
/// </summary>
/// <param name="superuser">Its connections.</param>
/// <param name="version">The server's major version.</param>
/// <param name="withheld">A table whose changes are not captured, so that a run can be seen to fail; null for none.</param>
internal sealed partial class FuzzDatabase(NpgsqlDataSource superuser, int version, string? withheld = null)
{
    private const string RunFunction = """
        CREATE FUNCTION fuzz.run_plan(statement text, snap pg_snapshot, clock timestamptz) RETURNS void LANGUAGE plpgsql
        SET jit = off AS $f$ BEGIN EXECUTE statement USING snap, '{}'::xid8[], clock; END $f$
        """;

    /// <summary>The SQLSTATE with which a query fails, or NULL. A query that never ends fails, too: the statement's timeout is caught only where it is named.</summary>
    private const string FailsFunction = """
        CREATE FUNCTION fuzz.fails_with(query text) RETURNS text LANGUAGE plpgsql AS $f$
        BEGIN
            EXECUTE 'CREATE TEMP TABLE judged AS ' || query;
            DROP TABLE judged;
            RETURN NULL;
        EXCEPTION WHEN OTHERS OR query_canceled THEN
            RETURN SQLSTATE;
        END $f$
        """;

    /// <summary>Marks the buffer of a table whose rows came or went without a trigger, as TRUNCATE does: its readers are evaluated. The product notices by itself.</summary>
    private const string MarkSql = "EXECUTE format('INSERT INTO fuzz.%I (__pgt_xid, __pgt_w) VALUES (pg_current_xact_id(), 0)', 'buf_' || source);";

    private const string IsHeirFunction = """
        CREATE FUNCTION fuzz.is_heir(parent regclass, relid oid) RETURNS bool LANGUAGE sql STABLE AS $f$
            WITH RECURSIVE tree AS (SELECT parent::oid AS relid UNION SELECT i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.relid)
            SELECT EXISTS (SELECT FROM tree t WHERE t.relid = is_heir.relid)
        $f$
        """;

    public int Version => version;

    public NpgsqlDataSource Source => superuser;

    /// <summary>Lets no statement of the product's own sessions run for ever, either, before it has any.</summary>
    public async Task LimitStatementsAsync()
    {
        await using var connection = await superuser.OpenConnectionAsync();
        await connection.ExecuteAsync("DO $$ BEGIN EXECUTE pg_catalog.format('ALTER DATABASE %I SET statement_timeout = %L', pg_catalog.current_database(), '60s'); END $$");
    }

    /// <summary>Makes everything anew.</summary>
    /// <param name="connection">Where.</param>
    /// <param name="isCaptured">Whether tables have buffers; not if the product's own triggers are to capture them.</param>
    public async Task ResetAsync(NpgsqlConnection connection, bool isCaptured = true)
    {
        var script = new StringBuilder("SET client_min_messages = warning; DROP SCHEMA IF EXISTS fuzz CASCADE;");
        foreach (var statement in FuzzSchema.Statements.Append(RunFunction).Append(FailsFunction).Append(IsHeirFunction))
        {
            script.Append(statement).Append(';');
        }

        script.Append($"CREATE FUNCTION fuzz.reshaped(source text) RETURNS void LANGUAGE plpgsql AS $f$ BEGIN {(isCaptured ? MarkSql : "")} END $f$;");
        foreach (var source in isCaptured ? FuzzSchema.Sources : [])
        {
            Capture(script, source, source.Table != withheld);
        }

        script.Append("SET statement_timeout = '20s';");
        await connection.ExecuteAsync(script.ToString());
    }

    /// <summary>A buffer, and the triggers that fill it. What is not an heir any more still has its trigger.</summary>
    private static void Capture(StringBuilder script, FuzzSource source, bool isCaptured)
    {
        var buffer = $"fuzz.{source.Buffer}";
        var columns = FuzzSchema.Relations["fuzz." + source.Table].Select(static c => c.Sql).ToList();
        string Row(string weight, string row) => $"INSERT INTO {buffer} VALUES (pg_current_xact_id(), {weight}, {string.Join(", ", columns.Select(c => $"{row}.{c}"))});";
        script.Append($"""
            CREATE TABLE {buffer} AS SELECT pg_current_xact_id() AS __pgt_xid, 1::smallint AS __pgt_w, {string.Join(", ", columns)} FROM fuzz.{source.Table} WITH NO DATA;
            CREATE FUNCTION {buffer}_f() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
                {(source.Heirs.Count > 0 ? $"IF NOT fuzz.is_heir('fuzz.{source.Table}', TG_RELID) THEN RETURN NULL; END IF;" : "")}
                IF TG_OP <> 'INSERT' THEN {Row("-1", "OLD")} END IF;
                IF TG_OP <> 'DELETE' THEN {Row("1", "NEW")} END IF;
                RETURN NULL;
            END $f$;
            """);
        if (!isCaptured)
        {
            return;
        }

        script.Append($"CREATE FUNCTION {buffer}_t() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN INSERT INTO {buffer} (__pgt_xid, __pgt_w) VALUES (pg_current_xact_id(), 0); RETURN NULL; END $f$;");
        foreach (var member in source.Heirs.Prepend(source.Table))
        {
            script.Append($"CREATE TRIGGER {source.Buffer} AFTER INSERT OR UPDATE OR DELETE ON fuzz.{member} FOR EACH ROW EXECUTE FUNCTION {buffer}_f();");
        }

        foreach (var truncated in source.Heirs.Concat(source.Partitions).Prepend(source.Table))
        {
            script.Append($"CREATE TRIGGER {source.Buffer}_emptied AFTER TRUNCATE ON fuzz.{truncated} EXECUTE FUNCTION {buffer}_t();");
        }
    }

    /// <summary>Applies an interval; the transactions that stay open are returned, for <see cref="CommitAsync"/>.</summary>
    public static async Task<List<NpgsqlConnection>> ApplyAsync(NpgsqlDataSource source, NpgsqlConnection connection, IReadOnlyList<FuzzTransaction> changes)
    {
        var late = new List<NpgsqlConnection>();
        foreach (var change in changes)
        {
            if (!change.IsLate)
            {
                await ApplyAsync(connection, change);
                continue;
            }

            var writer = await source.OpenConnectionAsync();
            late.Add(writer);
            try
            {
                await writer.ExecuteAsync($"BEGIN; SET LOCAL lock_timeout = '100ms'; {string.Join("; ", change.Statements)}");
            }
            catch (PostgresException)
            {
                // Committing it rolls it back.
            }
        }

        return late;
    }

    /// <summary>Commits what stayed open.</summary>
    public static async Task CommitAsync(IEnumerable<NpgsqlConnection> late)
    {
        foreach (var writer in late)
        {
            await writer.ExecuteAsync("COMMIT");
            await writer.DisposeAsync();
        }
    }

    /// <summary>
    /// The SQLSTATE with which a query fails, that of a timeout if it does not end; null if it succeeds. One that succeeds only because a side of INTERSECT or EXCEPT was empty, and the other
    /// side therefore not looked at, is taken to fail: newer servers save themselves the work, older ones do not, and no statement of a plan does.
    /// </summary>
    public static async Task<string?> FailsAsync(NpgsqlConnection connection, string query)
        => await connection.ScalarAsync<string>("SELECT fuzz.fails_with($1)", query)
            ?? (SetDifference().IsMatch(query) ? await connection.ScalarAsync<string>("SELECT fuzz.fails_with($1)", SetDifference().Replace(query, "UNION ALL")) : null);

    [GeneratedRegex(@"\b(INTERSECT|EXCEPT)( ALL)?\b", RegexOptions.CultureInvariant)]
    private static partial Regex SetDifference();

    /// <summary>Runs a transaction; an error of a statement (a key that exists already, a table that a late transaction holds) ends it.</summary>
    public static async Task ApplyAsync(NpgsqlConnection connection, FuzzTransaction change)
    {
        try
        {
            // One message, one transaction; but statements see what those before them did.
            await connection.ExecuteAsync($"BEGIN; SET LOCAL lock_timeout = '300ms'; {string.Join("; ", change.Statements)}; {(change.IsRolledBack ? "ROLLBACK" : "COMMIT")}");
        }
        catch (PostgresException)
        {
            await connection.ExecuteAsync("ROLLBACK");
        }
    }
}
