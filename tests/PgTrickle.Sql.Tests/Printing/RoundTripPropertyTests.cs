using CsCheck;
using Npgsql;
using PgTrickle.Sql.Printing;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Sql.Tests.Printing;

public class RoundTripPropertyTests(ITestOutputHelper output)
{
    private const int Iterations = 3000;

    [Theory]
    [InlineData(SqlLayout.Compact)]
    [InlineData(SqlLayout.Indented)]
    public void Printed_expressions_read_as_the_same_tree(SqlLayout layout) => TreeGenerator.Expression.Sample(
        tree => tree.Equals(CanonicalSql.ParseExpression(SqlPrinter.Print(tree, layout))), seed: Seed.CsCheckSeed(output), iter: Iterations);

    [Theory]
    [InlineData(SqlLayout.Compact)]
    [InlineData(SqlLayout.Indented)]
    public void Printed_queries_read_as_the_same_tree(SqlLayout layout) => TreeGenerator.Query.Sample(
        tree => tree.Equals(CanonicalSql.ParseQuery(SqlPrinter.Print(tree, layout))), seed: Seed.CsCheckSeed(output), iter: Iterations / 10);

    [Fact]
    public void Printing_is_stable() => TreeGenerator.Expression.Sample(
        tree => tree.ToString() == CanonicalSql.ParseExpression(tree.ToString()).ToString(), seed: Seed.CsCheckSeed(output), iter: Iterations);

    /// <summary>What random trees say is nonsense, but PostgreSQL must get as far as to find that out.</summary>
    [Theory]
    [PostgresVersions(Since = 18)]
    public async Task Server_reads_printed_trees_without_syntax_errors(PostgresVersion version)
    {
        var server = await TestServer.GetAsync(version);
        await using var connection = await server.Maintenance.OpenConnectionAsync();
        await TreeGenerator.Query.SampleAsync(
            async tree =>
            {
                var error = await SyntaxErrorAsync(connection, tree.ToString());
                Assert.True(error is null, error);
            },
            seed: Seed.CsCheckSeed(output), iter: Iterations / 3, threads: 1);
    }

    private static async Task<string?> SyntaxErrorAsync(NpgsqlConnection connection, string sql)
    {
        try
        {
            // The parameters that the query mentions have no values, which is one of the things that may be wrong with it after its syntax.
            await connection.ExecuteAsync(sql);
            return null;
        }
        catch (PostgresException refused)
        {
            return refused.SqlState == PostgresErrorCodes.SyntaxError && refused.MessageText.StartsWith("syntax error", StringComparison.Ordinal)
                ? $"{refused.MessageText} after: {sql[Math.Max(0, refused.Position - 200)..refused.Position]}"
                : null;
        }
    }

    [Fact]
    public void Random_rewrites_of_nothing_return_the_same_reference() => TreeGenerator.Query.Sample(
        tree => ReferenceEquals(tree, PgTrickle.Sql.Syntax.SqlRewriting.Rewrite(tree, node => node)), seed: Seed.CsCheckSeed(output), iter: Iterations / 10);
}
