using PgTrickle.Cli.Demo;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Cli.Tests.Demo;

public sealed class PatternScriptTests
{
    [Fact]
    public void It_holds_every_table_and_stream_table_of_the_document_but_the_immediate_one()
    {
        var statements = PatternScript.Load();

        Assert.Equal(["raw_events", "events", "customers", "customer_history", "orders"], Names(PatternStatementKind.Table));
        Assert.Equal(
            [
                "events_cleaned", "user_purchase_summary", "aggregate_state", "hourly_event_counts", "customer_360", "customers_current", "daily_totals",
                "by_region", "by_product", "top_customers", "order_monitor", "live_metrics", "hourly_report", "daily_analytics", "audit_log_summary",
            ],
            Names(PatternStatementKind.Stream));
        Assert.Equal(["live_metrics", "hourly_report", "daily_analytics", "audit_log_summary"], Names(PatternStatementKind.Alter));

        IEnumerable<string> Names(PatternStatementKind kind) => statements.Where(statement => statement.Kind == kind).Select(statement => statement.Name);
    }

    [Fact]
    public void Each_statement_names_what_its_marker_names()
    {
        foreach (var statement in PatternScript.Load())
        {
            var beginning = statement.Kind switch
            {
                PatternStatementKind.Table => $"CREATE TABLE {statement.Name} (",
                PatternStatementKind.Stream => "SELECT pgtrickle.create_stream_table(",
                _ => $"SELECT pgtrickle.alter_stream_table('{statement.Name}', tier => '",
            };
            Assert.StartsWith(beginning, statement.Sql, StringComparison.Ordinal);
            Assert.Contains(statement.Name, statement.Sql, StringComparison.Ordinal);
            Assert.EndsWith(";", statement.Sql, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("\n-- @table\nSELECT 1")]
    [InlineData("\n-- @view v\nSELECT 1")]
    [InlineData("\n-- @table t\n\n-- only a comment\n")]
    [InlineData("\n-- @table t")]
    public void A_malformed_marker_is_refused(string text) => Assert.Throws<FormatException>(() => PatternScript.Read(text));

    [Theory]
    [PostgresVersions]
    public async Task The_source_tables_can_be_created_as_written(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);

        foreach (var statement in PatternScript.Load().Where(statement => statement.Kind == PatternStatementKind.Table))
        {
            await database.ExecuteAsync(statement.Sql);
        }

        Assert.Equal(5, await database.ScalarAsync<long>("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"));
    }
}
