using PgTrickle.Postgres.Tests.Refresh;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Capture;

public sealed class SharedCaptureTests
{
    [Theory]
    [PostgresVersions]
    public async Task Stream_tables_that_share_a_capture_can_be_prepared_at_the_same_time(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, "CREATE TABLE t (id int PRIMARY KEY, g int NOT NULL); INSERT INTO t VALUES (1, 1), (2, 1), (3, 2)");
        await using var other = await harness.AddNodeAsync();
        for (var round = 0; round < 3; round++)
        {
            // Each round has a source of its own, so that every time all of them find its buffer, function and triggers missing.
            await harness.ExecuteAsync($"CREATE TABLE source_{round} AS SELECT * FROM t");
            var ids = new List<long>();
            for (var index = 0; index < 6; index++)
            {
                ids.Add(await harness.DefineAsync($"st_{round}_{index}", $"SELECT g, count(*) + {index} AS n FROM source_{round} GROUP BY g"));
            }

            await Task.WhenAll(ids.Select((id, index) => (index % 2 == 0 ? harness.Engine : other.Engine).InitializeAsync(id, fill: true, CancellationToken.None)));

            Assert.Equal(1, await harness.Database.Control.ScalarAsync<long>(
                "SELECT count(*) FROM pgtrickle.captures WHERE source_relid = $1::regclass", $"public.source_{round}"));
            await harness.ExecuteAsync($"INSERT INTO source_{round} VALUES (4, 2); UPDATE source_{round} SET g = 3 WHERE id = 1");
        }

        await harness.RefreshAndCompareAsync();
    }
}
