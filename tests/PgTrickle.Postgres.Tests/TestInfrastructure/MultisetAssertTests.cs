using PgTrickle.TestInfrastructure;
using Xunit.Sdk;

namespace PgTrickle.Postgres.Tests.TestInfrastructure;

public sealed class MultisetAssertTests
{
    [Theory, PostgresVersions]
    public async Task Rows_that_occur_unequally_often_differ(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        var failure = await Assert.ThrowsAsync<XunitException>(() =>
            database.AssertSameMultisetAsync("VALUES (1, 'a'), (1, 'a')", "VALUES (1, 'a'), (2, NULL)"));
        Assert.Contains("1 row(s) missing from actual:\n    - (2,)\n", failure.Message, StringComparison.Ordinal);
        Assert.Contains("1 row(s) too many in actual:\n    + (1,a)\n", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [PostgresVersions("VALUES (1), (2), (2)", "VALUES (2), (1), (2);")]
    [PostgresVersions("SELECT NULL::int, 'x'", "SELECT NULL::int, 'x'")]
    [PostgresVersions("SELECT 1.0 AS a, 2 AS a", "SELECT 1.00 AS a, 2 AS a")]
    [PostgresVersions("SELECT '{\"a\": 1}'::json", "SELECT '{\"a\": 1}'::json")]
    [PostgresVersions("SELECT ARRAY['{}'::json], point '(1,2)'", "SELECT ARRAY['{}'::json], point '(1,2)'")]
    [PostgresVersions("SELECT 1 WHERE false -- a comment", "SELECT 2 WHERE false")]
    [PostgresVersions("SELECT '{1,2}'::int[], int4range(1, 5), 'v'::varchar, 'n'::name, '::1'::inet", "SELECT '{1,2}'::int[], int4range(1, 4, '[]'), 'v'::varchar, 'n'::name, '::1'::inet")]
    public async Task Equal_multisets_pass(PostgresVersion version, string actual, string expected)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await database.AssertSameMultisetAsync(actual, expected);
    }

    [Theory]
    [PostgresVersions("SELECT '{\"a\": 1}'::json", "SELECT '{\"a\": 2}'::json")]
    [PostgresVersions("SELECT ARRAY['{}'::json]", "SELECT ARRAY['[]'::json]")]
    [PostgresVersions("SELECT NULL::int", "SELECT 0")]
    [PostgresVersions("SELECT 1", "SELECT 1, 2")]
    [PostgresVersions("SELECT 1 WHERE false", "SELECT 1")]
    [PostgresVersions("SELECT 1", "SELECT 1 WHERE false")]
    public async Task Different_multisets_fail(PostgresVersion version, string actual, string expected)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await Assert.ThrowsAsync<XunitException>(() => database.AssertSameMultisetAsync(actual, expected));
    }

    [Theory, PostgresVersions]
    public async Task User_types_are_compared_by_their_parts(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await database.ExecuteAsync("CREATE TYPE opaque AS (a int, b json); CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN small AS int");
        const string query = "SELECT ROW(1, '{}')::opaque, 'ok'::mood, 3::small, ARRAY['sad'::mood]";
        await database.AssertSameMultisetAsync(query, query);
        await Assert.ThrowsAsync<XunitException>(() =>
            database.AssertSameMultisetAsync("SELECT ROW(1, '{}')::opaque", "SELECT ROW(1, '[]')::opaque"));
    }
}
