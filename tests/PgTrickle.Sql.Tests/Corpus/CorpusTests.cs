using PgTrickle.Sql.Parsing;
using PgTrickle.Sql.Syntax;
using PgTrickle.TestInfrastructure;
using Xunit.Sdk;

namespace PgTrickle.Sql.Tests.Corpus;

public class CorpusTests(CorpusDatabase databases) : IClassFixture<CorpusDatabase>
{
    /// <summary>What the compiler emits but no view holds: PostgreSQL expands stars before it stores a view.</summary>
    private static readonly Type[] NotInViews =
    [
        typeof(InsertStatement), typeof(UpdateStatement), typeof(DeleteStatement), typeof(MergeStatement), typeof(TargetTable), typeof(Assignment),
        typeof(MergeWhen), typeof(MergeUpdate), typeof(MergeDelete), typeof(MergeInsert), typeof(MergeDoNothing), typeof(Parameter), typeof(AllColumns), typeof(FieldExpansion),
    ];

    public static IEnumerable<object[]> Views =>
        from version in PostgresVersion.Selected
        from view in CorpusView.All
        where view.Since <= version.Major
        select new object[] { version, view.Name };

    [Theory]
    [MemberData(nameof(Views))]
    public async Task Printed_view_of_the_corpus_is_the_same_view(PostgresVersion version, string name)
    {
        await using var connection = await databases.ConnectAsync(version);
        var view = CorpusView.All.Single(v => v.Name == name);
        await RoundTrip.CheckAsync(connection, await CorpusDatabase.CanonicalAsync(connection, view.Sql));
    }

    [Theory]
    [PostgresVersions("pg_catalog")]
    [PostgresVersions("information_schema")]
    public async Task Printed_system_views_are_the_same_views(PostgresVersion version, string schema)
    {
        await using var connection = await databases.ConnectAsync(version);

        // Views of statistics have columns of type anyarray, which are not allowed otherwise.
        await connection.ExecuteAsync("SET allow_system_table_mods = on");
        var views = await connection.QueryAsync(
            "SELECT relname::text, pg_catalog.pg_get_viewdef(oid, false) FROM pg_catalog.pg_class WHERE relkind = 'v' AND relnamespace = $1::pg_catalog.regnamespace ORDER BY relname",
            schema);
        Assert.True(views.Rows.Count > 60, $"Only {views.Rows.Count} views.");
        var failures = new List<string>();
        foreach (var view in views.Rows)
        {
            try
            {
                await RoundTrip.CheckAsync(connection, (string)view[1]!);
            }
            catch (Exception failure) when (failure is XunitException or SqlParseException)
            {
                failures.Add($"{view[0]}: {failure.Message}");
            }
        }

        Assert.True(failures.Count == 0, string.Join("\n\n", failures));
    }

    [Theory]
    [PostgresVersions(Since = 18)]
    public async Task Corpus_reaches_every_kind_of_node(PostgresVersion version)
    {
        await using var connection = await databases.ConnectAsync(version);
        var reached = new HashSet<Type>();
        foreach (var view in CorpusView.All)
        {
            var query = CanonicalSql.ParseQuery(await CorpusDatabase.CanonicalAsync(connection, view.Sql));
            reached.UnionWith(query.DescendantsAndSelf().Select(node => node.GetType()));
        }

        var missing = typeof(SqlNode).Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(SqlNode)) && !type.IsAbstract)
            .Where(type => !type.IsSubclassOf(typeof(DataDefinition)) && !type.IsSubclassOf(typeof(AlterTableAction)))
            .Except(reached)
            .Except(NotInViews);
        Assert.Empty(missing);
    }

    [Fact]
    public void Corpus_has_many_views_of_different_names()
    {
        Assert.True(CorpusView.All.Count >= 150, $"Only {CorpusView.All.Count} views.");
        Assert.Equal(CorpusView.All.Count, CorpusView.All.Select(view => view.Name).Distinct().Count());
    }
}
