using PgTrickle.Sql.Printing;
using PgTrickle.Sql.Syntax;
using PgTrickle.TestInfrastructure;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Sql.Tests.Printing;

public class StatementPrinterTests
{
    private static readonly TargetTable Target = new(new QualifiedName("public", "Target"), "t");

    private static readonly CommonTableExpression Delta = Cte(
        "d",
        new Query(Select(Column("v", "k").As("k"), Column("v", "n").As("n"), Column("v", "w").As("w")) with
        {
            From = [Derived(new Query(new ValuesBody([Row(1, 10, 1), Row(2, 20, -1), Row(3, 30, 0)])), "v", "k", "n", "w")],
        }),
        materialized: true);

    private static readonly SqlExpression SameKey = Eq(Column("t", "k"), Column("d", "k"));

    [Fact]
    public void Merge_with_a_data_modifying_table_reads_well()
    {
        Assert.Equal(
            """
            WITH
                d AS MATERIALIZED (
                    SELECT
                        v.k AS k,
                        v.n AS n,
                        v.w AS w
                    FROM (
                        VALUES
                            (1, 10, 1),
                            (2, 20, - 1),
                            (3, 30, 0)
                    ) AS v(k, n, w)
                ),
                i AS (
                    INSERT INTO public.buffer (k)
                    SELECT d.k
                    FROM d
                )
            MERGE INTO public."Target" AS t
            USING d
            ON t.k = d.k
            WHEN MATCHED AND (d.w < 0) THEN
                DELETE
            WHEN MATCHED AND (d.w > 0 OR d.n IS NULL) THEN
                UPDATE SET n = d.n
            WHEN NOT MATCHED AND (d.w = 0) THEN
                DO NOTHING
            WHEN NOT MATCHED THEN
                INSERT (k, n) VALUES (d.k, d.n)
            """,
            SqlPrinter.Print(Merge(), SqlLayout.Indented));
    }

    [Fact]
    public void Definitions_print_with_quoted_names()
    {
        var table = new QualifiedName("s", "Target");
        var alter = new AlterTableStatement(table, [new AddColumn("x y", TypeName.Named(new QualifiedName("pg_catalog", "int8")), NotNull: true), new SetNotNull("k")]);
        Assert.Equal("""ALTER TABLE s."Target" ADD COLUMN "x y" pg_catalog.int8 NOT NULL, ALTER COLUMN k SET NOT NULL""", SqlPrinter.Print(alter));
        Assert.Equal("""CREATE UNIQUE INDEX ON s."Target" (k, "select")""", SqlPrinter.Print(new CreateIndexStatement(table, [Column("k"), Column("select")], Unique: true)));
        Assert.Equal("""CREATE INDEX ON s."Target" USING hash (k)""", SqlPrinter.Print(new CreateIndexStatement(table, [Column("k")], Unique: false) { Hash = true }));
        Assert.Equal("""ANALYZE s."Target" """.Trim(), SqlPrinter.Print(new AnalyzeStatement(table)));
        var empty = new CreateTableAsStatement(table, Select(Integer(1).As("select")).AsQuery());
        Assert.Equal("""CREATE TABLE s."Target" AS SELECT 1 AS "select" WITH NO DATA""", SqlPrinter.Print(empty));
        Assert.Equal("""CREATE UNLOGGED TABLE s."Target" AS SELECT 1 AS "select" WITH NO DATA""", SqlPrinter.Print(empty with { Unlogged = true }));
    }

    [Theory]
    [PostgresVersions(SqlLayout.Compact)]
    [PostgresVersions(SqlLayout.Indented)]
    public async Task Server_does_what_the_statements_say(PostgresVersion version, SqlLayout layout)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Owner.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            CREATE SCHEMA s;
            CREATE TABLE s."Target" (k integer PRIMARY KEY, n integer);
            CREATE TABLE s.buffer (k integer);
            INSERT INTO s."Target" VALUES (1, 1), (2, 2);
            """);
        Task Run(DataModification statement) => connection.ExecuteAsync(SqlPrinter.Print(InSchema(statement, "s"), layout));

        await Run(Merge());
        Assert.Equal("(1,10)", await RowsAsync());
        Assert.Equal(3, await connection.ScalarAsync<long>("SELECT count(*) FROM s.buffer"));

        await Run(new InsertStatement(Target with { Alias = null }, ["k", "n"], new Query(new ValuesBody([Row(5, 50), Row(6, 60)]))) { OverridingSystemValue = true });
        Assert.Equal("(1,10)(5,50)(6,60)", await RowsAsync());

        await Run(new UpdateStatement(Target, [new Assignment("n", Add(Column("t", "n"), Column("d", "n")))])
        {
            With = new WithClause([Delta]),
            From = [Table("d")],
            Where = And(SameKey, Greater(Column("d", "w"), Integer(0))),
        });
        Assert.Equal("(1,20)(5,50)(6,60)", await RowsAsync());

        await Run(new DeleteStatement(Target with { Only = true })
        {
            With = new WithClause([Delta]),
            Using = [Table("d"), Table(new QualifiedName("public", "buffer"), "b")],
            Where = And(SameKey, Eq(Column("b", "k"), Column("d", "k"))),
            Returning = [new SelectTarget(Column("t", "k")), Column("t", "n").As("old")],
        });
        Assert.Equal("(5,50)(6,60)", await RowsAsync());

        async Task<string?> RowsAsync() => await connection.ScalarAsync<string>("SELECT string_agg(t::text, '' ORDER BY k) FROM s.\"Target\" t");
    }

    private static ValuesRow Row(params IEnumerable<long> values) => new(values.Select(Integer).ToSyntaxList());

    private static DataModification InSchema(DataModification statement, string schema) => statement.Rewrite(node => node switch
    {
        TargetTable target => target with { Name = target.Name with { Schema = schema } },
        TableReference { Name.Schema: not null } table => table with { Name = table.Name with { Schema = schema } },
        _ => node,
    });

    private static MergeStatement Merge()
    {
        var buffered = Select(new SelectTarget(Column("d", "k"))) with { From = [Table("d")] };
        SqlExpression weight = Column("d", "w"), zero = Integer(0);
        return new MergeStatement(
            Target,
            Table("d"),
            SameKey,
            [
                new MergeWhen(Matched: true, Less(weight, zero), new MergeDelete()),
                new MergeWhen(Matched: true, Or(Greater(weight, zero), IsNull(Column("d", "n"))), new MergeUpdate([new Assignment("n", Column("d", "n"))])),
                new MergeWhen(Matched: false, Eq(weight, zero), new MergeDoNothing()),
                new MergeWhen(Matched: false, null, new MergeInsert(["k", "n"], [Column("d", "k"), Column("d", "n")])),
            ])
        {
            With = new WithClause(
            [
                Delta,
                Cte("i", new InsertStatement(new TargetTable(new QualifiedName("public", "buffer")), ["k"], buffered.AsQuery())),
            ]),
        };
    }
}
