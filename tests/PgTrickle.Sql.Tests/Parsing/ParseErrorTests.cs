using PgTrickle.Sql.Parsing;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Tests.Parsing;

public class ParseErrorTests
{
    [Theory]
    [InlineData("", "SELECT", 0)]
    [InlineData("SELECT 1 FROM", "FROM", 13)]
    [InlineData("SELECT a b", "query", 9)]
    [InlineData("SELECT 1;;", "query", 9)]
    [InlineData("SELECT 1) ", "query", 8)]
    [InlineData("SELECT (1", "parentheses", 9)]
    [InlineData("SELECT 1 +", "an expression", 10)]
    [InlineData("SELECT CASE END", "an expression", 12)]
    [InlineData("SELECT CASE WHEN true THEN 1", "CASE", 28)]
    [InlineData("SELECT a BETWEEN 1 AND 2", "an expression", 9)]
    [InlineData("SELECT a LIKE 'x'", "an expression", 9)]
    [InlineData("SELECT a IN (1, 2)", "IN", 18)]
    [InlineData("SELECT a.b.c", "an expression", 10)]
    [InlineData("SELECT a IS 1", "IS", 12)]
    [InlineData("SELECT $0", "parameter", 7)]
    [InlineData("SELECT f(x", "a call", 10)]
    [InlineData("SELECT f(x) FILTER (x)", "FILTER", 20)]
    [InlineData("SELECT f(x) OVER (ROWS 1)", "a window frame", 24)]
    [InlineData("SELECT EXTRACT(year x)", "EXTRACT", 20)]
    [InlineData("SELECT TRIM(x)", "TRIM", 12)]
    [InlineData("SELECT SUBSTRING(x, 1)", "SUBSTRING", 18)]
    [InlineData("SELECT x::timestamp(", "an expression", 20)]
    [InlineData("SELECT x::", "a type", 10)]
    [InlineData("SELECT a OPERATOR(b) c", "OPERATOR", 19)]
    [InlineData("SELECT CURRENT_TIME('x')", "CURRENT_TIME", 20)]
    [InlineData("SELECT (1, 2) OVERLAPS 3", "OVERLAPS", 14)]
    [InlineData("SELECT 1 FROM a NATURAL JOIN b", "FROM", 16)]
    [InlineData("SELECT 1 FROM a JOIN b", "JOIN", 22)]
    [InlineData("SELECT 1 FROM a CROSS b", "FROM", 22)]
    [InlineData("SELECT 1 FROM (a", "FROM", 16)]
    [InlineData("SELECT 1 GROUP BY", "an expression", 17)]
    [InlineData("SELECT 1 FETCH FIRST 3 ROWS", "FETCH", 27)]
    [InlineData("SELECT 1 FOR NOTHING", "a locking clause", 13)]
    [InlineData("WITH a AS (DELETE FROM b) SELECT 1", "parentheses", 18)]
    [InlineData("WITH a (SELECT 1) SELECT 1", "WITH", 8)]
    [InlineData("VALUES 1", "VALUES", 7)]
    [InlineData("SELECT JSON_VALUE(a '$')", "JSON_VALUE", 20)]
    [InlineData("SELECT XMLELEMENT(a)", "XMLELEMENT", 18)]
    [InlineData("SELECT 1 FROM JSON_TABLE(a, '$' COLUMNS b integer)", "JSON_TABLE", 40)]
    [InlineData("SELECT 1 UNION", "SELECT", 14)]
    public void Error_names_the_construct_and_its_position(string text, string construct, int position)
    {
        var error = Assert.Throws<SqlParseException>(() => CanonicalSql.ParseQuery(text));
        Assert.Equal((construct, position), (error.Construct, error.Position));
    }

    [Fact]
    public void Error_message_counts_characters_from_one()
    {
        var error = Assert.Throws<SqlParseException>(() => CanonicalSql.ParseExpression("a +"));
        Assert.Equal("the end of the text stands where a value was expected, in an expression. (at character 4)", error.Message);
    }

    [Fact]
    public void Name_that_is_too_long_is_an_error_of_the_text()
        => Assert.Equal(4, Assert.Throws<SqlParseException>(() => CanonicalSql.ParseExpression($"1 + {new string('x', 64)}")).Position);

    public static TheoryData<string, string, string> Nestings => new()
    {
        { "(", "1", ")" },
        { "f(", "1", ")" },
        { "- ", "1", "" },
        { "NOT ", "true", "" },
        { "1 + ", "1", "" },
        { "", "1", " + 1" },
        { "", "1", "::integer" },
        { "", "(x)", ".y" },
        { "ARRAY[", "1", "]" },
        { "CASE WHEN true THEN ", "1", " END" },
        { "(SELECT ", "1", ")" },
        { "1 = ANY (", "x", ")" },
    };

    [Theory]
    [MemberData(nameof(Nestings))]
    public void Nesting_is_bounded(string open, string inside, string close)
    {
        var options = new SqlParseOptions { MaxDepth = 50 };
        string Nested(int times) => string.Concat(Enumerable.Repeat(open, times)) + inside + string.Concat(Enumerable.Repeat(close, times));
        CanonicalSql.ParseExpression(Nested(10), options);
        var error = Assert.Throws<SqlNestingException>(() => CanonicalSql.ParseExpression(Nested(60), options));
        Assert.Equal(50, error.MaxDepth);
    }

    [Theory]
    [InlineData("SELECT 1 FROM t", " JOIN u ON true")]
    [InlineData("SELECT 1", " UNION ALL SELECT 1")]
    public void Long_chains_of_joins_and_set_operations_are_bounded(string start, string link)
    {
        var options = new SqlParseOptions { MaxDepth = 50 };
        CanonicalSql.ParseQuery(start + string.Concat(Enumerable.Repeat(link, 40)), options);
        Assert.Throws<SqlNestingException>(() => CanonicalSql.ParseQuery(start + string.Concat(Enumerable.Repeat(link, 60)), options));
    }

    [Fact]
    public void Depth_of_one_part_is_free_again_for_the_next()
    {
        var parts = string.Join(", ", Enumerable.Repeat("(((((1 + 2)) + f(3)) + 4) || ARRAY[(5)])::text", 200));
        Assert.Equal(200, ((SelectBody)CanonicalSql.ParseQuery($"SELECT {parts}", new SqlParseOptions { MaxDepth = 25 }).Body).Targets.Count);
    }

    [Fact]
    public void Long_conditions_are_no_deep_ones()
    {
        var condition = string.Join(" AND ", Enumerable.Range(0, 5000).Select(i => $"(a = {i})"));
        Assert.Equal(5000, Assert.IsType<LogicalExpression>(CanonicalSql.ParseExpression(condition)).Operands.Count);
    }

    [Fact]
    public void Stack_that_is_too_small_for_the_allowed_depth_is_a_nesting_error()
    {
        var text = new string('(', 100_000) + "1" + new string(')', 100_000);
        Exception? error = null;
        var thread = new Thread(() => error = Record.Exception(() => CanonicalSql.ParseExpression(text, new SqlParseOptions { MaxDepth = int.MaxValue })), 512 * 1024);
        thread.Start();
        thread.Join();
        Assert.IsType<SqlNestingException>(error);
    }
}
