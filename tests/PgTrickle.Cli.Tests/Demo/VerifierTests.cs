using PgTrickle.Cli.Demo;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Cli.Tests.Demo;

public sealed class VerifierTests
{
    private const string Query = "SELECT \"Key\", count(*) AS n FROM source GROUP BY 1";

    [Theory]
    [PostgresVersions]
    public async Task Equal_contents_are_no_difference_whatever_the_order_and_hidden_columns(PostgresVersion version)
    {
        await using var database = await PrepareAsync(version);

        Assert.Empty(await CompareAsync(database));
    }

    [Theory]
    [PostgresVersions("DELETE FROM result WHERE \"Key\" = 'b'", 1, 0, "- (b,1)")]
    [PostgresVersions("INSERT INTO result VALUES (9, 'd', 4)", 0, 1, "+ (d,4)")]
    [PostgresVersions("INSERT INTO result VALUES (9, 'b', 1)", 0, 1, "+ (b,1)")]
    [PostgresVersions("UPDATE result SET n = 7 WHERE \"Key\" IS NULL", 1, 1, "- (,1)")]
    [PostgresVersions("DELETE FROM result", 3, 0, "- (a,2)")]
    public async Task A_planted_difference_is_found(PostgresVersion version, string plant, int missing, int unexpected, string sample)
    {
        await using var database = await PrepareAsync(version);
        await database.ExecuteAsync(plant);

        var difference = Assert.Single(await CompareAsync(database));

        Assert.Equal("result", difference.Table.Name.Value);
        Assert.Equal(missing, difference.Missing);
        Assert.Equal(unexpected, difference.Unexpected);
        Assert.Contains(sample, difference.Samples);
    }

    [Theory]
    [PostgresVersions]
    public async Task All_tables_are_compared_in_one_snapshot(PostgresVersion version)
    {
        await using var database = await PrepareAsync(version);
        await using var connection = await database.Owner.OpenConnectionAsync();
        var table = new VerifiedTable("result", Query);
        var comparisons = 0;

        var differences = await Verifier.CompareAsync(connection, [table, table], OnCompare, CancellationToken.None);

        Assert.Empty(differences);
        Assert.Equal(2, comparisons);
        Assert.Single(await CompareAsync(database));

        // A change that commits between the two comparisons: a second snapshot would show it.
        void OnCompare(VerifiedTable _)
        {
            if (++comparisons == 2)
            {
                using var other = database.Superuser.OpenConnection();
                using var change = new Npgsql.NpgsqlCommand("DELETE FROM result", other);
                change.ExecuteNonQuery();
            }
        }
    }

    private static async Task<TestDatabase> PrepareAsync(PostgresVersion version)
    {
        var database = await TestDatabase.CreateAsync(version);
        await database.ExecuteAsync("""
            CREATE TABLE source ("Key" text);
            INSERT INTO source VALUES ('a'), ('a'), ('b'), (NULL);
            CREATE TABLE result (__pgt_row_id bigint, "Key" text, n bigint);
            INSERT INTO result VALUES (3, NULL, 1), (2, 'b', 1), (1, 'a', 2);
            """);
        return database;
    }

    private static async Task<IReadOnlyList<Difference>> CompareAsync(TestDatabase database)
    {
        await using var connection = await database.Owner.OpenConnectionAsync();
        return await Verifier.CompareAsync(connection, [new VerifiedTable("result", Query)], _ => { }, CancellationToken.None);
    }
}
