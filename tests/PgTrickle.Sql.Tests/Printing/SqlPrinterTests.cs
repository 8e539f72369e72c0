using PgTrickle.Sql.Printing;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Sql.Tests.Printing;

public class SqlPrinterTests
{
    [Fact]
    public void Indented_layout_has_a_clause_a_line()
    {
        var query = CanonicalSql.ParseQuery(
            "WITH d AS MATERIALIZED (SELECT a, sum(w) AS w FROM x.delta GROUP BY a HAVING (sum(w) <> 0)) SELECT DISTINCT c.id, COALESCE(d.w, 0) AS w "
            + "FROM (x.c LEFT JOIN d ON ((d.a = c.id) AND (d.w > 1))), x.e WHERE ((c.p OR c.q) AND (EXISTS (SELECT 1 FROM x.f))) ORDER BY c.id DESC LIMIT 3");
        Assert.Equal(
            """
            WITH d AS MATERIALIZED (
                SELECT
                    a,
                    sum(w) AS w
                FROM x.delta
                GROUP BY a
                HAVING sum(w) <> 0
            )
            SELECT DISTINCT
                c.id,
                COALESCE(d.w, 0) AS w
            FROM
                x.c
                LEFT JOIN d ON d.a = c.id
                AND d.w > 1,
                x.e
            WHERE (c.p OR c.q)
            AND EXISTS (
                SELECT 1
                FROM x.f
            )
            ORDER BY c.id DESC
            LIMIT 3
            """,
            SqlPrinter.Print(query, SqlLayout.Indented));
    }

    [Fact]
    public void Compact_layout_is_one_line()
    {
        var query = CanonicalSql.ParseQuery("SELECT a,\n b\n FROM t\nUNION ALL\n VALUES (1, 2), (3, 4)\n ORDER BY 1;");
        Assert.Equal("SELECT a, b FROM t UNION ALL VALUES (1, 2), (3, 4) ORDER BY 1", SqlPrinter.Print(query));
    }

    [Theory]
    [InlineData("(a + b) * c", "(a + b) * c")]
    [InlineData("a + b * c", "a + (b * c)")]
    [InlineData("a - b - c", "(a - b) - c")]
    [InlineData("a - (b - c)", "a - (b - c)")]
    [InlineData("- (- a)", "- (- a)")]
    [InlineData("(- a)::integer", "(- a)::integer")]
    [InlineData("- a::integer", "- a::integer")]
    [InlineData("a::text::integer", "a::text::integer")]
    [InlineData("NOT a = b", "NOT (a = b)")]
    [InlineData("(NOT a) = b", "(NOT a) = b")]
    [InlineData("a AND b OR c AND NOT d", "(a AND b) OR (c AND (NOT d))")]
    [InlineData("a = 1 AND b < 2 OR c IS NULL", "(a = 1 AND b < 2) OR c IS NULL")]
    [InlineData("(a AND b) AND c", "(a AND b) AND c")]
    [InlineData("a < b IS TRUE", "(a < b) IS TRUE")]
    [InlineData("a < (b IS TRUE)", "a < (b IS TRUE)")]
    [InlineData("a || b COLLATE \"C\"", "a || (b COLLATE \"C\")")]
    [InlineData("a ^ b ^ c", "(a ^ b) ^ c")]
    [InlineData("a * b || c + d", "(a * b) || (c + d)")]
    [InlineData("a @> b = c", "(a @> b) = c")]
    [InlineData("a OPERATOR(s.+) b * c", "a OPERATOR(s.+) (b * c)")]
    [InlineData("- a ^ 2", "(- a) ^ 2")]
    [InlineData("@ a + b", "@ (a + b)")]
    [InlineData("a AT TIME ZONE b || c", "(a AT TIME ZONE b) || c")]
    [InlineData("(a.b).c", "(a.b).c")]
    [InlineData("((a).b[1]).c", "(((a).b)[1]).c")]
    [InlineData("(f(a))[1][2:3]", "(f(a))[1][2 : 3]")]
    [InlineData("a = ANY (ARRAY[1, 2])", "a = ANY (ARRAY[1, 2])")]
    [InlineData("(a, b) IN (SELECT 1, 2)", "(a, b) IN (SELECT 1, 2)")]
    [InlineData("a IS NOT JSON", "NOT (a IS JSON)")]
    [InlineData("((SELECT 1) + 2)", "(SELECT 1) + 2")]
    [InlineData("((SELECT 1) UNION (SELECT 2))", "(SELECT 1 UNION SELECT 2)")]
    [InlineData("'a\\b'", "E'a\\\\b'")]
    [InlineData("'it''s'", "'it''s'")]
    [InlineData("'1'::timestamp(3) with time zone[]", "'1'::timestamp(3) with time zone[]")]
    [InlineData("x::interval day to second(2)", "x::interval day to second(2)")]
    [InlineData("x::\"char\"", "x::\"char\"")]
    [InlineData("x::character(3)", "x::character(3)")]
    [InlineData("x::public.\"Type\"(1,a)[][]", "x::public.\"Type\"(1, a)[][]")]
    [InlineData("EXTRACT(year FROM a)", "EXTRACT(year FROM a)")]
    [InlineData("EXTRACT(\"value\" FROM a)", "EXTRACT('value' FROM a)")]
    [InlineData("SUBSTRING((a AND b) SIMILAR (c || d) ESCAPE e)", "SUBSTRING((a AND b) SIMILAR (c || d) ESCAPE e)")]
    public void Operands_have_the_parentheses_they_need(string text, string printed)
    {
        var tree = CanonicalSql.ParseExpression(text);
        Assert.Equal(printed, tree.ToString());
        Assert.Equal(tree, CanonicalSql.ParseExpression(printed));
    }

    [Fact]
    public void What_SQL_can_not_say_is_refused()
    {
        SqlNode[] trees =
        [
            new LogicalExpression(LogicalKind.And, [True]),
            new ArrayComparison(Null, "=", Quantifier.Any, Scalar(Select(new SelectTarget(Null)).AsQuery())),
            new JoinedTable(Table("a"), JoinKind.Cross, Table("b"), new JoinOn(True)),
            new JoinedTable(Table("a"), JoinKind.Left, Table("b"), null),
            new SubstringExpression(Null, null, null),
            new OrderItem(Null) { Descending = true, Using = "<" },
            Select().AsQuery() with { WithTies = true },
            new FunctionTable([new TableFunction(Call("f"), [new ColumnDefinition("a", TypeName.Standard("integer"))])]) { Alias = new TableAlias("t", ["a"]) },
            new CycleClause(["a"], "m", "p") { MarkValue = Integer(1) },
            new CycleClause(["a"], "m", "p") { MarkValue = Add(Integer(1), Integer(2)), MarkDefault = Integer(0) },
        ];
        Assert.All(trees, tree => Assert.Throws<InvalidOperationException>(() => SqlPrinter.Print(tree)));
    }

    [Fact]
    public void Factory_flattens_conditions()
    {
        SqlExpression a = Column("a"), b = Column("b"), c = Column("c");
        Assert.Equal("a AND b AND c", And(a, And(b, c)).ToString());
        Assert.Equal("a OR (b AND c)", Or(a, And(b, c)).ToString());
        Assert.Same(a, And(a));
        Assert.Same(True, And());
        Assert.Same(False, Or());
        Assert.Equal("- 9223372036854775808", Integer(long.MinValue).ToString());
        Assert.Throws<ArgumentException>(() => String("a\0b"));
        Assert.Throws<ArgumentOutOfRangeException>(() => Parameter(0));
    }
}
