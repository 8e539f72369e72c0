using PgTrickle.Postgres.Ports;
using PgTrickle.Postgres.Tests.Refresh;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Capture;

/// <summary>Partitioned tables, partitions and inheritance children as sources.</summary>
public sealed class PartitionTests
{
    private const string Partitioned = """
        CREATE TABLE p (id int, region text, v int) PARTITION BY LIST (region);
        CREATE TABLE p_a PARTITION OF p FOR VALUES IN ('a');
        CREATE TABLE p_bc PARTITION OF p FOR VALUES IN ('b', 'c') PARTITION BY LIST (region);
        CREATE TABLE p_b PARTITION OF p_bc FOR VALUES IN ('b');
        CREATE TABLE p_c (v int, id int, region text);
        ALTER TABLE p_bc ATTACH PARTITION p_c FOR VALUES IN ('c');
        INSERT INTO p SELECT n, (ARRAY['a', 'b', 'c'])[n % 3 + 1], n FROM generate_series(1, 30) AS n;
        """;

    [Theory, PostgresVersions]
    public async Task Rows_written_through_any_level_and_moved_between_partitions_are_captured(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Partitioned);
        await harness.CreateAsync("whole", "SELECT id, region, v FROM p");
        await harness.CreateAsync("middle", "SELECT id, region, v FROM p_bc");
        await harness.CreateAsync("leaf", "SELECT id, v FROM p_c");
        await harness.RefreshAndCompareAsync();
        foreach (var statement in (string[])
        [
            "INSERT INTO p VALUES (100, 'a', 1), (101, 'b', 1), (102, 'c', 1)",
            "INSERT INTO p_b VALUES (103, 'b', 1)",
            "INSERT INTO p_c (id, region, v) VALUES (104, 'c', 1)",
            "UPDATE p SET region = CASE region WHEN 'a' THEN 'b' WHEN 'b' THEN 'c' ELSE 'a' END WHERE id < 12",
            "UPDATE p_bc SET region = CASE region WHEN 'b' THEN 'c' ELSE 'b' END WHERE id < 20",
            "DELETE FROM p WHERE id % 5 = 0",
            "TRUNCATE p_b",
            "INSERT INTO p_bc VALUES (105, 'b', 1)",
            "TRUNCATE p",
        ])
        {
            await harness.ExecuteAsync(statement);
            await harness.RefreshAndCompareAsync();
        }
    }

    [Theory, PostgresVersions]
    public async Task Attach_with_rows_and_detach_are_noticed_and_capture_follows(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Partitioned);
        await harness.CreateAsync("whole", "SELECT id, region, v FROM p");
        await harness.ExecuteAsync("CREATE TABLE p_d (id int, region text, v int); INSERT INTO p_d VALUES (200, 'd', 1); ALTER TABLE p ATTACH PARTITION p_d FOR VALUES IN ('d')");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("INSERT INTO p_d VALUES (201, 'd', 1)");
        Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("whole")).Action);
        await harness.CompareAsync();

        await harness.ExecuteAsync("ALTER TABLE p DETACH PARTITION p_a; INSERT INTO p_a VALUES (300, 'a', 1)");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("INSERT INTO p_a VALUES (301, 'a', 1); DELETE FROM p_a WHERE id = 3; INSERT INTO p VALUES (302, 'b', 2)");
        await harness.RefreshAndCompareAsync();
        Assert.Equal(0, await harness.Database.ScalarAsync<long>("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'p_a'::regclass"));
    }

    [Theory, PostgresVersions]
    public async Task A_captured_table_that_becomes_a_partition_is_captured_by_rows_from_then_on(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, "CREATE TABLE t (id int, k int); INSERT INTO t VALUES (1, 1); CREATE TABLE p (id int, k int) PARTITION BY LIST (k)");
        await harness.CreateAsync("st", "SELECT id, k FROM t");
        await harness.ExecuteAsync("ALTER TABLE p ATTACH PARTITION t FOR VALUES IN (1); INSERT INTO p VALUES (2, 1)");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("INSERT INTO p VALUES (3, 1); UPDATE p SET id = 4 WHERE id = 1; DELETE FROM t WHERE id = 2");
        Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("st")).Action);
        await harness.CompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task Inheritance_children_count_unless_only_is_said(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, """
            CREATE TABLE parent (id int, v int);
            CREATE TABLE child (more text) INHERITS (parent);
            INSERT INTO parent VALUES (1, 1); INSERT INTO child VALUES (2, 2, 'x');
            """);
        await harness.CreateAsync("all_rows", "SELECT id, v FROM parent");
        await harness.CreateAsync("child_rows", "SELECT id, v, more FROM child");
        await harness.CreateAsync("own_rows", "SELECT id, v FROM ONLY parent");
        await harness.CreateAsync("others", "SELECT a.id, o.v FROM parent a LEFT JOIN ONLY parent o ON o.id = a.id + 1");
        await harness.ExecuteAsync("INSERT INTO child VALUES (3, 3, 'y'); INSERT INTO parent VALUES (4, 4); UPDATE parent SET v = v + 1");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("UPDATE ONLY parent SET v = 0; DELETE FROM parent WHERE id = 2; CREATE TABLE other () INHERITS (parent); INSERT INTO other VALUES (9, 9)");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("ALTER TABLE other NO INHERIT parent; INSERT INTO other VALUES (10, 10)");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("INSERT INTO other VALUES (11, 11); INSERT INTO child VALUES (12, 12, 'z')");
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task Only_is_followed_when_the_first_table_inherits_and_when_the_last_ceases_to(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, "CREATE TABLE parent (id int PRIMARY KEY, v int); CREATE TABLE child (id int NOT NULL, v int); INSERT INTO parent VALUES (1, 1)");
        await harness.CreateAsync("own_rows", "SELECT id, v FROM ONLY parent");
        await harness.ExecuteAsync("INSERT INTO parent VALUES (2, 2)");
        Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("own_rows")).Action);
        await harness.ExecuteAsync("ALTER TABLE child INHERIT parent; INSERT INTO child VALUES (2, 20); UPDATE parent SET v = v + 1");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("INSERT INTO child VALUES (3, 30); UPDATE parent SET v = v + 1; DELETE FROM parent WHERE id = 1");
        Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("own_rows")).Action);
        await harness.CompareAsync();
        await harness.ExecuteAsync("TRUNCATE child; INSERT INTO child VALUES (4, 40)");
        Assert.Equal(RefreshAction.NoData, (await harness.RefreshAsync("own_rows")).Action);
        await harness.ExecuteAsync("TRUNCATE ONLY parent; INSERT INTO parent VALUES (5, 50)");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("ALTER TABLE child NO INHERIT parent; INSERT INTO parent VALUES (6, 60); INSERT INTO child VALUES (7, 70)");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("INSERT INTO parent VALUES (8, 80); DELETE FROM child");
        Assert.Equal(RefreshAction.Differential, (await harness.RefreshAsync("own_rows")).Action);
        await harness.CompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task A_partitioned_table_has_no_rows_of_its_own(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, Partitioned);
        await harness.CreateAsync("none", "SELECT count(*) AS n, sum(v) AS s FROM ONLY p");
        await harness.ExecuteAsync("INSERT INTO p VALUES (100, 'a', 1); DELETE FROM p WHERE id < 9");
        await harness.RefreshAndCompareAsync();
    }
}
