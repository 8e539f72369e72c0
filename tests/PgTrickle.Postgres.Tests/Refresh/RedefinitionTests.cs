using Npgsql;
using PgTrickle.Postgres.Ports;
using PgTrickle.Postgres.Tests.Lifecycle;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Refresh;

/// <summary>Another query for a stream table that stands (trap 48).</summary>
public sealed class RedefinitionTests
{
    private const string Source = """
        CREATE TABLE orders (id int PRIMARY KEY, region text NOT NULL, amount int, note text);
        INSERT INTO orders SELECT n, 'r' || n % 3, n, 'n' || n FROM generate_series(1, 30) AS n;
        CREATE TABLE regions (region text PRIMARY KEY, title text);
        INSERT INTO regions VALUES ('r0', 'zero'), ('r1', 'one');
        """;

    private const string ByRegion = "SELECT region, sum(amount) AS total FROM orders GROUP BY region";

    [Theory]
    [PostgresVersions("SELECT region, sum(amount) AS total FROM orders WHERE id > 5 GROUP BY region")]
    [PostgresVersions("SELECT region, count(*) AS total FROM orders GROUP BY region")]
    [PostgresVersions("SELECT region, max(note) AS total FROM orders GROUP BY region")]
    [PostgresVersions("SELECT region, sum(amount) AS total, count(*) AS n, min(id) AS first FROM orders GROUP BY region")]
    [PostgresVersions("SELECT sum(amount) AS total FROM orders")]
    [PostgresVersions("SELECT r.region, o.amount AS total, r.title, o.id FROM orders o JOIN regions r USING (region)")]
    [PostgresVersions("SELECT DISTINCT region COLLATE \"C\" AS region FROM orders")]
    [PostgresVersions("SELECT id::text AS region, note AS \"Quoted Name\" FROM orders")]
    public async Task A_new_query_takes_over_the_table_and_goes_on_by_deltas(PostgresVersion version, string query)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        var id = await harness.CreateAsync("st", ByRegion);
        await harness.ExecuteAsync("GRANT SELECT ON st TO PUBLIC; COMMENT ON TABLE st IS 'kept'");
        var relid = await harness.Database.User.ScalarAsync<uint>("SELECT 'st'::regclass::oid");
        var rows = await harness.Database.User.ScalarAsync<long>("SELECT count(*) FROM st");

        await harness.RedefineAsync("st", query);
        Assert.Equal(rows, await harness.Database.User.ScalarAsync<long>("SELECT count(*) FROM st"));
        Assert.Equal(RefreshAction.Reinitialize, (await harness.RefreshAsync("st")).Action);
        await harness.CompareAsync();
        Assert.Equal(id, harness.Id("st"));
        Assert.Equal(relid, await harness.Database.User.ScalarAsync<uint>("SELECT 'st'::regclass::oid"));
        Assert.Equal("kept", await harness.Database.User.ScalarAsync<string>("SELECT obj_description('st'::regclass)"));
        Assert.True(await harness.Database.User.ScalarAsync<bool>("SELECT has_table_privilege('pgtrickle_worker', 'st', 'SELECT')"));

        await harness.ExecuteAsync("INSERT INTO orders VALUES (100, 'r1', 7, 'new'), (101, 'r9', 7, 'new'); DELETE FROM orders WHERE id = 3; UPDATE orders SET amount = 0, note = 'z' WHERE id = 4");
        Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("st")).Action);
        await harness.CompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task Those_that_read_it_go_on_and_their_columns_cannot_be_taken_away(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", "SELECT id, region, amount FROM orders");
        await harness.CreateAsync("reader", "SELECT region, count(*) AS n FROM st GROUP BY region");
        await harness.ExecuteAsync("CREATE VIEW v AS SELECT amount FROM st");

        var refusal = await Refusal.OfAsync(harness.Database.User, "2BP01", "SELECT pgtrickle.alter_stream_table('st', query => 'SELECT id FROM orders')");
        Assert.Contains("stream table public.reader reads column region", refusal.Detail, StringComparison.Ordinal);
        await Refusal.OfAsync(harness.Database.User, "2BP01", "SELECT pgtrickle.alter_stream_table('st', query => 'SELECT id, region FROM orders')");
        await harness.RefreshAndCompareAsync();

        await harness.RedefineAsync("st", "SELECT id, region, amount, note FROM orders WHERE id % 2 = 0");
        await harness.RefreshAndCompareAsync();
        Assert.Equal(15, await harness.Database.User.ScalarAsync<long>("SELECT count(*) FROM v"));
        await harness.ExecuteAsync("DELETE FROM orders WHERE region = 'r0'");
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task A_rolled_back_or_unchanged_query_changes_nothing(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", ByRegion);
        await harness.ExecuteAsync("BEGIN; SELECT pgtrickle.alter_stream_table('st', query => 'SELECT id FROM orders'); ROLLBACK");
        await harness.ExecuteAsync("SELECT pgtrickle.alter_stream_table('st', query => 'select REGION, sum( amount ) total from public.orders group by 1')");
        Assert.Equal(RefreshAction.NoData, (await harness.RefreshAsync("st")).Action);
        await harness.CompareAsync();
        Assert.Equal(0, await harness.Database.Control.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.commands WHERE kind = 'refresh'"));
    }

    [Theory, PostgresVersions]
    public async Task An_error_is_cleared_by_a_query_that_works(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        var id = await harness.CreateAsync("st", ByRegion);
        await harness.ExecuteAsync("ALTER TABLE orders DROP COLUMN amount");
        var failure = await Assert.ThrowsAsync<RefreshFailedException>(() => harness.RefreshAsync("st"));
        Assert.Equal(FailureKind.Permanent, failure.Kind);
        await harness.Database.Control.ExecuteAsync("UPDATE pgtrickle.stream_table_state SET status = 'ERROR', consecutive_errors = 1 WHERE pgt_id = $1", id);
        await harness.RedefineAsync("st", "SELECT region, sum(id) AS total FROM orders GROUP BY region");
        Assert.Equal("ACTIVE", await harness.Database.User.ScalarAsync<string>("SELECT status FROM pgtrickle.pgt_stream_tables"));
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task Create_or_replace_creates_alters_or_leaves(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        const string Call = "SELECT pgtrickle.create_or_replace_stream_table('st', $1, schedule => $2)";
        await harness.Database.User.ExecuteAsync(Call, ByRegion, "5s");
        await harness.Database.User.ExecuteAsync(Call, ByRegion, "5s");
        Assert.Equal(["create"], await KindsAsync());
        await harness.Database.User.ExecuteAsync(Call, ByRegion, "6s");
        Assert.Equal(["create", "alter"], await KindsAsync());
        Assert.Equal("6s", await harness.Database.User.ScalarAsync<string>("SELECT schedule FROM pgtrickle.pgt_stream_tables"));
        await harness.Database.User.ExecuteAsync(Call, "SELECT id FROM orders", "6s");
        Assert.Equal(["create", "alter", "alter", "refresh"], await KindsAsync());
        Assert.Equal(1, await harness.Database.User.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.pgt_stream_tables"));

        async Task<string[]> KindsAsync() =>
            [.. (await harness.Database.Control.QueryAsync("SELECT kind FROM pgtrickle.commands ORDER BY command_id")).Rows.Select(row => (string)row[0]!)];
    }

    [Theory, PostgresVersions]
    public async Task A_query_is_validated_without_a_trace(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source + "CREATE MATERIALIZED VIEW m AS SELECT 1 AS x;");
        Assert.Equal("OK|OK|OK", await SeveritiesAsync(ByRegion));
        Assert.Equal("ERROR", await SeveritiesAsync("SELECT nothing FROM orders"));
        Assert.Equal("ERROR", await SeveritiesAsync("SELECT 1; SELECT 2"));
        Assert.Equal("ERROR", await SeveritiesAsync("SELECT id FROM orders FOR UPDATE"));
        Assert.Equal("OK|OK|OK|WARN", await SeveritiesAsync("SELECT random() AS r FROM orders"));
        Assert.Equal("OK|OK|WARN", await SeveritiesAsync("SELECT x FROM m"));
        Assert.Equal("OK|OK|OK|WARN|WARN", await SeveritiesAsync("SELECT id FROM orders TABLESAMPLE SYSTEM (10)"));
        Assert.Equal("OK|OK|OK|OK", await SeveritiesAsync("WITH RECURSIVE r AS (SELECT 1 AS n UNION SELECT id FROM r JOIN orders ON id = n + 1) SELECT n FROM r"));
        Assert.Equal(0, await harness.Database.User.ScalarAsync<long>("SELECT count(*) FROM pg_class WHERE relkind = 'v' AND relname LIKE '\\_\\_pgt%'"));

        foreach (var (name, query) in new[] { ("drawn", "SELECT random() AS r FROM orders"), ("sample", "SELECT id FROM orders TABLESAMPLE SYSTEM (10)") })
        {
            await harness.CreateAsync(name, query);
            Assert.Equal("FULL", await harness.StateAsync<string>(name, "effective_refresh_mode"));
            await harness.DefineAsync($"{name}_by_deltas", query, "DIFFERENTIAL");
            var refused = await Assert.ThrowsAsync<RefreshFailedException>(() => harness.Engine.InitializeAsync(harness.Id($"{name}_by_deltas"), fill: true, CancellationToken.None));
            Assert.Equal(PostgresErrorCodes.FeatureNotSupported, refused.SqlState);
        }

        Task<string> SeveritiesAsync(string query) => harness.Database.User.ScalarAsync<string>(
            "SELECT string_agg(severity, '|') FROM pgtrickle.validate_query($1)", query)!;
    }

    [Theory, PostgresVersions]
    public async Task The_plan_of_a_stream_table_is_explained(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Source);
        await harness.CreateAsync("st", ByRegion);
        await harness.ExecuteAsync("DELETE FROM orders WHERE id = 1");
        await harness.RefreshAsync("st");
        var deltas = (await harness.Database.User.QueryAsync("SELECT changed_sources, strategy, delta_sql FROM pgtrickle.explain_delta('st')")).Rows;
        Assert.Contains(deltas, row => (string)row[0]! == "orders" && ((string)row[2]!).Contains("MERGE", StringComparison.Ordinal));
        Assert.Contains(deltas, row => (string)row[0]! == "all");
        var stages = (await harness.Database.User.QueryAsync("SELECT stage FROM pgtrickle.explain_query_rewrite('st')")).Rows.Select(row => row[0]);
        Assert.Equal(["parsed", "bound", "plan", "delta"], stages);
        foreach (var query in (string[])[ByRegion, "select\n1", " (WITH x AS (SELECT 1) TABLE x)"])
        {
            var refusal = await Assert.ThrowsAsync<PostgresException>(() => harness.Database.User.QueryAsync("SELECT stage FROM pgtrickle.explain_query_rewrite($1)", query));
            Assert.Equal(PostgresErrorCodes.InvalidParameterValue, refusal.SqlState);
            Assert.Contains("pgtrickle explain", refusal.Hint, StringComparison.Ordinal);
        }

        var absent = await Assert.ThrowsAsync<PostgresException>(() => harness.Database.User.QueryAsync("SELECT stage FROM pgtrickle.explain_query_rewrite('selection')"));
        Assert.Equal(PostgresErrorCodes.UndefinedTable, absent.SqlState);
    }
}
