using System.Globalization;
using Npgsql;
using PgTrickle.Postgres.Ports;
using PgTrickle.Postgres.Refresh;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Refresh;

/// <summary>Small deltas run by plans that the worker session keeps, and never by one that does not fit what it is run on.</summary>
public sealed class KeptPlansTests
{
    private const string Source = """
        CREATE TABLE src (id int PRIMARY KEY, a int, b int);
        INSERT INTO src SELECT n, n % 10, n FROM generate_series(1, 100) AS n;
        CREATE TABLE other (a int PRIMARY KEY, c text);
        INSERT INTO other SELECT n, 'c' || n FROM generate_series(0, 9) AS n;
        """;

    [Theory, PostgresVersions]
    public async Task The_plan_of_a_small_delta_is_kept_by_the_session_and_the_result_is_right(PostgresVersion version)
    {
        await using var harness = await CreateAsync(version);
        await harness.CreateAsync("st", "SELECT a, count(*) AS n, sum(b) AS total FROM src GROUP BY a");
        await harness.ExecuteAsync("UPDATE src SET b = b + 1 WHERE id < 5");
        await harness.RefreshAndCompareAsync();
        var kept = await KeptAsync(harness);
        Assert.True(kept > 0, "No plan of a delta was kept.");
        for (var round = 0; round < 8; round++)
        {
            await harness.ExecuteAsync($"UPDATE src SET a = (a + 1) % 10 WHERE id = {round}; DELETE FROM src WHERE id = 90 + {round}; INSERT INTO src VALUES (200 + {round}, 3, 3)");
            Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("st")).Action);
            await harness.CompareAsync();
        }

        Assert.Equal(kept, await KeptAsync(harness));
    }

    [Theory, PostgresVersions]
    public async Task Many_change_rows_are_planned_for_themselves(PostgresVersion version)
    {
        await using var harness = await CreateAsync(version);
        await harness.CreateAsync("st", "SELECT a, count(*) AS n, sum(b) AS total FROM src GROUP BY a");
        await harness.ExecuteAsync("INSERT INTO src SELECT n, n % 10, n FROM generate_series(1000, 1300) AS n");
        await harness.RefreshAndCompareAsync();
        Assert.Equal(0, await KeptAsync(harness));
    }

    [Theory, PostgresVersions]
    public async Task A_variant_that_is_compiled_later_is_kept_from_its_second_use_on(PostgresVersion version)
    {
        await using var harness = await CreateAsync(version);
        await harness.CreateAsync("st", "SELECT src.id, src.b, other.c FROM src JOIN other USING (a)");
        for (var round = 0; round < 3; round++)
        {
            Assert.True(round == 2 || await KeptAsync(harness) == 0, "A plan was kept before the variant was known.");
            await harness.ExecuteAsync($"UPDATE src SET b = b + 1 WHERE id < 5; UPDATE other SET c = c || '{round}' WHERE a < 3");
            Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("st")).Action);
            await harness.CompareAsync();
        }

        Assert.True(await KeptAsync(harness) > 0, "The variant of both sources was never kept.");
    }

    [Theory]
    [PostgresVersions("ALTER TABLE src ALTER b TYPE numeric(12,3) USING b + 0.125")]
    [PostgresVersions("ALTER TABLE src RENAME b TO was; ALTER TABLE src ADD b int NOT NULL DEFAULT 7")]
    [PostgresVersions("ALTER TABLE src DROP CONSTRAINT src_pkey; INSERT INTO src VALUES (1, 1, 1), (1, 1, 1)")]
    [PostgresVersions("TRUNCATE src; INSERT INTO src VALUES (1, 2, 3)")]
    public async Task A_source_that_was_altered_is_not_read_by_a_plan_from_before(PostgresVersion version, string ddl)
    {
        await using var harness = await CreateAsync(version);
        await harness.CreateAsync("st", "SELECT id, a, b::text AS b FROM src");
        await WarmAsync(harness);
        await harness.ExecuteAsync(ddl);
        await harness.ExecuteAsync("UPDATE src SET a = a + 1 WHERE id < 3");
        try
        {
            await harness.RefreshAsync("st");
        }
        catch (RefreshFailedException failure)
        {
            // What cannot be maintained any more says so; nothing else may be wrong.
            Assert.NotEqual(FailureKind.Query, failure.Kind);
            return;
        }

        await harness.CompareAsync();
        await harness.ExecuteAsync("UPDATE src SET a = a + 1 WHERE id < 3");
        await harness.RefreshAndCompareAsync();
    }

    [Theory]
    [PostgresVersions("CREATE OR REPLACE FUNCTION f(x int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN x - 1; END'", RefreshAction.Reinitialize)]
    [PostgresVersions("ALTER TABLE src DISABLE TRIGGER USER; UPDATE src SET b = 0 WHERE id = 9; ALTER TABLE src ENABLE TRIGGER USER", RefreshAction.Reinitialize)]
    [PostgresVersions("CREATE TABLE child () INHERITS (src); INSERT INTO child VALUES (900, 1, 1)", RefreshAction.Reinitialize)]
    [PostgresVersions("CREATE INDEX ON src (b)", RefreshAction.Differential)]
    [PostgresVersions("GRANT SELECT ON src TO PUBLIC", RefreshAction.Differential)]
    public async Task What_was_verified_before_is_verified_again_when_the_catalog_changed(PostgresVersion version, string ddl, RefreshAction action)
    {
        await using var harness = await CreateAsync(version, "CREATE FUNCTION f(x int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN x; END';");
        await harness.CreateAsync("st", "SELECT id, a, public.f(b) AS b, a + public.f(7) AS folded FROM src");
        await WarmAsync(harness);
        await harness.ExecuteAsync(ddl);
        await harness.ExecuteAsync("UPDATE src SET a = a + 1 WHERE id < 3");
        Assert.Equal(action, (await harness.RefreshAsync("st")).Action);
        await harness.CompareAsync();

        // By a plan made since, not by one that holds what the function returned before.
        await harness.ExecuteAsync("UPDATE src SET a = a + 1 WHERE id < 3");
        Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("st")).Action);
        await harness.CompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task Rights_by_membership_are_asked_for_at_every_refresh(PostgresVersion version)
    {
        await using var harness = await CreateAsync(version);
        var (readers, member) = (await harness.Database.CreateRoleAsync("readers"), await harness.Database.CreateRoleAsync("member"));
        await harness.ExecuteAsync($"GRANT SELECT, TRIGGER ON src TO {readers}");
        var server = harness.Database.Database.Server;
        await server.WithRolesLockedAsync(() => harness.Database.Database.Superuser.ExecuteAsync($"GRANT {readers} TO {member}"));
        await harness.CreateAsync("st", "SELECT id, a FROM src", owner: harness.Database.As(member));
        await WarmAsync(harness);
        await server.WithRolesLockedAsync(() => harness.Database.Database.Superuser.ExecuteAsync($"REVOKE {readers} FROM {member}"));
        await harness.ExecuteAsync("UPDATE src SET a = a + 1 WHERE id < 3");
        var failure = await Assert.ThrowsAsync<RefreshFailedException>(() => harness.RefreshAsync("st"));
        Assert.Equal((FailureKind.MissingRights, PostgresErrorCodes.InsufficientPrivilege), (failure.Kind, failure.SqlState));
    }

    [Fact]
    public void A_session_keeps_plans_of_a_limited_number_of_stream_tables()
    {
        var plans = new KeptPlans(3, TimeSpan.FromMilliseconds(50));
        Assert.True(plans.MayKeep(1, [10, 11]));
        Assert.False(plans.MayKeep(1, [12, 13]));
        Assert.True(plans.MayKeep(1, [12]));
        Assert.False(plans.MayKeep(1, [13]));
        Assert.True(plans.MayKeep(1, [10, 12]));
        Assert.True(plans.MayKeep(2, [13]));
    }

    [Fact]
    public void What_is_slow_twice_in_a_row_is_planned_for_itself_until_it_is_fast_again()
    {
        var plans = new KeptPlans(3, TimeSpan.FromMilliseconds(50));
        Assert.True(plans.MayKeep(1, [10]));
        Assert.False(plans.MustForget([10], kept: true, TimeSpan.FromMilliseconds(50)));
        Assert.True(plans.MayKeep(1, [10]));
        Assert.False(plans.MustForget([10], kept: true, TimeSpan.FromMilliseconds(49)));
        Assert.False(plans.MustForget([10], kept: true, TimeSpan.FromMilliseconds(50)));
        Assert.True(plans.MustForget([10], kept: true, TimeSpan.FromMilliseconds(50)));
        Assert.False(plans.MayKeep(1, [10]));
        Assert.False(plans.MustForget([10], kept: false, TimeSpan.FromMilliseconds(70)));
        Assert.False(plans.MayKeep(1, [10]));
        Assert.False(plans.MustForget([10], kept: false, TimeSpan.FromMilliseconds(1)));
        Assert.True(plans.MayKeep(1, [10]));
    }

    [Theory]
    [InlineData(true, "DIFFERENTIAL 256")]
    [InlineData(true, "NO_DATA 0", "DIFFERENTIAL 1")]
    [InlineData(false, "NO_DATA 0")]
    [InlineData(false, "DIFFERENTIAL 257")]
    [InlineData(false, "DIFFERENTIAL 1", "FULL 1")]
    [InlineData(false)]
    public void Only_refreshes_that_ran_nothing_but_kept_plans_tell_whether_these_are_slow(bool tell, params string[] members)
    {
        var closed = members.Select(static (m, i) => m.Split(' ') is [var action, var rows] ? new ClosedMember(i, action, 0, 0, long.Parse(rows, CultureInfo.InvariantCulture)) : throw new ArgumentException(m)).ToList();
        Assert.Equal(tell, KeptPlans.AreJudgedBy(closed));
    }

    /// <summary>A harness whose worker may look at its own memory, and never takes a refresh for a slow one.</summary>
    private static async Task<RefreshHarness> CreateAsync(PostgresVersion version, string more = "")
    {
        var harness = await RefreshHarness.CreateAsync(version, Source + more, RefreshEngineOptions.Default with { PlanFrom = TimeSpan.FromHours(1) });
        await harness.Database.Database.Superuser.ExecuteAsync(
            "GRANT SELECT ON pg_backend_memory_contexts TO PUBLIC; GRANT EXECUTE ON FUNCTION pg_get_backend_memory_contexts() TO PUBLIC");
        return harness;
    }

    private static async Task WarmAsync(RefreshHarness harness)
    {
        for (var round = 0; round < 3; round++)
        {
            await harness.ExecuteAsync("UPDATE src SET a = a + 1 WHERE id < 5");
            Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("st")).Action);
        }

        Assert.True(await KeptAsync(harness) > 0, "No plan of a delta was kept.");
    }

    /// <summary>Plans of deltas in the memory of the one worker session that is in use.</summary>
    private static Task<long> KeptAsync(RefreshHarness harness) => harness.Node.Worker.ScalarAsync<long>(
        "SELECT count(*) FROM pg_catalog.pg_backend_memory_contexts WHERE name = 'CachedPlanSource' AND ident LIKE 'WITH %' AND ident LIKE '%pgtrickle_changes.v!_%' ESCAPE '!'");
}
