using PgTrickle.Sql.Syntax;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Sql.Tests.Syntax;

public class SqlIdentifierTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("_under1", "_under1")]
    [InlineData("Mixed", "\"Mixed\"")]
    [InlineData("1st", "\"1st\"")]
    [InlineData("a b", "\"a b\"")]
    [InlineData("a\"b", "\"a\"\"b\"")]
    [InlineData("a.b", "\"a.b\"")]
    [InlineData("dollar$", "\"dollar$\"")]
    [InlineData("größe", "\"größe\"")]
    [InlineData("select", "\"select\"")]
    [InlineData("left", "\"left\"")]
    [InlineData("coalesce", "\"coalesce\"")]
    [InlineData("recursive", "\"recursive\"")]
    [InlineData("name", "name")]
    public void Names_are_quoted_when_needed(string name, string sql) => Assert.Equal(sql, new SqlIdentifier(name).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123")]
    [InlineData("€€€€€€€€€€€€€€€€€€€€€€")]
    public void Names_that_PostgreSQL_would_refuse_or_cut_are_refused(string name) => Assert.Throws<ArgumentException>(() => new SqlIdentifier(name));

    [Fact]
    public void Names_that_are_no_Unicode_are_refused() => Assert.Throws<ArgumentException>(() => new SqlIdentifier("lone \uD83D surrogate"));

    [Fact]
    public void Longest_name_has_63_bytes()
        => Assert.Equal(63, new SqlIdentifier(new string('€', 21)).Value.Length * 3);

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("+-- comment")]
    [InlineData("/*")]
    [InlineData("=--")]
    [InlineData("= 1 OR")]
    public void Operators_are_made_of_operator_characters(string symbol) => Assert.Throws<ArgumentException>(() => new OperatorName(null, symbol));

    [Theory]
    [InlineData("text; DROP TABLE x")]
    [InlineData("\"char\"")]
    public void Standard_types_are_those_of_the_grammar(string words) => Assert.Throws<ArgumentException>(() => TypeName.Standard(words));

    [Theory]
    [PostgresVersions]
    public async Task Keywords_of_the_server_are_known(PostgresVersion version)
    {
        var server = await TestServer.GetAsync(version);
        var keywords = await server.Maintenance.QueryAsync("SELECT word FROM pg_get_keywords() WHERE catcode <> 'U'");
        Assert.True(keywords.Rows.Count > 100);
        Assert.Empty(keywords.Column<string>().Except(SqlKeywords.NotUnreserved));
    }

    [Theory]
    [PostgresVersions]
    public async Task Every_word_of_the_server_is_a_name_when_printed(PostgresVersion version)
    {
        var server = await TestServer.GetAsync(version);
        await using var connection = await server.Maintenance.OpenConnectionAsync();
        var keywords = await connection.QueryAsync("SELECT word FROM pg_get_keywords()");
        foreach (var word in keywords.Column<string>())
        {
            SqlIdentifier name = word;
            var query = SqlFactory.Select(SqlFactory.Column(name, name).As(name)).AsQuery() with
            {
                With = new WithClause([new CommonTableExpression(name, SqlFactory.Select(new SelectTarget(SqlFactory.True)).AsQuery()) { Columns = [name] }]),
                OrderBy = [SqlFactory.OrderBy(SqlFactory.Column(name, name))],
            };
            query = query with { Body = (SelectBody)query.Body with { From = [SqlFactory.Table(name, name)] } };
            Assert.True(await connection.ScalarAsync<bool>(query.ToString()));
            Assert.Equal(query, CanonicalSql.ParseQuery(query.ToString()));
        }
    }
}
