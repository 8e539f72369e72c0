using PgTrickle.Cli.CommandLine;
using PgTrickle.Cli.Connections;
using PgTrickle.Postgres.Catalog;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Cli.Tests.Commands;

public sealed class ExplainCommandTests
{
    private const string Query = "SELECT c.name, sum(o.amount) AS total FROM orders o JOIN customers c USING (customer_id) GROUP BY c.name";

    private static readonly DatabaseTemplate Template = new(async database =>
    {
        await database.Server.WithRolesLockedAsync(() => new Installer().InstallAsync(database.Server.Postgres.ConnectionString(database.Name)));
        await database.ExecuteAsync("""
            CREATE TABLE customers (customer_id int PRIMARY KEY, name text NOT NULL);
            CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL, amount numeric(10,2) NOT NULL);
            """);
        await database.ExecuteAsync("GRANT SELECT, TRIGGER ON customers, orders TO PUBLIC");
    });

    [Theory]
    [PostgresVersions("parsed", "FROM (public.orders o\n     JOIN public.customers c USING (customer_id))")]
    [PostgresVersions("bound", "public.orders")]
    [PostgresVersions("plan", "public.customers")]
    [PostgresVersions("delta", "pg_visible_in_snapshot")]
    [PostgresVersions("sql", "MERGE INTO")]
    public async Task Each_stage_is_shown_and_nothing_is_left_behind(PostgresVersion version, string stage, string shown)
    {
        await using var database = await TestDatabase.CreateAsync(version, Template);
        var console = await ConsoleAsync(database);

        Assert.Equal((ExitCode.Ok, ""), (await console.RunAsync("explain", "--stage", stage, Query), console.Error));

        Assert.Contains(shown, console.Output, StringComparison.Ordinal);
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM pgtrickle.stream_tables"));
        Assert.Equal(2, await database.ScalarAsync<long>("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')"));
    }

    [Theory]
    [PostgresVersions]
    public async Task The_variant_of_one_changed_table_does_not_read_the_changes_of_the_other(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version, Template);
        var all = await ConsoleAsync(database);
        var one = await ConsoleAsync(database);

        Assert.Equal(ExitCode.Ok, await all.RunAsync("explain", "--stage", "sql", Query));
        Assert.Equal(ExitCode.Ok, await one.RunAsync("explain", "--stage", "sql", "--changed", "orders", Query));

        Assert.Contains("changes_1", all.Output, StringComparison.Ordinal);
        Assert.Contains("changes_2", all.Output, StringComparison.Ordinal);
        Assert.NotEqual(one.Output.Contains("changes_1", StringComparison.Ordinal), one.Output.Contains("changes_2", StringComparison.Ordinal));
    }

    [Theory]
    [PostgresVersions]
    public async Task The_query_may_come_from_standard_input(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version, Template);
        var console = await ConsoleAsync(database, "SELECT id FROM orders WHERE amount > 5");

        Assert.Equal(ExitCode.Ok, await console.RunAsync("explain", "-", "--stage", "parsed"));

        Assert.Contains("public.orders", console.Output, StringComparison.Ordinal);
    }

    [Theory]
    [PostgresVersions("SELECT nonsense FROM orders", "SQLSTATE 42703")]
    [PostgresVersions("SELECT 1; SELECT 2", "SQLSTATE 42601")]
    [PostgresVersions("SELECT * FROM absent", "SQLSTATE 42P01")]
    public async Task An_error_of_the_query_is_shown_with_its_sqlstate(PostgresVersion version, string query, string message)
    {
        await using var database = await TestDatabase.CreateAsync(version, Template);
        var console = await ConsoleAsync(database);

        Assert.Equal(ExitCode.Failed, await console.RunAsync("explain", query));

        Assert.Contains(message, console.Error, StringComparison.Ordinal);
        Assert.Empty(console.Output);
    }

    [Theory]
    [PostgresVersions]
    public async Task What_is_not_differentiated_says_why(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version, Template);
        const string query = "SELECT id FROM orders LIMIT 3";
        var auto = await ConsoleAsync(database);
        var strict = await ConsoleAsync(database);

        Assert.Equal(ExitCode.Ok, await auto.RunAsync("explain", query));
        Assert.Equal(ExitCode.Failed, await strict.RunAsync("explain", "--mode", "differential", query));

        Assert.Contains("Evaluated as a whole", auto.Error, StringComparison.Ordinal);
        Assert.Contains("SQLSTATE 0A000", strict.Error, StringComparison.Ordinal);
        Assert.Contains("LIMIT", strict.Error, StringComparison.Ordinal);
    }

    [Theory]
    [PostgresVersions]
    public async Task A_table_that_the_query_does_not_read_cannot_have_changed(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version, Template);
        var console = await ConsoleAsync(database);

        Assert.Equal(ExitCode.Usage, await console.RunAsync("explain", "--changed", "customer", Query));

        Assert.Contains("public.customers", console.Error, StringComparison.Ordinal);
    }

    [Theory]
    [PostgresVersions]
    public async Task A_database_without_stream_tables_says_how_to_get_them(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        var console = new TestConsole { Variables = { [ConnectionText.Variable] = database.ConnectionString() } };

        Assert.Equal(ExitCode.Environment, await console.RunAsync("explain", "SELECT 1"));

        Assert.Contains("pgtrickle install", console.Error, StringComparison.Ordinal);
    }

    /// <summary>As a plain role: explaining asks for no more than creating.</summary>
    private static async Task<TestConsole> ConsoleAsync(TestDatabase database, string input = "")
    {
        var role = await database.CreateRoleAsync("analyst");
        return new TestConsole { Input = input, Variables = { [ConnectionText.Variable] = database.ConnectionString(role) } };
    }
}
