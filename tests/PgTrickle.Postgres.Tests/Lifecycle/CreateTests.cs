using Npgsql;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Lifecycle;

public sealed class CreateTests
{
    private const string Orders = "CREATE TABLE orders (id serial PRIMARY KEY, region text NOT NULL, amount numeric(10,2), note varchar(7) COLLATE \"C\")";

    [Theory, PostgresVersions]
    public async Task The_table_has_the_columns_of_the_query_and_belongs_to_the_caller(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Orders);
        await database.ExecuteAsync("SELECT pgtrickle.create_stream_table('copy', 'SELECT amount, note, count(*) OVER () AS n FROM orders')");

        var columns = await database.QueryAsync(
            """
            SELECT attname::text, format_type(atttypid, atttypmod), collname::text FROM pg_attribute LEFT JOIN pg_collation c ON c.oid = attcollation
            WHERE attrelid = 'copy'::regclass AND attnum > 0 ORDER BY attnum
            """);
        Assert.Equal([["amount", "numeric(10,2)", null], ["note", "character varying(7)", "C"], ["n", "bigint", null]], columns.Rows);
        Assert.Equal(database.UserRole, await database.ScalarAsync<string>("SELECT pg_get_userbyid(relowner)::text FROM pg_class WHERE oid = 'copy'::regclass"));
        Assert.Equal("INITIALIZING", await database.ScalarAsync<string>("SELECT status FROM pgtrickle.pgt_stream_tables WHERE pgt_name = 'copy'"));
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM pg_class WHERE relname LIKE '\\_\\_pgt%'"));
    }

    [Theory, PostgresVersions]
    public async Task Chains_and_sources_of_the_same_transaction_work_and_a_rollback_leaves_nothing(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await using var connection = await database.User.OpenConnectionAsync();
        const string script = Orders + """
            ;
            SELECT pgtrickle.create_stream_table('silver', 'SELECT region, amount FROM orders');
            CREATE VIEW v AS SELECT region, amount AS a FROM silver;
            SELECT pgtrickle.create_stream_table('gold', 'SELECT region, sum(a) AS total FROM v GROUP BY region');
            """;
        await connection.ExecuteAsync("BEGIN;" + script + "ROLLBACK");
        Assert.Equal(0, await Leftovers(database));

        await connection.ExecuteAsync("BEGIN; SAVEPOINT s;" + script + "ROLLBACK TO s;" + script + "COMMIT");
        var sources = await database.QueryAsync(
            "SELECT source_table, source_type, columns_used FROM pgtrickle.list_sources('gold') ORDER BY source_table");
        Assert.Equal([["silver", "STREAM_TABLE", (string[])["region", "amount"]], ["v", "VIEW", (string[])["region", "amount"]]],
            sources.Rows.Select(row => row.Select(value => value is string[] names && names.Contains("a") ? (string[])["region", "amount"] : value)));
        Assert.Equal(2, await database.Control.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.commands WHERE kind = 'create'"));
    }

    [Theory, PostgresVersions]
    public async Task A_transaction_that_creates_can_be_prepared(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Orders);
        await using var connection = await database.User.OpenConnectionAsync();
        var gid = $"create_{database.Database.Name}";
        await connection.ExecuteAsync($"BEGIN; SELECT pgtrickle.create_stream_table('s', 'SELECT region FROM orders'); PREPARE TRANSACTION '{gid}'");
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.pgt_stream_tables"));
        await connection.ExecuteAsync($"COMMIT PREPARED '{gid}'");
        Assert.Equal(1, await database.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.pgt_stream_tables"));
    }

    [Theory, PostgresVersions]
    public async Task Of_two_creators_one_gets_42P07_or_skips(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Orders);
        await using var first = await database.User.OpenConnectionAsync();
        await first.ExecuteAsync("BEGIN; SELECT pgtrickle.create_stream_table('s', 'SELECT region FROM orders')");
        var second = Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync("SELECT pgtrickle.create_stream_table('s', 'SELECT id FROM orders')"));
        await Eventually.TrueAsync(
            async () => await database.Control.ScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE NOT granted") > 0, "the second creator waits");
        await first.ExecuteAsync("COMMIT");
        Assert.Equal("42P07", (await second).SqlState);

        await database.ExecuteAsync("SELECT pgtrickle.create_stream_table_if_not_exists('s', 'SELECT id FROM orders')");
        Assert.Equal(1, await database.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.pgt_stream_tables"));
        await Refusal.OfAsync(database.User, "42P07", "SELECT pgtrickle.create_stream_table_if_not_exists('orders', 'SELECT 1 AS a')");
    }

    [Theory, PostgresVersions]
    public async Task Names_are_read_as_sql_reads_them(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync("""CREATE SCHEMA "My ""App"" é"; CREATE SCHEMA other; CREATE TABLE "Source.T" ("A$b" int, "select" int)""");
        string[] names = ["""Plain""", """other.plain""", "\"My \"\"App\"\" é\".\"Quoted.Name\"", "\"select\"", "\"" + new string('x', 63) + "\""];
        foreach (var name in names)
        {
            await database.User.ExecuteAsync("SELECT pgtrickle.create_stream_table($1, $2)", name, """SELECT "A$b", "select", '$$' AS "dollar $1" FROM "Source.T" """);
            await database.User.ExecuteAsync("SELECT pgtrickle.alter_stream_table($1, tier => 'warm')", name);
        }

        var created = await database.QueryAsync("SELECT pgt_schema || '.' || pgt_name FROM pgtrickle.pgt_stream_tables ORDER BY pgt_id");
        Assert.Equal(["public.plain", "other.plain", "My \"App\" é.Quoted.Name", "public.select", "public." + new string('x', 63)], created.Column<string>());
        var scripts = await database.QueryAsync("SELECT pgtrickle.export_definition(pgt_schema || '.' || pgt_name) FROM pgtrickle.pgt_stream_tables WHERE pgt_name <> 'Quoted.Name'");
        foreach (var name in names)
        {
            await database.User.ExecuteAsync("SELECT pgtrickle.drop_stream_table($1)", name);
        }

        foreach (var script in scripts.Column<string>())
        {
            await database.ExecuteAsync(script);
        }

        Assert.Equal(4, await database.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.pgt_stream_tables WHERE refresh_tier = 'warm'"));
        await Refusal.OfAsync(database.User, "42622", $"SELECT pgtrickle.create_stream_table('{new string('y', 64)}', 'SELECT 1 AS a')");
        await Refusal.OfAsync(database.User, "42602", "SELECT pgtrickle.create_stream_table('a b', 'SELECT 1 AS a')");
        await Refusal.OfAsync(database.User, "42602", "SELECT pgtrickle.create_stream_table('a.b.c.d', 'SELECT 1 AS a')");
        await Refusal.OfAsync(database.User, "0A000", "SELECT pgtrickle.create_stream_table('elsewhere.public.c', 'SELECT 1 AS a')");
        await Refusal.OfAsync(database.User, "22004", "SELECT pgtrickle.create_stream_table(NULL, 'SELECT 1 AS a')");
        await Refusal.OfAsync(database.User, "3F000", "SELECT pgtrickle.create_stream_table('nowhere.c', 'SELECT 1 AS a')");
        await Refusal.OfAsync(database.User, "0A000", "SELECT pgtrickle.create_stream_table('pgtrickle_run.c', 'SELECT 1 AS a')");
    }

    [Theory, PostgresVersions]
    public async Task The_search_path_of_the_creator_resolves_names_and_is_left_alone_also_by_errors(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync("""
            CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.t (x int); CREATE TABLE b.t (x text);
            CREATE FUNCTION b.twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2'
            """);
        await using var connection = await database.User.OpenConnectionAsync();
        await connection.ExecuteAsync("SET search_path = a, b; SET DateStyle = 'SQL, DMY'; SELECT pgtrickle.create_stream_table('s', $$SELECT twice(x) AS y FROM t WHERE now() > '02/01/2024'$$)");
        var error = await Assert.ThrowsAsync<PostgresException>(() => connection.ExecuteAsync("SELECT pgtrickle.create_stream_table('broken', 'SELECT nope FROM t')"));

        Assert.Equal("42703", error.SqlState);
        Assert.Equal("a, b", await connection.ScalarAsync<string>("SHOW search_path"));
        var query = await connection.ScalarAsync<string>("SELECT defining_query FROM pgtrickle.pgt_stream_tables WHERE pgt_schema = 'a'");
        Assert.Contains("b.twice(", query, StringComparison.Ordinal);
        Assert.Contains("FROM a.t", query, StringComparison.Ordinal);
        Assert.Contains("'2024-01-02 00:00:00", query, StringComparison.Ordinal);
        var settings = await connection.ScalarAsync<string>(
            "SELECT array_to_string(proconfig, ';') FROM pg_proc WHERE proname = (SELECT run_name FROM pgtrickle.stream_tables)");
        Assert.Contains("search_path=pg_catalog, pg_temp", settings, StringComparison.Ordinal);
        Assert.Contains("DateStyle=SQL, DMY", settings, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("row_security=off", settings, StringComparison.Ordinal);
    }

    /// <summary>SQLSTATE, query, and whether the error is one of our own, with DETAIL and HINT, or PostgreSQL's, passed through.</summary>
    private static readonly (string SqlState, string? Query, bool IsOwn)[] Refused =
    [
        ("42601", "SELEC 1", false),
        ("42601", "", true),
        ("22004", null, true),
        ("42601", "SELECT 1 AS a; DROP TABLE orders", true),
        ("42601", "INSERT INTO orders (region) VALUES ('x')", true),
        ("42601", "INSERT INTO orders (region) VALUES ('x') RETURNING id", false),
        ("0A000", "WITH gone AS (DELETE FROM orders RETURNING id) SELECT id FROM gone", false),
        ("42P01", "SELECT 1 FROM nope", false),
        ("42703", "SELECT nope FROM orders", false),
        ("42701", "SELECT id, id FROM orders", false),
        ("42P16", "SELECT FROM orders", true),
        ("42P02", "SELECT $1", false),
        ("0A000", "SELECT id FROM orders FOR UPDATE", true),
        ("0A000", "SELECT ctid FROM orders", true),
        ("0A000", "SELECT last_value FROM orders_id_seq", true),
        ("42939", "SELECT id AS __pgt_row_id FROM orders", true),
    ];

    [Theory, PostgresVersions]
    public async Task What_cannot_be_a_defining_query_is_refused_at_once(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Orders + "; INSERT INTO orders (region) VALUES ('kept')");
        foreach (var (sqlState, query, isOwn) in Refused)
        {
            var refusal = await Assert.ThrowsAsync<PostgresException>(() =>
                database.User.ExecuteAsync("SELECT pgtrickle.create_stream_table('s', $1::text)", query));
            Assert.True(sqlState == refusal.SqlState, $"{query}: {refusal.SqlState}: {refusal.MessageText}");
            Assert.True(isOwn == (refusal.Hint is not null && refusal.Detail is not null), query);
        }

        Assert.Equal(0, await Leftovers(database));
        Assert.Equal(1, await database.ScalarAsync<long>("SELECT count(*) FROM orders"));
    }

    [Theory, PostgresVersions]
    public async Task Temporary_tables_are_refused_and_temporary_ones_that_shadow_do_not_mislead(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Orders);
        await using var connection = await database.User.OpenConnectionAsync();
        await connection.ExecuteAsync("CREATE TEMP TABLE here (x int); CREATE TEMP TABLE pg_class (oid oid); CREATE TEMP TABLE pg_attribute (attname name)");
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => connection.ExecuteAsync("SELECT pgtrickle.create_stream_table('s', 'SELECT x FROM here')"));
        Assert.Equal("0A000", refusal.SqlState);
        Assert.Contains("temporary", refusal.MessageText, StringComparison.Ordinal);
        await connection.ExecuteAsync("SELECT pgtrickle.create_stream_table('s', 'SELECT region FROM orders')");
        Assert.Equal(["orders"], (await database.QueryAsync("SELECT source_table FROM pgtrickle.list_sources('s')")).Column<string>());
    }

    [Theory, PostgresVersions]
    public async Task The_analysis_names_columns_functions_and_relations_beneath_views(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Orders + """
            ; CREATE FUNCTION taxed(numeric) RETURNS numeric LANGUAGE sql STABLE AS 'SELECT $1 * 1.2';
            CREATE VIEW inner_view AS SELECT id, region, taxed(amount) AS a FROM orders WHERE note IS NULL;
            CREATE VIEW outer_view AS SELECT region, a FROM inner_view WHERE region ~~ 'x%';
            SELECT pgtrickle.create_stream_table('s', 'SELECT region, max(a) AS m, (SELECT relname FROM pg_class LIMIT 1) AS c FROM outer_view GROUP BY region');
            SELECT pgtrickle.create_stream_table('whole', 'SELECT o AS o FROM orders o');
            SELECT pgtrickle.create_stream_table('counted', 'SELECT count(*) AS n FROM orders')
            """);
        var sources = await database.QueryAsync("SELECT source_table || ' ' || source_type || ' ' || array_to_string(columns_used, ',') FROM pgtrickle.list_sources('s') ORDER BY 1");
        Assert.Equal(
            ["inner_view VIEW region,a", "orders TABLE region,amount,note", "outer_view VIEW region,a", "pg_class CATALOG relname"],
            sources.Column<string>().Select(text => text.Replace("id,region,amount", "region,amount", StringComparison.Ordinal)));
        var functions = await database.QueryAsync("""
            SELECT DISTINCT f ->> 'name' || ' ' || (f ->> 'volatility') FROM pgtrickle.stream_tables, jsonb_array_elements(analysis -> 'functions') AS f
            WHERE pgt_name = 's' ORDER BY 1
            """);
        Assert.Superset(new HashSet<string> { "max i", "taxed s", "textlike i" }, functions.Column<string>().ToHashSet());
        Assert.Equal(["id", "region", "amount", "note"], (await database.ScalarAsync<string[]>("SELECT columns_used FROM pgtrickle.list_sources('whole')"))!);
        Assert.Empty((await database.ScalarAsync<string[]>("SELECT columns_used FROM pgtrickle.list_sources('counted')"))!);
    }

    [Theory, PostgresVersions]
    public async Task Writing_to_a_stream_table_is_refused(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await database.ExecuteAsync(Orders + "; SELECT pgtrickle.create_stream_table('s', 'SELECT region FROM orders')");
        foreach (var sql in (string[])["INSERT INTO s VALUES ('x')", "UPDATE s SET region = 'x'", "DELETE FROM s", "TRUNCATE s", "COPY s FROM PROGRAM 'true'"])
        {
            await Refusal.OfAsync(database.Database.Superuser, "42809", sql);
        }
    }

    [Theory, PostgresVersions]
    public async Task Constants_of_the_present_moment_raise_a_warning_and_commands_announce_themselves(PostgresVersion version)
    {
        await using var database = await InstalledDatabase.CreateAsync(version);
        await using var connection = await database.User.OpenConnectionAsync();
        var notices = new List<PostgresNotice>();
        connection.Notice += (_, args) => notices.Add(args.Notice);
        await connection.ExecuteAsync("SELECT pgtrickle.create_stream_table('s', $$SELECT 'today'::date AS d$$)");
        Assert.Contains(notices, notice => notice.InvariantSeverity == "WARNING" && notice.MessageText.Contains("constant", StringComparison.Ordinal));
        Assert.Contains(notices, notice => notice.InvariantSeverity == "NOTICE" && notice.MessageText.Contains("queued", StringComparison.Ordinal));

        notices.Clear();
        await connection.ExecuteAsync("SET pgtrickle.session = 'abc'; SELECT pgtrickle.refresh_stream_table('s')");
        var marker = Assert.Single(notices);
        Assert.Equal("PGT01", marker.SqlState);
        Assert.Equal("refresh", await connection.ScalarAsync<string>("SELECT kind FROM pgtrickle.commands WHERE command_id::text = $1", marker.MessageText));
    }

    private static Task<long> Leftovers(InstalledDatabase database) => database.Control.ScalarAsync<long>("""
        SELECT (SELECT count(*) FROM pgtrickle.stream_tables) + (SELECT count(*) FROM pgtrickle.commands) + (SELECT count(*) FROM pgtrickle.reserved_ids)
            + (SELECT count(*) FROM pg_proc WHERE pronamespace = 'pgtrickle_run'::regnamespace) + (SELECT count(*) FROM pg_class WHERE relname IN ('s', 'silver') OR relname LIKE '\_\_pgt%')
        """)!;
}
